// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.HostSurvey;
import org.xenstream.transfer.XenVersion;

/// Looks at this machine for `xenstream host`.
public final class XenSurvey implements HostSurvey {
  private static final String NONE = "none";

  private final Path root;
  private final HelperSession.HostOpener opener;

  /// Of this machine.
  public XenSurvey() {
    this(Path.of("/"), XenHost::open);
  }

  /// @param root where `/sys`, `/dev` and `/proc` are
  XenSurvey(Path root, HelperSession.HostOpener opener) {
    this.root = root;
    this.opener = opener;
  }

  @Override
  public Report look() {
    List<Item> items = new ArrayList<>();
    XenVersion running = XenRelease.running(root.resolve("sys/hypervisor"));
    items.add(new Item("hypervisor", hypervisor(running)));
    items.add(new Item("capabilities", text("sys/hypervisor/properties/capabilities")));
    items.add(new Item("this domain", domain()));
    items.add(new Item("device", device()));
    items.add(new Item("libxenctrl", library(Libxenctrl.LIBRARY)));
    items.add(new Item("libxenforeignmemory", library(Libxenforeignmemory.LIBRARY)));
    String problem = problem();
    items.add(new Item("save helper", problem == null ? "would run" : "would not run: " + problem));
    items.add(new Item("proven", "on Xen 4.17; 4.18 to 4.20 not yet run"));
    return new Report(List.copyOf(items), problem == null);
  }

  private static String hypervisor(@Nullable XenVersion running) {
    if (running == null) {
      return "no Xen under this kernel";
    }
    String version = "Xen %d.%d".formatted(running.major(), running.minor());
    return XenRelease.of(running) == null ? version + ", which is not known here" : version;
  }

  private String text(String path) {
    try {
      String text = Files.readString(root.resolve(path)).strip();
      return text.isEmpty() ? NONE : text;
    } catch (IOException e) {
      return NONE;
    }
  }

  /// `control_d` is what the kernel calls a domain that may do what dom0 does.
  private String domain() {
    String capabilities = text("proc/xen/capabilities");
    return capabilities.contains("control_d")
        ? "may control others"
        : capabilities.equals(NONE) ? "not known" : "may not control others";
  }

  private String device() {
    Path device = root.resolve("dev/xen/privcmd");
    if (!Files.exists(device)) {
      return "no /dev/xen/privcmd";
    }
    return Files.isReadable(device) && Files.isWritable(device)
        ? "/dev/xen/privcmd"
        : "/dev/xen/privcmd, which this user may not open";
  }

  private static String library(NativeLibrary library) {
    try {
      library.check();
      return String.valueOf(library.soname());
    } catch (MissingLibraryException e) {
      return e.getMessage() == null ? NONE : e.getMessage();
    }
  }

  private @Nullable String problem() {
    try {
      if (opener.open() instanceof XenHost host) {
        host.close();
      }
      return null;
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
