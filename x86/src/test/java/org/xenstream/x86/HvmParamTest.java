// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class HvmParamTest {

  private static String explained(int index, long value) {
    return Rendering.of(Blobs.hvmParam(index, value));
  }

  @Test
  void everyIndexHasItsName() {
    assertEquals(39, HvmParam.values().length);
    int index = 0;
    for (HvmParam param : HvmParam.values()) {
      assertSame(param, HvmParam.of(index));
      assertEquals(index++, param.index());
    }
    assertSame(HvmParam.PAE_ENABLED, HvmParam.of(4));
    assertSame(HvmParam.VM86_TSS, HvmParam.of(15));
    assertSame(HvmParam.NR_IOREQ_SERVER_PAGES, HvmParam.of(33));
    assertSame(HvmParam.MCA_CAP, HvmParam.of(38));
    assertNull(HvmParam.of(39));
    assertNull(HvmParam.of(-1));
  }

  @Test
  void callbacks() {
    assertEquals("CALLBACK_IRQ=0x0000000000000000 (none)", explained(0, 0));
    assertEquals("CALLBACK_IRQ=0x000000000000001c (gsi 28)", explained(0, 28));
    assertEquals(
        "CALLBACK_IRQ=0x0100000200031903 (pci_intx domain=2 bus=3 device=3 function=1 intD)",
        explained(0, 0x0100000200031903L));
    assertEquals("CALLBACK_IRQ=0x02000000000000f3 (vector 243)", explained(0, 0x02000000000000f3L));
    assertEquals("CALLBACK_IRQ=0xff00000000000000 (unknown)", explained(0, 0xff00000000000000L));
  }

  @Test
  void packedAndNamedValues() {
    assertEquals("VIRIDIAN=0x0000000000002003 [base_freq, no_freq, bit13]", explained(9, 0x2003));
    assertEquals("TIMER_MODE=0x0000000000000003 (one_missed_tick_pending)", explained(10, 3));
    assertEquals("TIMER_MODE=0xffffffffffffffff (unknown)", explained(10, -1));
    assertEquals("ACPI_S_STATE=0x0000000000000003 (S3)", explained(14, 3));
    assertEquals("TRIPLE_FAULT_REASON=0x0000000000000003 (crash)", explained(31, 3));
    assertEquals("ALTP2M=0x0000000000000002 (external)", explained(35, 2));
    assertEquals("X87_FIP_WIDTH=0x0000000000000000 (chosen by the hypervisor)", explained(36, 0));
    assertEquals("X87_FIP_WIDTH=0x0000000000000004 (32 bits)", explained(36, 4));
    assertEquals("X87_FIP_WIDTH=0x0000000000000005 (unknown)", explained(36, 5));
    assertEquals(
        "VM86_TSS_SIZED=0x00000180fc100280 (address=0xfc100280 size=384)",
        explained(37, 0x00000180fc100280L));
    assertEquals("MCA_CAP=0x0000000000000001 [LMCE]", explained(38, 1));
    assertEquals("STORE_PFN=0x00000000000feffc", explained(1, 0xfeffc));
    assertEquals("param_39=0x0000000000000001", explained(39, 1));
    assertEquals(
        "param_18446744073709551615=0x0000000000000000", Rendering.of(Blobs.hvmParam(-1, 0)));
  }

  @Test
  void timeStampCounterModes() {
    assertEquals("mode=0x00000000 (default)", Rendering.of(Blobs.tscMode(0)));
    assertEquals("mode=0x00000001 (always_emulate)", Rendering.of(Blobs.tscMode(1)));
    assertEquals("mode=0x00000002 (never_emulate)", Rendering.of(Blobs.tscMode(2)));
    assertEquals("mode=0x00000003 (pvrdtscp)", Rendering.of(Blobs.tscMode(3)));
    assertEquals("mode=0x00000004 (unknown)", Rendering.of(Blobs.tscMode(4)));
  }
}
