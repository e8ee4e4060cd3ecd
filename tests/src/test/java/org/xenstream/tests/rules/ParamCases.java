// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static org.xenstream.tests.rules.Recipe.context;
import static org.xenstream.tests.rules.Recipe.cpu;
import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.leaf;
import static org.xenstream.tests.rules.Recipe.params;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.tsc;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;

import java.util.List;
import org.xenstream.core.verify.Release;
import org.xenstream.core.verify.Rule;

/// Rules 08xx and 09xx: HVM parameters, TSC and policies.
final class ParamCases {
  private ParamCases() {}

  static List<RuleCase> all() {
    return List.of(
        RuleCase.of(
            Rule.HVM_PARAMS_SIZE,
            hvm().patch("params", 8, u32(2)),
            "img @0x20b0 (record #5 HVM_PARAMS.count): expected 40 octets for 2 parameters, found 24"),
        RuleCase.of(
            Rule.HVM_PARAMS_RESERVED,
            hvm().patch("params", 12, u32(1)),
            "img @0x20b4 (record #5 HVM_PARAMS.reserved): expected 0, found 0x1"),
        RuleCase.of(
            Rule.HVM_PARAMS_EMPTY,
            hvm().with("params", params()),
            "img @0x20b0 (record #5 HVM_PARAMS.count): expected more than 0, found 0"),
        RuleCase.of(
            Rule.HVM_PARAM_INDEX,
            hvm().with("params", params(1, 5, 39, 0)),
            "img @0x20c8 (record #5 HVM_PARAMS.param[1].index): expected a parameter that a release lets a restore set, found 39"),
        RuleCase.of(
            Rule.HVM_PARAM_INDEX,
            hvm().with("params", params(-1, 5)),
            "img @0x20b8 (record #5 HVM_PARAMS.param[0].index): expected a parameter that a release lets a restore set, found 18446744073709551615"),
        RuleCase.of(
            Rule.HVM_PARAM_VALUE,
            hvm().with("params", params(10, 4)),
            "img @0x20c0 (record #5 HVM_PARAMS.param[0].value): expected a value that a release takes for parameter 10, found 0x4"),
        RuleCase.of(
            Rule.HVM_PARAM_NOT_NOW,
            hvm().with("params", params(24, 1)),
            "img @0x20b8 (record #5 HVM_PARAMS.param[0].index): parameter 24 = 0x1, which Xen 4.22 refuses"),
        RuleCase.of(
            Rule.HVM_PARAM_REPEATED,
            hvm().with("params", params(1, 5, 1, 6)),
            "img @0x20c8 (record #5 HVM_PARAMS.param[1].index): parameter 1 comes again"),
        RuleCase.of(
            Rule.HVM_PARAM_REPEATED,
            hvm().with("params", params(9, 1, 9, 1, 32, 0, 32, 5)),
            "img @0x20c8 (record #5 HVM_PARAMS.param[1].index): parameter 9 comes again",
            "img @0x20e8 (record #5 HVM_PARAMS.param[3].index): parameter 32 comes again"),
        RuleCase.of(
            Rule.HVM_PARAM_CHANGED,
            hvm().with("params", params(9, 1, 9, 3, 32, 5, 32, 0, 33, 8, 33, 8, 33, 9)),
            "img @0x20d0 (record #5 HVM_PARAMS.param[1].value): expected parameter 9 to stay 0x1, found 0x3",
            "img @0x20f0 (record #5 HVM_PARAMS.param[3].value): expected parameter 32 to stay 0x5, found 0x0",
            "img @0x2120 (record #5 HVM_PARAMS.param[6].value): expected parameter 33 to stay 0x8, found 0x9"),
        RuleCase.of(
            Rule.HVM_PARAM_CHANGED,
            hvm().with("params", params(5, 5, 5, 6, 6, 5, 6, 6, 35, 1, 35, 0, 38, 1, 38, 0)),
            "img @0x20d0 (record #5 HVM_PARAMS.param[1].value): expected parameter 5 to stay 0x5, found 0x6",
            "img @0x20f0 (record #5 HVM_PARAMS.param[3].value): expected parameter 6 to stay 0x5, found 0x6",
            "img @0x2110 (record #5 HVM_PARAMS.param[5].value): expected parameter 35 to stay 0x1, found 0x0",
            "img @0x2130 (record #5 HVM_PARAMS.param[7].value): expected parameter 38 to stay 0x1, found 0x0"),
        RuleCase.of(
            Rule.HVM_PARAM_CHANGED,
            hvm()
                .with("params", params(33, 8))
                .with("end", record(14))
                .after(
                    "end",
                    params(33, 8),
                    context(cpu()),
                    record(14),
                    params(33, 9),
                    context(cpu()),
                    record(14)),
            "img @0x2990 (record #11 HVM_PARAMS.param[0].value): expected parameter 33 to stay 0x8, found 0x9"),
        RuleCase.of(
            Rule.HVM_PARAM_CHANGED,
            Release.V4_12,
            hvm().version2().with("params", params(5, 5, 5, 6)),
            "img @0x2090 (record #2 HVM_PARAMS.param[1].value): expected parameter 5 to stay 0x5, found 0x6"),
        RuleCase.of(
            Rule.HVM_PARAM_REPEATED,
            Release.V4_11,
            hvm().version2().with("params", params(5, 5, 5, 6)),
            "img @0x2088 (record #2 HVM_PARAMS.param[1].index): parameter 5 comes again"),
        RuleCase.of(
            Rule.TSC_INFO_SIZE,
            hvm().with("tsc", record(8, new byte[20])),
            "img @0x208c (record #4 X86_TSC_INFO.body_length): expected 24, found 20"),
        RuleCase.of(
            Rule.TSC_INFO_RESERVED,
            hvm().patch("tsc", 28, u32(1)),
            "img @0x20a4 (record #4 X86_TSC_INFO.reserved): expected 0, found 0x1"),
        RuleCase.of(
            Rule.TSC_MODE,
            hvm().with("tsc", tsc(4)),
            "img @0x2090 (record #4 X86_TSC_INFO.mode): expected 0 to 2, found 4"),
        RuleCase.of(
            Rule.TSC_MODE_PVRDTSCP,
            hvm().with("tsc", tsc(3)),
            "img @0x2090 (record #4 X86_TSC_INFO.mode): mode 3, which Xen 4.12 and later refuse"),
        RuleCase.of(
            Rule.CPUID_POLICY_SIZE,
            hvm().with("cpuid", record(17, new byte[25])),
            "img @0x2c (record #0 X86_CPUID_POLICY.body_length): expected a multiple of 24 above 0, found 25"),
        RuleCase.of(
            Rule.MSR_POLICY_SIZE,
            hvm().with("msr", record(18)),
            "img @0x4c (record #1 X86_MSR_POLICY.body_length): expected a multiple of 16 above 0, found 0"),
        RuleCase.of(
            Rule.POLICY_REPEATED,
            hvm().after("cpuid", hvm().part("cpuid")),
            "img @0x48 (record #1 X86_CPUID_POLICY): a second X86_CPUID_POLICY"),
        RuleCase.of(
            Rule.POLICY_MISSING,
            hvm().without("msr"),
            "img @0x24f0 (record #6 END): END without any X86_MSR_POLICY before it"),
        RuleCase.of(
            Rule.CPUID_POLICY_LEAF,
            hvm().with("cpuid", record(17, leaf(4, 6))),
            "img @0x30 (record #0 X86_CPUID_POLICY.leaf[0]): expected a leaf that a policy has, found 0x4 subleaf 6"),
        RuleCase.of(
            Rule.CPUID_POLICY_LEAF,
            hvm().with("cpuid", record(17, new byte[24 * 121])),
            "img @0x2c (record #0 X86_CPUID_POLICY.body_length): expected at most 120 leaves of 24 octets, found 2904"),
        RuleCase.of(
            Rule.MSR_POLICY_ENTRY,
            hvm().with("msr", record(18, u64(0xCF), u64(0))),
            "img @0x50 (record #1 X86_MSR_POLICY.msr[0]): expected an MSR that a policy has, found 0xcf"),
        RuleCase.of(
            Rule.MSR_POLICY_ENTRY,
            hvm().with("msr", record(18, u32(0xCE), u32(1), u64(0))),
            "img @0x54 (record #1 X86_MSR_POLICY.msr[0].flags): expected 0, found 0x1"),
        RuleCase.of(
            Rule.MSR_POLICY_ENTRY,
            hvm().with("msr", record(18, new byte[48])),
            "img @0x4c (record #1 X86_MSR_POLICY.body_length): expected at most 2 entries of 16 octets, found 48"));
  }
}
