// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordTypeTest {
  /// The numbers of the specification, in its order; the last is the draft's SAVING_CPU.
  @Test
  void hasTheNumbersOfTheSpecification() {
    assertEquals(
        List.of(
            "END 0x0",
            "PAGE_DATA 0x1",
            "X86_PV_INFO 0x2",
            "X86_PV_P2M_FRAMES 0x3",
            "X86_PV_VCPU_BASIC 0x4",
            "X86_PV_VCPU_EXTENDED 0x5",
            "X86_PV_VCPU_XSAVE 0x6",
            "SHARED_INFO 0x7",
            "X86_TSC_INFO 0x8",
            "HVM_CONTEXT 0x9",
            "HVM_PARAMS 0xa",
            "TOOLSTACK 0xb",
            "X86_PV_VCPU_MSRS 0xc",
            "VERIFY 0xd",
            "CHECKPOINT 0xe",
            "CHECKPOINT_DIRTY_PFN_LIST 0xf",
            "STATIC_DATA_END 0x10",
            "X86_CPUID_POLICY 0x11",
            "X86_MSR_POLICY 0x12",
            "SAVING_CPU 0x80000000"),
        Arrays.stream(RecordType.values())
            .map(type -> "%s 0x%x".formatted(type, type.code()))
            .toList());
  }

  @ParameterizedTest
  @EnumSource
  void isFoundByItsNumber(RecordType type) {
    assertSame(type, RecordType.of(type.code()));
    assertEquals(type.name(), RecordType.nameOf(type.code()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x13, 0x7FFFFFFF, 0x80000001, -1})
  void knowsNoOther(int code) {
    assertNull(RecordType.of(code));
  }

  @Test
  void namesOthersByNumberAndWeight() {
    assertEquals("MANDATORY_0x00000013", RecordType.nameOf(0x13));
    assertEquals("OPTIONAL_0xffffffff", RecordType.nameOf(-1));
    assertFalse(RecordType.isOptional(0x7FFFFFFF));
    assertTrue(RecordType.isOptional(0x80000000));
  }
}
