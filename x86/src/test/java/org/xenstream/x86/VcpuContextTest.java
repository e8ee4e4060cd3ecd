// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class VcpuContextTest {

  @Test
  void reads64BitFieldsWhereTheyLie() {
    MemorySegment blob =
        new Blob(5168)
            .u64(512, 0x3d)
            .u64(616, 0x1c18)
            .u64(648, 0xffffffff8123cb85L)
            .u16(656, 0xe033)
            .u64(664, 0x1206)
            .u64(672, 0xffffc9000025be50L)
            .u8(768, 3)
            .u8(769, 4)
            .u16(770, 0x13)
            .u64(776, 0xffffffff8101d070L)
            .u64(4832, 0x1e0b)
            .u64(4960, 16)
            .u64(4984, 0x80050033L)
            .u64(4992, 0x450001)
            .u64(5008, 0x451000)
            .u64(5016, 0x50660)
            .u64(5136, 0x2d)
            .segment;
    VcpuContext context = VcpuContext.of(8);
    assertEquals(0x1c18, context.edx.get(blob));
    assertEquals(0xffffffff8123cb85L, context.instructionPointer.get(blob));
    assertEquals(0xffffc9000025be50L, context.stackPointer.get(blob));
    assertEquals(0x1e0b, context.gdtFrames.get(blob, 0));
    assertEquals(16, context.gdtEntries.get(blob));
    assertEquals(0x451000, context.controlRegisters.get(blob, 3));

    Decoded.Group tree = Blobs.vcpuBasic(blob, 8);
    assertEquals(
        "flags=0x000000000000003d [i387_valid, in_kernel, failsafe_disables_events,"
            + " syscall_disables_events, online]",
        Rendering.at(tree, "flags"));
    assertEquals("rip=0xffffffff8123cb85", Rendering.at(tree, "user_regs.rip"));
    assertEquals(
        "rflags=0x0000000000001206 [MBS, PF, IF, IOPL.0]", Rendering.at(tree, "user_regs.rflags"));
    assertEquals(
        "trap_ctxt{3{vector=3; flags=0x04 (dpl=0 disables_events); cs=0x0013;"
            + " address=0xffffffff8101d070}}",
        Rendering.at(tree, "trap_ctxt"));
    assertEquals(
        "vm_assist=0x000000000000002d [4gb_segments, writable_pagetables, pae_extended_cr3,"
            + " runstate_update_flag]",
        Rendering.at(tree, "vm_assist"));
    assertEquals(
        "derived{cr0=0x0000000080050033 [PE, MP, ET, NE, WP, AM, PG];"
            + " cr3_frame=0x0000000000000451; user_cr3_frame=0x0000000000000450;"
            + " cr4=0x0000000000050660 [PAE, MCE, OSFXSR, OSXMMEXCPT, FSGSBASE, OSXSAVE]}",
        Rendering.at(tree, "derived"));
    assertEquals(List.of(), Rendering.problems(tree));
  }

  @Test
  void reads32BitFieldsWhereTheyLie() {
    MemorySegment blob =
        new Blob(2800)
            .u32(512, 0x25)
            .u32(524, 0x1234)
            .u32(548, 0xc0101000L)
            .u32(2640, 0x77)
            .u32(2704, 512)
            .u32(2716 + 12, 0xabcde123L)
            .segment;
    VcpuContext context = VcpuContext.of(4);
    assertEquals(0x1234, context.edx.get(blob));
    assertEquals(0xc0101000L, context.instructionPointer.get(blob));
    assertEquals(0x77, context.gdtFrames.get(blob, 0));
    assertEquals(512, context.gdtEntries.get(blob));
    assertEquals(0xabcde123L, context.controlRegisters.get(blob, 3));
    assertEquals(
        "cr3_frame=0x00000000123abcde",
        Rendering.at(Blobs.vcpuBasic(blob, 4), "derived.cr3_frame"));
    assertEquals("absent", Rendering.at(Blobs.vcpuBasic(blob, 4), "derived.user_cr3_frame"));
  }

  @Test
  void writesInPlaceAndNothingElse() {
    for (int width : new int[] {8, 4}) {
      VcpuContext context = VcpuContext.of(width);
      MemorySegment blob = Blob.ofZeroes((int) context.size());
      context.gdtFrames.set(blob, 15, 0x1_2345_6789L);
      context.controlRegisters.set(blob, 3, -1);
      context.flags.set(blob, VcpuContext.ONLINE);
      MemorySegment expected =
          width == 8
              ? new Blob(5168).u64(512, 0x20).u64(4952, 0x1_2345_6789L).u64(5008, -1).segment
              : new Blob(2800)
                  .u32(512, 0x20)
                  .u32(2700, 0x2345_6789L)
                  .u32(2728, 0xffffffffL)
                  .segment;
      assertEquals(-1, blob.mismatch(expected));
    }
  }

  @Test
  void refusesElementsThatAreNotThere() {
    VcpuContext context = VcpuContext.OF_64_BIT;
    MemorySegment blob = Blob.ofZeroes(5168);
    assertThrows(IndexOutOfBoundsException.class, () -> context.gdtFrames.get(blob, 16));
    assertThrows(IndexOutOfBoundsException.class, () -> context.gdtFrames.set(blob, -1, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> context.flags.get(blob.asSlice(0, 519)));
  }

  @Test
  void aCutContextNamesTheField() {
    Decoded.Group cut = Blobs.vcpuBasic(Blob.ofZeroes(5000), 8);
    assertEquals(
        List.of("cut in vcpu_guest_context.ctrlreg[2]: 5000 of 5168 octets are there"),
        Rendering.problems(cut));
    assertEquals(
        "ctrlreg{0=0x0000000000000000; 1=0x0000000000000000}", Rendering.at(cut, "ctrlreg"));
    assertEquals("absent", Rendering.at(cut, "debugreg"));
    assertEquals("absent", Rendering.at(cut, "derived"));
    assertEquals(
        List.of("cut in vcpu_guest_context.user_regs.edx: 527 of 2800 octets are there"),
        Rendering.problems(Blobs.vcpuBasic(Blob.ofZeroes(527), 4)));
    assertEquals(
        List.of("cut in vcpu_guest_context.trap_ctxt[23].cs: 770 of 2800 octets are there"),
        Rendering.problems(Blobs.vcpuBasic(Blob.ofZeroes(770), 4)));
  }

  @Test
  void whatFollowsTheContextIsKept() {
    Decoded.Group tree = Blobs.vcpuBasic(new Blob(2802).u16(2800, 0xbbaa).segment, 4);
    assertEquals("unknown_tail=[aabb]", Rendering.at(tree, "unknown_tail"));
  }

  @Test
  void aWidthThatNoGuestHasIsAProblemOfTheStreamOnly() {
    assertEquals(
        "vcpu_guest_context{problem: the guest width must be 4 or 8 but is 3; octets=[0000]}",
        Rendering.of(Blobs.vcpuBasic(Blob.ofZeroes(2), 3)));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> VcpuContext.of(3));
    assertEquals("the guest width must be 4 or 8 but was 3", refused.getMessage());
  }

  @Test
  void cr3FoldsAndUnfolds() {
    assertEquals(0x451, Cr3.toFrame(0x451000, 8));
    assertEquals(0x000f_ffff_ffff_ffffL, Cr3.toFrame(-1, 8));
    assertEquals(0x451000, Cr3.fromFrame(0x451, 8));
    assertEquals(0x123abcdeL, Cr3.toFrame(0xabcde123L, 4));
    assertEquals(0xabcde123L, Cr3.fromFrame(0x123abcdeL, 4));
    assertEquals(0x100000, Cr3.toFrame(1, 4));
    assertEquals(-1, Cr3.toFrame(0x1_0000_0000L, 4));
    assertEquals(-1, Cr3.fromFrame(0x1_0000_0000L, 4));
    assertEquals(-1, Cr3.toFrame(-1, 4));
  }
}
