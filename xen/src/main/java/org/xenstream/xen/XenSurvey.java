// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.HostSurvey;
import org.xenstream.transfer.XenVersion;

/// Looks at this machine for `xenstream host`.
public final class XenSurvey implements HostSurvey {
  /// Names the save helper's runtime image, where it is not the one that runs this.
  static final String IMAGE = "xenstream.helper";

  private static final String NONE = "none";

  /// Without one of these no save helper starts.
  private static final List<String> PROGRAMS = List.of("bin/xenstream-save-helper", "bin/java");

  private static final List<String> FILES =
      List.of("lib/modules", "lib/server/libjvm.so", "lib/xenstream/jvm.options");
  private static final String CACHE = "lib/xenstream/helper.aot";

  private final Path root;
  private final HelperSession.HostOpener opener;
  private final Path image;

  /// Of this machine.
  public XenSurvey() {
    this(
        Path.of("/"),
        XenHost::open,
        Path.of(System.getProperty(IMAGE, System.getProperty("java.home"))));
  }

  /// @param root where `/sys`, `/dev` and `/proc` are
  /// @param image the save helper's runtime image
  XenSurvey(Path root, HelperSession.HostOpener opener, Path image) {
    this.root = root;
    this.opener = opener;
    this.image = image;
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
    String missing = missing();
    items.add(new Item("runtime image", missing == null ? imageFound() : missing));
    List<String> problems =
        Stream.of(missing == null ? null : "no runtime image", problem())
            .filter(Objects::nonNull)
            .toList();
    items.add(
        new Item(
            "save helper",
            problems.isEmpty() ? "would run" : "would not run: " + String.join("; ", problems)));
    items.add(new Item("proven", "on Xen 4.17; 4.18 to 4.20 not yet run"));
    return new Report(List.copyOf(items), problems.isEmpty());
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

  /// What the image lacks; null when it is whole, as far as that can be seen.
  private @Nullable String missing() {
    if (!Files.isDirectory(image)) {
      return "none in %s: scripts/build-helper makes it".formatted(image);
    }
    for (String program : PROGRAMS) {
      if (!Files.isExecutable(image.resolve(program))) {
        return "none in %s: %s is not there, or not to be run".formatted(image, program);
      }
    }
    for (String file : FILES) {
      if (!Files.isReadable(image.resolve(file))) {
        return "none in %s: %s is not there, or not to be read".formatted(image, file);
      }
    }
    return null;
  }

  private String imageFound() {
    return Files.isReadable(image.resolve(CACHE))
        ? image.toString()
        : "%s, slow to start: %s is not there".formatted(image, CACHE);
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
