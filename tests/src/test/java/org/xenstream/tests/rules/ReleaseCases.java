// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.xenstream.tests.rules.Recipe.context;
import static org.xenstream.tests.rules.Recipe.cpu;
import static org.xenstream.tests.rules.Recipe.entry;
import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.msrs;
import static org.xenstream.tests.rules.Recipe.params;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.tsc;
import static org.xenstream.tests.rules.Recipe.u32;

import java.util.List;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// Rules 30xx: what one release does not take.
final class ReleaseCases {
  private ReleaseCases() {}

  static List<RuleCase> all() {
    return List.of(
        RuleCase.of(
            Rule.FOR_IMAGE_VERSION,
            Release.V4_13,
            hvm(),
            "img @0xc (image header.version): expected version 2 for Xen 4.13, found 3"),
        RuleCase.of(
            Rule.FOR_RECORD_TYPE,
            Release.V4_13,
            hvm().without("cpuid").without("msr"),
            "img @0x28 (record #0 STATIC_DATA_END): STATIC_DATA_END, which Xen 4.13 does not know"),
        RuleCase.of(
            Rule.FOR_RECORD_LENGTH,
            Release.V4_9,
            hvm().version2().before("end", record(0x8000_0000, new byte[(8 << 20) + 1])),
            "img @0x24cc (record #4 SAVING_CPU.body_length): expected at most 8388608 for Xen 4.9, found 8388609"),
        RuleCase.of(
            Rule.FOR_EMPTY_RECORD,
            Release.V4_10,
            pv64().version2().before("end", record(6, u32(0), u32(0))),
            "img @0xa59c (record #7 X86_PV_VCPU_XSAVE.body_length): expected more than 8 for Xen 4.10, found 8"),
        RuleCase.of(
            Rule.FOR_VCPU_XSAVE,
            Release.V4_11,
            pv64().version2().before("end", record(6, u32(0), u32(0), new byte[833])),
            "img @0xa59c (record #7 X86_PV_VCPU_XSAVE.body_length): expected 8 and a multiple of 16 for Xen 4.11, found 841"),
        RuleCase.of(
            Rule.FOR_TSC_MODE,
            Release.V4_12,
            hvm().with("tsc", tsc(3)),
            "img @0x2090 (record #4 X86_TSC_INFO.mode): expected 0 to 2 for Xen 4.12, found 3"),
        RuleCase.of(
            Rule.FOR_HVM_PARAM,
            Release.V4_9,
            hvm().version2().with("params", params(38, 1)),
            "img @0x2078 (record #2 HVM_PARAMS.param[0].index): parameter 38 = 0x1, which Xen 4.9 refuses"),
        RuleCase.of(
            Rule.FOR_HVM_PARAM,
            Release.V4_15,
            hvm().with("params", params(24, 1)),
            "img @0x20b8 (record #5 HVM_PARAMS.param[0].index): parameter 24 = 0x1, which Xen 4.15 refuses"),
        RuleCase.of(
            Rule.FOR_HVM_PARAM_VALUE,
            Release.V4_6,
            hvm().version2().with("params", params(9, 0x3F)),
            "img @0x2078 (record #2 HVM_PARAMS.param[0].value): parameter 9 = 0x3f, which Xen 4.6 refuses"),
        RuleCase.of(
            Rule.FOR_HVM_CONTEXT_LENGTH,
            Release.V4_13,
            hvm().version2().with("context", context(cpu(), entry(11, 0, new byte[24]))),
            "img @0x24c4 (record #3 HVM_CONTEXT.RTC.length): expected 16 octets for Xen 4.13, found 24"),
        new RuleCase(
            Rule.FOR_LIBXL_RECORD,
            StreamBuilder.join(
                Layers.libxlHeader(LITTLE_ENDIAN),
                Layers.libxlRecord(LITTLE_ENDIAN, 1),
                hvm().version2().octets(),
                Layers.libxlRecord(LITTLE_ENDIAN, 5, u32(0), u32(0)),
                Layers.libxlRecord(LITTLE_ENDIAN, 0)),
            Release.V4_6,
            Limits.DEFAULT,
            "img @0x24e8 (libxl record #1 CHECKPOINT_STATE): CHECKPOINT_STATE, which libxl of Xen 4.6 does not know"),
        RuleCase.of(
            Rule.FOR_VCPU_MSR,
            Release.V4_11,
            pv64().version2().before("end", msrs(0xC001_1027L, 0xC000_0103L)),
            "img @0xa5b8 (record #7 X86_PV_VCPU_MSRS.msr[1].index): MSR 0xc0000103, which Xen 4.11 refuses"),
        RuleCase.of(
            Rule.FOR_VCPU_MSRS_LOST,
            Release.V4_6,
            pv64().version2().before("end", msrs(0xC001_1027L, 0x48)),
            "img @0xa598 (record #7 X86_PV_VCPU_MSRS): 2 MSRs of vCPU 0, of which Xen 4.6 sets none"),
        new RuleCase(
            Rule.FOR_PVH,
            Layers.xl("{\"c_info\":{\"type\":\"pvh\"}}", Layers.libxl(hvm().version2().octets())),
            Release.V4_9,
            Limits.DEFAULT,
            "img @0x34 (xl header.config): a PVH domain, which libxl of Xen 4.9 does not know"),
        RuleCase.of(
            Rule.FOR_NEWER_SAVER,
            Release.V4_16,
            hvm(),
            "img @0x20 (domain header.xen_major): saved by Xen 4.17 for Xen 4.16"));
  }
}
