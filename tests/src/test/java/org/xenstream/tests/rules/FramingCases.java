// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.memory;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.tsc;
import static org.xenstream.tests.rules.Recipe.u16;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;
import static org.xenstream.tests.rules.Recipe.u8;

import java.util.Arrays;
import java.util.List;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// Rules 00xx to 03xx, 10xx and 40xx: framing, headers, sequence, checkpoints.
final class FramingCases {
  private FramingCases() {}

  static List<RuleCase> all() {
    byte[] checkpoint = record(14);
    byte[] set = StreamBuilder.join(hvm().part("tsc"), hvm().part("params"), hvm().part("context"));
    byte[] hvm = hvm().octets();
    return List.of(
        RuleCase.of(
            Rule.NOT_AN_IMAGE,
            "no image at all, not even one of old"
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII),
            "img @0x0 (image.signature): expected an image of a known kind, found octets that no kind of image begins with"),
        RuleCase.of(
            Rule.TRUNCATED,
            Arrays.copyOf(hvm, hvm.length - 8),
            "img @0x2508 (record #7 record header): expected a record, END at the latest, found the end"),
        RuleCase.of(
            Rule.CHECKPOINT_INCOMPLETE,
            hvm().with("end", checkpoint).after("end", Arrays.copyOf(memory(0), 100)),
            "img @0x2574 (record #8 PAGE_DATA): expected 4120 octets of header, body and padding, found 100 octets before the end"),
        RuleCase.of(
            Rule.CHECKPOINT_INCOMPLETE,
            hvm().with("end", checkpoint).after("end", u32(1), u32(-1), memory(0)),
            "img @0x2514 (record #8 PAGE_DATA.body_length): expected at most 134217728, found 4294967295"),
        RuleCase.of(
            Rule.RECORD_TOO_LONG,
            hvm().patch("memory", 4, u32(0x0800_0001)),
            "img @0x6c (record #3 PAGE_DATA.body_length): expected at most 134217728, found 134217729"),
        RuleCase.of(
            Rule.LEGACY_IMAGE,
            Layers.legacy(8, true),
            "img @0x0 (image): legacy image (Xen 4.5 or older) of a PV guest by a 64-bit toolstack"),
        RuleCase.of(
            Rule.DECOMPRESSION_FAILED,
            damaged(Layers.gzip(hvm)),
            "img @0xaa (gzip frame): expected octets that decompress, found a gzip member that does not fit its checksum"),
        RuleCase.of(
            Rule.RECORD_MISPLACED,
            StreamBuilder.join(record(15, u64(1)), record(0)),
            "img @0x10 (back channel record #1 CHECKPOINT_DIRTY_PFN_LIST.type): expected CHECKPOINT_DIRTY_PFN_LIST or libxl's CHECKPOINT_STATE, found END"),
        RuleCase.of(
            Rule.PADDING_NOT_ZERO,
            hvm()
                .before(
                    "end",
                    StreamBuilder.stream()
                        .record(0x8000_0000, 3, u32(0x4141_4141), u32(0))
                        .octets()),
            "img @0x2513 (record #7 SAVING_CPU.padding): expected 0, found 0x41"),
        RuleCase.of(
            Rule.RECORD_UNKNOWN_MANDATORY,
            hvm().before("tsc", record(0x13)),
            "img @0x2088 (record #4 MANDATORY_0x00000013): a mandatory record of type 0x13, which is unknown"),
        RuleCase.of(
            Rule.RECORD_UNKNOWN_OPTIONAL,
            hvm().before("tsc", record(0x8000_0001)),
            "img @0x2088 (record #4 OPTIONAL_0x80000001): an optional record of type 0x80000001, passed over"),
        RuleCase.of(
            Rule.RECORD_OPTIONAL_BUFFERED,
            hvm().with("end", checkpoint).after("end", record(0x8000_0001), set, checkpoint),
            "img @0x2510 (record #8 OPTIONAL_0x80000001): an optional record of type 0x80000001 behind CHECKPOINT"),
        RuleCase.of(
            Rule.RECORD_OPTIONAL_BUFFERED,
            hvm().with("end", checkpoint).after("end", record(0x8000_0000), set, checkpoint),
            "img @0x2510 (record #8 SAVING_CPU): an optional record of type 0x80000000 behind CHECKPOINT"),
        RuleCase.of(
            Rule.TOOLSTACK_DEPRECATED,
            hvm().before("tsc", record(11, u32(1))),
            "img @0x2088 (record #4 TOOLSTACK): a deprecated record that no reader handles"),
        RuleCase.of(
            Rule.DIRTY_PFN_LIST_FORWARD,
            hvm().before("tsc", record(15, u64(1))),
            "img @0x2088 (record #4 CHECKPOINT_DIRTY_PFN_LIST): a record of back channels in a forward stream"),
        RuleCase.of(
            Rule.DIRTY_PFN_LIST_SIZE,
            hvm().before("tsc", record(15, u32(1))),
            "img @0x208c (record #4 CHECKPOINT_DIRTY_PFN_LIST.body_length): expected whole pfn entries of 8 octets, found 4 octets"),
        RuleCase.of(
            Rule.SIGNAL_WITH_BODY,
            hvm().with("end", record(0, u64(0))),
            "img @0x250c (record #7 END.body_length): expected 0, found 8"),
        RuleCase.of(
            Rule.IMAGE_MARKER,
            Layers.libxl(hvm().patch("image", 0, u8(0)).octets()),
            "img @0x18 (image header.marker): expected 0xffffffffffffffff, found 0x00ffffffffffffff"),
        RuleCase.of(
            Rule.IMAGE_ID,
            hvm().patch("image", 8, u8('Y')),
            "img @0x8 (image header.id): expected 0x58454e46, found 0x59454e46"),
        RuleCase.of(
            Rule.IMAGE_VERSION,
            hvm().patch("image", 15, u8(4)),
            "img @0xc (image header.version): expected 2 or 3, found 4"),
        RuleCase.of(
            Rule.IMAGE_BIG_ENDIAN,
            hvm().patch("image", 17, u8(1)),
            "img @0x10 (image header.options): expected bit 0 clear, as on x86, found 0x1"),
        RuleCase.of(
            Rule.IMAGE_OPTIONS_RESERVED,
            hvm().patch("image", 16, u8(0x80)),
            "img @0x10 (image header.options): expected bits 1 to 15 clear, found 0x8000"),
        RuleCase.of(
            Rule.IMAGE_RESERVED,
            hvm().patch("image", 23, u8(7)),
            "img @0x12 (image header.reserved): expected 0, found 0x7"),
        RuleCase.of(
            Rule.DOMAIN_TYPE,
            hvm().patch("domain", 0, u32(3)),
            "img @0x18 (domain header.type): expected 1 (x86 PV) or 2 (x86 HVM), found 0x3"),
        RuleCase.of(
            Rule.PAGE_SHIFT,
            hvm().patch("domain", 4, u16(13)),
            "img @0x1c (domain header.page_shift): expected 12, found 13"),
        RuleCase.of(
            Rule.DOMAIN_RESERVED,
            hvm().patch("domain", 6, u16(1)),
            "img @0x1e (domain header.reserved): expected 0, found 0x1"),
        RuleCase.of(
            Rule.DOMAIN_CONVERTED,
            hvm().patch("domain", 8, u32(0)),
            "img @0x20 (domain header.xen_major): converted from a legacy image by version 17 of a converter"),
        RuleCase.of(
            Rule.DOMAIN_TYPE_CONFIG,
            Layers.xl(Layers.libxl(pv64().octets())),
            "img @0x94 (domain header.type): expected x86 HVM for a domain whose configuration says \"hvm\", found x86 PV"),
        RuleCase.of(
            Rule.RECORD_OF_OTHER_GUEST,
            hvm().before("end", pv64().part("shared")),
            "img @0x2508 (record #7 SHARED_INFO): a record of PV guests in an x86 HVM stream"),
        RuleCase.of(
            Rule.RECORD_OF_OTHER_GUEST,
            pv64().before("end", hvm().part("params")),
            "img @0xa5d8 (record #10 HVM_PARAMS): a record of HVM guests in an x86 PV stream"),
        RuleCase.of(
            Rule.STATIC_DATA_END_MISSING,
            hvm().without("static"),
            "img @0x60 (record #2 PAGE_DATA): PAGE_DATA before STATIC_DATA_END"),
        RuleCase.of(
            Rule.STATIC_DATA_END_TWICE,
            hvm().after("static", record(16)),
            "img @0x68 (record #3 STATIC_DATA_END): a second STATIC_DATA_END"),
        RuleCase.of(
            Rule.STATIC_DATA_END_TWICE,
            hvm().version2().after("memory", record(16)),
            "img @0x2048 (record #1 STATIC_DATA_END): STATIC_DATA_END behind memory of a version 2 stream"),
        RuleCase.of(
            Rule.STATIC_DATA_END_IN_V2,
            hvm().version2().before("memory", record(16)),
            "img @0x28 (record #0 STATIC_DATA_END): STATIC_DATA_END in a version 2 stream"),
        RuleCase.of(
            Rule.POLICY_IN_V2,
            hvm().version2().before("memory", hvm().part("cpuid")),
            "img @0x28 (record #0 X86_CPUID_POLICY): X86_CPUID_POLICY in a version 2 stream"),
        RuleCase.of(
            Rule.POLICY_LATE,
            hvm().without("msr").after("static", hvm().part("msr")),
            "img @0x50 (record #2 X86_MSR_POLICY): X86_MSR_POLICY behind the static data"),
        RuleCase.of(
            Rule.STATE_BEFORE_STATIC_DATA_END,
            hvm().without("tsc").before("static", tsc(0)),
            "img @0x60 (record #2 X86_TSC_INFO): X86_TSC_INFO before STATIC_DATA_END"),
        RuleCase.of(
            Rule.PV_INFO_MISSING,
            pv64().without("info"),
            "img @0x68 (record #3 X86_PV_P2M_FRAMES): X86_PV_P2M_FRAMES before X86_PV_INFO"),
        RuleCase.of(
            Rule.PV_INFO_TWICE,
            pv64().after("info", pv64().part("info")),
            "img @0x38 (record #1 X86_PV_INFO): a second X86_PV_INFO"),
        RuleCase.of(
            Rule.PV_INFO_LATE,
            pv64().without("info").after("static", pv64().part("info")),
            "img @0x68 (record #3 X86_PV_INFO): X86_PV_INFO behind the static data"),
        RuleCase.of(
            Rule.P2M_FRAMES_MISSING,
            pv64().without("p2m"),
            "img @0x78 (record #4 PAGE_DATA): PAGE_DATA before X86_PV_P2M_FRAMES"),
        RuleCase.of(
            Rule.P2M_FRAMES_REPEATED,
            pv64().after("p2m", pv64().part("p2m")),
            "img @0x90 (record #5 X86_PV_P2M_FRAMES): X86_PV_P2M_FRAMES number 2"),
        RuleCase.of(
            Rule.VCPU_BEFORE_MEMORY,
            pv64().without("extended").before("memory", pv64().part("extended")),
            "img @0x90 (record #5 X86_PV_VCPU_EXTENDED): X86_PV_VCPU_EXTENDED before the first PAGE_DATA"),
        RuleCase.of(
            Rule.MEMORY_MISSING,
            hvm().without("memory"),
            "img @0x4e8 (record #6 END): END without any PAGE_DATA before it"),
        RuleCase.of(
            Rule.TSC_INFO_MISSING,
            hvm().without("tsc"),
            "img @0x24e8 (record #6 END): END without any X86_TSC_INFO before it"),
        RuleCase.of(
            Rule.SHARED_INFO_MISSING,
            pv64().without("shared"),
            "img @0x95d0 (record #9 END): END without any SHARED_INFO before it"),
        RuleCase.of(
            Rule.HVM_PARAMS_MISSING,
            hvm().without("params"),
            "img @0x24e8 (record #6 END): END without any HVM_PARAMS before it"),
        RuleCase.of(
            Rule.HVM_CONTEXT_MISSING,
            hvm().without("context"),
            "img @0x20c8 (record #6 END): END without any HVM_CONTEXT before it"),
        RuleCase.of(
            Rule.HVM_CONTEXT_BEFORE_PARAMS,
            hvm().without("context").before("params", hvm().part("context")),
            "img @0x20a8 (record #5 HVM_CONTEXT): HVM_CONTEXT before HVM_PARAMS"),
        RuleCase.of(
            Rule.STATE_REPEATED,
            hvm().after("tsc", tsc(0)),
            "img @0x20a8 (record #5 X86_TSC_INFO): a second X86_TSC_INFO in a set of records"),
        RuleCase.of(
            Rule.SAVING_CPU_LATE,
            hvm()
                .after(
                    "static",
                    record(
                        0x8000_0000, "A CPU".getBytes(java.nio.charset.StandardCharsets.US_ASCII))),
            "img @0x68 (record #3 SAVING_CPU): SAVING_CPU behind the static data"),
        RuleCase.of(
            Rule.SAVING_CPU_TEXT,
            hvm()
                .before(
                    "static",
                    record(
                        0x8000_0000,
                        "A CP\u00dc".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))),
            "img @0x6c (record #2 SAVING_CPU.name): expected 7-bit text, found 0xdc"),
        RuleCase.of(
            Rule.CHECKPOINT_IN_PLAIN,
            hvm().before("end", checkpoint),
            "img @0x2510 (record #8 END): END behind CHECKPOINT, where a saver of Xen 4.17 ends plain streams alone with END"),
        RuleCase.of(
            Rule.CHECKPOINT_TAIL_DROPPED,
            hvm().version2().savedBy(2, 6).before("end", checkpoint, memory(1)),
            "img @0x34e8 (record #6 END): END behind records that no CHECKPOINT completes"),
        RuleCase.of(
            Rule.VERIFY_WITHOUT_MEMORY,
            hvm().before("memory", record(13)),
            "img @0x68 (record #3 VERIFY): VERIFY before any PAGE_DATA"),
        RuleCase.of(
            Rule.VERIFY_TWICE,
            hvm().after("memory", record(13), memory(0, 1), record(13)),
            "img @0x40b0 (record #6 VERIFY): a second VERIFY"),
        RuleCase.of(
            Rule.VERIFY_CHECKPOINTED,
            hvm().after("memory", record(13)).with("end", checkpoint),
            "img @0x2510 (record #8 CHECKPOINT): CHECKPOINT behind VERIFY"),
        RuleCase.of(
            Rule.VERIFY_CHECKPOINTED,
            hvm().with("end", checkpoint).after("end", record(13), checkpoint),
            "img @0x2510 (record #8 VERIFY): VERIFY behind CHECKPOINT",
            "img @0x2518 (record #9 CHECKPOINT): CHECKPOINT behind VERIFY"),
        RuleCase.of(
            Rule.TRAILING_OCTETS,
            hvm().after("end", new byte[5]),
            "img @0x2510 (image): octets behind the end"));
  }

  /// A gzip member whose checksum does not fit.
  private static byte[] damaged(byte[] octets) {
    octets[octets.length - 8] ^= 1;
    return octets;
  }
}
