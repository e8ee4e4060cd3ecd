// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.x86.HvmParam;

/// The parameters of a simulated HVM or PVH guest, and the special pages that they name
/// (`alloc_magic_pages_hvm` in tools/libs/guest/xg_dom_x86.c).
final class GuestParams {
  private static final int PAGING_RING = 0;
  private static final int MONITOR_RING = 1;
  private static final int SHARING_RING = 2;
  private static final int BUFIOREQ = 3;
  private static final int STORE = 4;
  private static final int IOREQ = 5;
  private static final int IDENT_PT = 6;
  private static final int CONSOLE = 7;

  private static final long TSS_SIZE = 384;

  /// Entries of 4 MiB each: present, writable, user, accessed, dirty, superpage.
  private static final int IDENT_FLAGS = 0xE7;

  private GuestParams() {}

  /// A parameter and its value.
  record Param(HvmParam param, long value) {}

  /// How many special pages a guest has.
  static long pages() {
    return GuestLayout.IOREQ_SERVER_PAGES + GuestLayout.SPECIALS;
  }

  /// The parameters that travel, as they are from the beginning.
  static List<Param> travelling(GuestLayout layout) {
    List<Param> params = new ArrayList<>();
    params.add(new Param(HvmParam.STORE_PFN, layout.special(STORE)));
    if (layout.spec.kind() == GuestKind.HVM) {
      params.add(new Param(HvmParam.IOREQ_PFN, layout.special(IOREQ)));
      params.add(new Param(HvmParam.BUFIOREQ_PFN, layout.special(BUFIOREQ)));
      params.add(new Param(HvmParam.ACPI_IOPORTS_LOCATION, 1));
      params.add(new Param(HvmParam.IOREQ_SERVER_PFN, layout.ioreqServerFirst));
      params.add(new Param(HvmParam.NR_IOREQ_SERVER_PAGES, GuestLayout.IOREQ_SERVER_PAGES));
    }
    params.add(new Param(HvmParam.PAGING_RING_PFN, layout.special(PAGING_RING)));
    params.add(new Param(HvmParam.MONITOR_RING_PFN, layout.special(MONITOR_RING)));
    params.add(new Param(HvmParam.SHARING_RING_PFN, layout.special(SHARING_RING)));
    params.add(
        new Param(HvmParam.VM86_TSS_SIZED, TSS_SIZE << 32 | layout.special(MONITOR_RING) << 12));
    params.add(new Param(HvmParam.CONSOLE_PFN, layout.special(CONSOLE)));
    params.add(new Param(HvmParam.IDENT_PT, layout.special(IDENT_PT) << 12));
    params.add(
        new Param(HvmParam.VM_GENERATION_ID_ADDR, layout.record << 12 | GuestRecord.GENERATION_ID));
    params.add(new Param(HvmParam.MCA_CAP, 1));
    return params;
  }

  /// The page table for vCPUs without paging, which must arrive as it is.
  static long identPt(GuestLayout layout) {
    return layout.special(IDENT_PT);
  }

  /// Word `i` of that page.
  static long identWord(int i) {
    long low = ((2L * i) << 22 | IDENT_FLAGS) & 0xFFFF_FFFFL;
    long high = ((2L * i + 1) << 22 | IDENT_FLAGS) & 0xFFFF_FFFFL;
    return high << 32 | low;
  }

  /// Sets everything up in a domain with memory.
  static void build(SimHost host, SimDomain domain, GuestLayout layout) throws IOException {
    MemorySegment page = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
    // Rings hold something, so that a restore that leaves them as they were is found out.
    for (int special = 0; special < GuestLayout.SPECIALS; special++) {
      PagePattern.fill(page, layout.spec.seed(), layout.special(special), 1);
      domain.writePage(layout.special(special), page);
    }
    for (int i = 0; i < PagePattern.WORDS; i++) {
      page.set(PagePattern.WORD, 8L * i, identWord(i));
    }
    domain.writePage(identPt(layout), page);
    int domid = domain.domid();
    for (Param param : travelling(layout)) {
      host.setHvmParam(domid, param.param().index(), param.value());
    }
    host.setHvmParam(domid, HvmParam.STORE_EVTCHN.index(), domain.allocateEventChannel());
    host.setHvmParam(domid, HvmParam.CONSOLE_EVTCHN.index(), domain.allocateEventChannel());
    host.setHvmParam(domid, HvmParam.TIMER_MODE.index(), 1);
  }
}
