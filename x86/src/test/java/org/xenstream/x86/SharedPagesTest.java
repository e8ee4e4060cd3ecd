// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The pages that a guest shares with Xen and gets from the domain builder.
class SharedPagesTest {

  @Test
  void sharedInfoOf64Bits() {
    MemorySegment page =
        new Blob(4096)
            .u8(1, 1)
            .u32(32, 30)
            .u8(60, -1)
            .u8(61, 1)
            .u8(65, 1)
            .u8(128, 1)
            .u64(2048, 0b1110)
            .u64(2048 + 504, 1L << 63)
            .u32(3072, 2)
            .u32(3076, 1795388478L)
            .u64(3088, 10240)
            .u64(3096, -1)
            .u64(3104, 0b101)
            .u64(3112, 0x451000)
            .u64(3120, 0xffffc90000000000L)
            .u64(3128, 4)
            .segment;
    SharedInfo info = SharedInfo.of(8);
    assertEquals(10240, info.maxPfn.get(page));
    assertEquals(-1, info.frameListList.get(page));
    assertEquals(0x451000, info.p2mCr3.get(page));
    assertEquals(0xffffc90000000000L, info.p2mVaddr.get(page));
    assertEquals(4, info.p2mGeneration.get(page));
    assertEquals(1795388478L, info.wallClockSeconds.get(page));
    assertEquals(4096, info.eventChannels());
    assertEquals(2048, info.eventsPendingOffset);
    assertEquals(2560, info.eventsMaskOffset);
    assertEquals(64, info.vcpuInfoOffset(1));
    assertEquals(2048, info.vcpuInfoOffset(SharedInfo.VCPUS));
    assertEquals(72, info.pendingSelector(1).offset());
    assertThrows(IndexOutOfBoundsException.class, () -> info.vcpuInfoOffset(33));

    Decoded.Group tree = Blobs.sharedInfo(page, 8);
    assertEquals("evtchn_pending=\"1-3,4095\"", Rendering.at(tree, "evtchn_pending"));
    assertEquals("evtchn_mask=\"none\"", Rendering.at(tree, "evtchn_mask"));
    assertEquals("tsc_shift=-1", Rendering.at(tree, "vcpu_info.0.time.tsc_shift"));
    assertEquals("flags=0x01 [TSC_STABLE]", Rendering.at(tree, "vcpu_info.0.time.flags"));
    // vCPU 1 has nothing but its upcall masked; vCPU 2 has an upcall pending.
    assertEquals("absent", Rendering.at(tree, "vcpu_info.1"));
    assertEquals(
        "evtchn_upcall_pending=1", Rendering.at(tree, "vcpu_info.2.evtchn_upcall_pending"));
    assertEquals(
        "arch{max_pfn=10240; pfn_to_mfn_frame_list_list=0xffffffffffffffff (no frame);"
            + " nmi_reason=0x0000000000000005 [io_error, unknown]; p2m_cr3=0x0000000000451000;"
            + " p2m_vaddr=0xffffc90000000000; p2m_generation=4}",
        Rendering.at(tree, "arch"));
    assertEquals("derived{p2m_cr3_frame=0x0000000000000451}", Rendering.at(tree, "derived"));
    assertEquals("unknown_tail=[" + "00".repeat(960) + "]", Rendering.at(tree, "unknown_tail"));
  }

  @Test
  void sharedInfoOf32Bits() {
    MemorySegment page =
        new Blob(4096)
            .u32(2048, 6)
            .u32(2316, 4096)
            .u32(2320, 0x13f80a)
            .u32(2328, 0xabcde123L)
            .u32(2340, 7)
            .segment;
    SharedInfo info = SharedInfo.of(4);
    assertEquals(4096, info.maxPfn.get(page));
    assertEquals(0x13f80a, info.frameListList.get(page));
    assertEquals(1024, info.eventChannels());
    assertEquals(2176, info.eventsMaskOffset);
    assertEquals(68, info.pendingSelector(1).offset());
    Decoded.Group tree = Blobs.sharedInfo(page, 4);
    assertEquals("evtchn_pending=\"1-2\"", Rendering.at(tree, "evtchn_pending"));
    assertEquals("wc_sec_hi=7", Rendering.at(tree, "arch.wc_sec_hi"));
    assertEquals("derived{p2m_cr3_frame=0x00000000123abcde}", Rendering.at(tree, "derived"));
    assertEquals(
        List.of("cut in shared_info.arch.p2m_cr3: 2330 of 2344 octets are there"),
        Rendering.problems(Blobs.sharedInfo(page.asSlice(0, 2330), 4)));
  }

  @Test
  void startInfoOfBothWidths() {
    for (int width : new int[] {8, 4}) {
      StartInfo info = StartInfo.of(width);
      MemorySegment page = Blob.ofZeroes(4096);
      info.storeFrame.set(page, 0x11);
      info.storeEventChannel.set(page, 1);
      info.consoleFrame.set(page, 0x22);
      info.consoleEventChannel.set(page, 2);
      info.flags.set(page, StartInfo.VIRT_P2M_4TOOLS);
      Blob expected = new Blob(4096);
      if (width == 8) {
        expected.u32(48, 0x10).u64(56, 0x11).u32(64, 1).u64(72, 0x22).u32(80, 2);
      } else {
        expected.u32(40, 0x10).u32(44, 0x11).u32(48, 1).u32(52, 0x22).u32(56, 2);
      }
      assertEquals(-1, page.mismatch(expected.segment));
      Decoded.Group tree = Blobs.startInfo(page, width);
      assertEquals("flags=0x00000010 [VIRT_P2M_4TOOLS]", Rendering.at(tree, "flags"));
      assertEquals("evtchn=2", Rendering.at(tree, "console.domU.evtchn"));
      assertEquals(
          List.of("the guest width must be 4 or 8 but is 0"),
          Rendering.problems(Blobs.startInfo(page, 0)));
    }
  }

  @Test
  void startInfoShowsItsTexts() {
    MemorySegment page =
        new Blob(1168).text(0, "xen-3.0-x86_64").text(128, "root=/dev/xvda\n\u007fro").segment;
    Decoded.Group tree = Blobs.startInfo(page, 8);
    assertEquals("magic=\"xen-3.0-x86_64\"", Rendering.at(tree, "magic"));
    assertEquals("cmd_line=\"root=/dev/xvda??ro\"", Rendering.at(tree, "cmd_line"));
  }
}
