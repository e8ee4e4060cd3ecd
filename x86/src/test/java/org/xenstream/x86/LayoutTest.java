// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Holds every table against what a C compiler makes of Xen's headers.
class LayoutTest {

  @Test
  void everyFieldLiesWhereTheCompilerPutsIt() {
    Map<String, Map<String, String>> ours = new TreeMap<>();
    for (int width : new int[] {8, 4}) {
      describe(ours, "vcpu_guest_context", width, VcpuContext.of(width).layout);
      describe(ours, "shared_info", width, SharedInfo.of(width).layout);
      describe(ours, "start_info", width, StartInfo.of(width).layout);
    }
    for (HvmRecordType type : HvmRecordType.values()) {
      Struct struct = type.struct();
      if (struct != null && type != HvmRecordType.LAPIC_REGS && type != HvmRecordType.CPU_MSR) {
        describe(ours, struct.name(), 8, struct);
      }
    }
    describe(ours, "hvm_hw_cpu_compat", 8, HvmCpu.BEFORE_3_4);
    describe(ours, "xen_domctl_ext_vcpucontext", 8, Blobs.EXTENDED);
    describe(ours, "xen_domctl_vcpu_msr", 8, MsrLists.VCPU_MSR);
    describe(ours, "hvm_one_msr", 8, MsrLists.ONE_MSR);
    describe(ours, "xen_msr_entry", 8, MsrLists.POLICY_ENTRY);
    describe(ours, "xen_cpuid_leaf", 8, CpuidLeaf.STRUCT);
    // Bit-fields have no offset in C, and CPU_XSAVE is described without its area.
    Objects.requireNonNull(ours.get("hvm_hw_vpic/64")).keySet().removeAll(List.of("state", "mode"));
    Objects.requireNonNull(ours.get("hvm_hw_cpu_xsave/64")).remove("-");

    assertEquals(new TreeMap<>(facts()), ours);
  }

  @Test
  void sizesThatTheStreamNames() {
    assertEquals(VcpuContext.SIZE_64, VcpuContext.OF_64_BIT.size());
    assertEquals(VcpuContext.SIZE_32, VcpuContext.OF_32_BIT.size());
    assertEquals(CpuidLeaf.SIZE, CpuidLeaf.STRUCT.size());
    assertEquals(Blobs.MSR_ENTRY_SIZE, MsrLists.VCPU_MSR.size());
    assertEquals(Blobs.MSR_ENTRY_SIZE, MsrLists.POLICY_ENTRY.size());
    assertEquals(Blobs.MSR_ENTRY_SIZE, MsrLists.ONE_MSR.size());
    assertEquals(Blobs.VCPU_EXTENDED_STRUCT_SIZE, Blobs.EXTENDED.size());
    assertEquals(Blobs.VCPU_XSAVE_HEADER_SIZE, Blobs.PV_XSAVE.size());
    assertEquals(HvmCpu.SIZE_BEFORE_3_4, HvmCpu.BEFORE_3_4.size());
    assertEquals(1024, HvmLapic.REGISTERS.size());
    assertEquals(8, HvmVcpuState.CPU_MSR.size());
    assertEquals(512, FpuArea.LEGACY.size());
  }

  @Test
  void anUnknownPathIsRefused() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> VcpuContext.OF_64_BIT.layout.field("user_regs.eip"));
    assertEquals("cpu_user_regs has no member eip", refused.getMessage());
  }

  private static void describe(
      Map<String, Map<String, String>> into, String name, int width, Struct struct) {
    Map<String, String> paths = new LinkedHashMap<>();
    walk(paths, "", 0, struct);
    paths.put("-", "0+" + struct.size());
    into.put(name + "/" + 8 * width, paths);
  }

  private static void walk(Map<String, String> into, String prefix, long base, Struct struct) {
    for (Member member : struct.members()) {
      String path = prefix + member.name();
      long offset = base + member.offset();
      String place = offset + "+" + member.size();
      switch (member) {
        case Member.Nested(var name, var at, var nested) when nested == FpuArea.LEGACY ->
            into.put(path, place);
        case Member.Nested nested -> walk(into, path + ".", offset, nested.struct());
        case Member.Table table -> {
          into.put(path, place);
          int last = table.count() - 1;
          Struct element = table.element();
          walk(into, path + "[" + last + "].", offset + last * element.size(), element);
        }
        case Member.Numbers numbers -> {
          into.put(path, place);
          int width = numbers.array().width();
          into.put(path + "[1]", offset + width + "+" + width);
        }
        case Member.Scalar _, Member.Opaque _ -> into.put(path, place);
      }
    }
  }

  private static Map<String, Map<String, String>> facts() {
    Map<String, Map<String, String>> facts = new LinkedHashMap<>();
    Map<String, String> current = new LinkedHashMap<>();
    for (String line : LayoutFacts.C.strip().split("\n", -1)) {
      if (!line.startsWith(" ")) {
        current = new LinkedHashMap<>();
        facts.put(line.substring(0, line.length() - 1), current);
        continue;
      }
      List<String> words = new ArrayList<>(List.of(line.strip().split(" ", -1)));
      for (String word : words) {
        int equals = word.indexOf('=');
        current.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return facts;
  }
}
