// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.XenVersion;

/// The releases whose interface is known from their headers. Structures that this module uses lie
/// alike in all of them (held against their headers by `XenLayoutTest`); what changes is the number
/// by which Xen refuses callers of another release, which libxenctrl itself sets.
///
/// Run on 4.17 alone so far (docs/LAB.md).
enum XenRelease {
  XEN_4_17(17),
  XEN_4_18(18),
  XEN_4_19(19),
  XEN_4_20(20);

  private static final int MAJOR = 4;
  private static final Path SYSTEM = Path.of("/sys/hypervisor");

  final int minor;

  XenRelease(int minor) {
    this.minor = minor;
  }

  /// The release with that version; null when it is not known here.
  static @Nullable XenRelease of(XenVersion version) {
    for (XenRelease release : values()) {
      if (version.major() == MAJOR && version.minor() == release.minor) {
        return release;
      }
    }
    return null;
  }

  /// The version of the Xen under this kernel, as the kernel tells it; null where there is none.
  static @Nullable XenVersion running() {
    return running(SYSTEM);
  }

  static @Nullable XenVersion running(Path system) {
    try {
      if (!Files.readString(system.resolve("type")).strip().equals("xen")) {
        return null;
      }
      Path version = system.resolve("version");
      return new XenVersion(
          Integer.parseInt(Files.readString(version.resolve("major")).strip()),
          Integer.parseInt(Files.readString(version.resolve("minor")).strip()));
    } catch (IOException | NumberFormatException e) {
      return null;
    }
  }

  /// The sonames of a library whose interface changes with each release: that of the running Xen
  /// first, or alone, as another one would be refused by it.
  static List<String> sonames(String library, @Nullable XenVersion running) {
    if (running != null) {
      return List.of("%s.so.%d.%d".formatted(library, running.major(), running.minor()));
    }
    List<String> all = new ArrayList<>();
    for (XenRelease release : values()) {
      all.add("%s.so.%d.%d".formatted(library, MAJOR, release.minor));
    }
    return all;
  }

  @Override
  public String toString() {
    return "Xen " + MAJOR + "." + minor;
  }
}
