// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.testkit.legacy.LegacyImageBuilder.QEMU_WITH_LENGTH;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.image;

import java.util.List;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// Rules 50xx: what the translation of a legacy image comes upon.
final class LegacyCases {
  private static final byte[] CONTEXT = new byte[16];
  private static final byte[] STATE = {1, 2, 3};

  private LegacyCases() {}

  static List<RuleCase> all() {
    return List.of(
        RuleCase.of(
            Rule.LEGACY_MALFORMED,
            hvm().chunk(-22).octets(),
            "img @0x3024 (legacy chunk.id): expected -21 to 1024, found -22"),
        // Behind a complete state, too: no translation goes on with that one.
        RuleCase.of(
            Rule.LEGACY_MALFORMED,
            hvm()
                .endOfBody()
                .hvmTail(1, 2, 0, CONTEXT)
                .deviceModel(QEMU_WITH_LENGTH, STATE)
                .filledBatch(0)
                .chunk(LegacyImageBuilder.TOOLSTACK)
                .u32(-1)
                .octets(),
            "img @0x4080 (legacy TOOLSTACK.length): expected at most 4194304, found 4294967295"),
        RuleCase.of(
            Rule.LEGACY_GUESSED,
            image(8).words(512).words(3).filledBatch(0, 1, 2, 3).octets(),
            "img @0x8 (legacy p2m frame list): nothing says how wide the guest is: taken to be 64-bit as its toolstack"),
        RuleCase.of(
            Rule.LEGACY_BLOCK_SKIPPED,
            image(8)
                .words(512)
                .extendedInfo(block("vcpu", new byte[5168]), block("what", STATE))
                .words(3)
                .octets(),
            "img @0x144c (legacy extended info.\"what\"): a block of 3 octets that no known saver writes is passed over"),
        RuleCase.of(
            Rule.LEGACY_TMEM_SKIPPED,
            hvm().tmemExtra(0).octets(),
            "img @0x3024 (legacy TMEM_EXTRA): transcendent memory, which no Xen of today has, is left out"),
        RuleCase.of(
            Rule.LEGACY_CHUNK_SKIPPED,
            image(8)
                .words(512)
                .extendedInfo(block("vcpu", new byte[5168]))
                .words(3)
                .filledBatch(0, 1, 2)
                .param(LegacyImageBuilder.VIRIDIAN, 1)
                .octets(),
            "img @0x4470 (legacy HVM_VIRIDIAN): a parameter of HVM guests in the image of a PV guest is left out"),
        RuleCase.of(
            Rule.LEGACY_NO_DEVICE_MODEL,
            hvm().endOfBody().hvmTail(1, 2, 0, CONTEXT).octets(),
            "img @0x3054 (legacy device model): no device model follows the HVM context"),
        RuleCase.of(
            Rule.LEGACY_ODDITY,
            hvm()
                .chunk(LegacyImageBuilder.VERIFY)
                .chunk(LegacyImageBuilder.VERIFY)
                .endOfBody()
                .hvmTail(1, 2, 0, CONTEXT)
                .deviceModel(QEMU_WITH_LENGTH, STATE)
                .octets(),
            "img @0x3028 (legacy ENABLE_VERIFY_MODE): comes again"));
  }

  /// The beginning of an HVM guest's image: three pages.
  private static LegacyImageBuilder hvm() {
    return image(8).words(0x1000).filledBatch(0, 1, 2);
  }
}
