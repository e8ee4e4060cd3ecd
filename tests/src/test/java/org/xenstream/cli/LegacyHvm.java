// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// A legacy image of an HVM guest of three pages.
final class LegacyHvm {
  static final byte[] CONTEXT = new byte[24];
  static final byte[] STATE = "QEVM, and more".getBytes(ISO_8859_1);

  private LegacyHvm() {}

  static byte[] image() {
    return state(
            LegacyImageBuilder.image(8)
                .words(0x1000)
                .filledBatch(0, 1, 2)
                .vcpuInfo(0, 0)
                .tscInfo(1, 5_000_000_000L, 2_000_000, 7)
                .param(LegacyImageBuilder.IDENT_PT, 0xFF))
        .octets();
  }

  /// An image behind whose state no other can come.
  static byte[] last() {
    return state(
            LegacyImageBuilder.image(8)
                .words(0x1000)
                .filledBatch(0, 1, 2)
                .chunk(LegacyImageBuilder.LAST_CHECKPOINT))
        .octets();
  }

  /// The end of a state: body, tail, device model.
  static LegacyImageBuilder state(LegacyImageBuilder to) {
    return to.endOfBody()
        .hvmTail(0xFE, 0xFD, 0xFC, CONTEXT)
        .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, STATE);
  }
}
