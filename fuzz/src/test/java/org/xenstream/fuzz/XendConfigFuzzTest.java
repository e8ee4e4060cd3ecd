// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.legacy.XendConfig;
import org.xenstream.testkit.Json;

/// Whatever the configuration in a file of xend is, what comes out of it is JSON of the form that
/// libxl wants, or it is refused at a place within it.
final class XendConfigFuzzTest {
  private static final int START = 20;

  @MethodSource("org.xenstream.fuzz.Seeds#xendConfigs")
  @FuzzTest
  void translate(byte[] data) {
    Octets octets = Octets.of(data);
    String text = new String(octets.rest(), StandardCharsets.ISO_8859_1);
    boolean hvm = (octets.choice() & 1) != 0;
    try {
      XendConfig config = XendConfig.translate("a.save", START, text, hvm);
      Map<?, ?> json = (Map<?, ?>) Objects.requireNonNull(Json.parse(config.json()));
      Map<?, ?> created = (Map<?, ?>) Objects.requireNonNull(json.get("c_info"));
      assertEquals(hvm ? "hvm" : "pv", created.get("type"));
      assertTrue(json.get("b_info") instanceof Map<?, ?>);
      assertEquals(config, XendConfig.translate("a.save", START, text, hvm));
    } catch (StreamFormatException fault) {
      long offset = fault.location().offset();
      assertTrue(offset >= START && offset <= START + 2L * text.length(), fault.getMessage());
    }
  }

  /// What it begins with.
  static List<String> seeds() {
    return List.of(
        "(domain (domid 3) (name mail) (uuid 5d6a2c1e-0b5f-4e27-9a41-6f6a0a1f6b3c) (vcpus 2)"
            + " (cpus ((0 1) (2))) (memory 256) (maxmem 512) (vcpu_avail 3) (on_crash restart)"
            + " (bootloader /usr/bin/pygrub) (bootloader_args '-q x')"
            + " (image (linux (kernel /boot/k) (ramdisk /boot/r) (args 'root=/dev/xvda1 ro')"
            + " (tsc_mode 0) (notes (A 1)))) (device (vif (bridge b) (mac 00:16:3e:01:02:03)"
            + " (backend 0))) (device (vbd (uname phy:vg/a) (dev xvda1) (mode w)))"
            + " (device (tap (uname tap:aio:/a.img) (dev xvdb:disk) (mode r))))",
        "(domain (name w) (memory 512) (image (hvm (loader /l) (device_model /q) (pae 1) (acpi 1)"
            + " (boot cda) (timer_mode 1) (vnc 1) (vncdisplay 2) (keymap de) (serial pty) (usb 1)"
            + " (soundhw all) (rtc_timeoffset -3) (cpuid ((1 ((eax "
            + "x".repeat(32)
            + "))))))) (device (pci (dev (slot 0x1) (domain 0x0) (bus 0x0) (func 0x1)))))",
        "(a 'b\\'c' \"d\\x41\" (e) ())",
        "(",
        "");
  }
}
