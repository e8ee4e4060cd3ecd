// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.sim.GuestFault.Kind;
import org.xenstream.x86.Field;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.PageTableLevel;
import org.xenstream.x86.SharedInfo;
import org.xenstream.x86.StartInfo;

/// What only a PV guest has to be checked for: its p2m, its page tables, start_info, the shared
/// info page, its vCPUs.
final class PvCheck {
  private final SimGuest guest;
  private final SimDomain domain;
  private final GuestLayout layout;
  private final PvLayout pv;
  private final GuestMemory memory;
  private final GuestCheck check;

  PvCheck(SimGuest guest, GuestMemory memory, GuestCheck check) {
    this.guest = guest;
    this.domain = guest.domain();
    this.layout = guest.layout();
    this.pv = layout.pv;
    this.memory = memory;
    this.check = check;
  }

  void run() throws HypervisorException {
    p2m();
    for (int table = 0; table < pv.tables(); table++) {
      table(table);
    }
    startInfo();
    sharedInfo();
    vcpus();
  }

  private boolean isThere(long pfn) {
    return domain.frameOf(pfn) >= 0;
  }

  private void p2m() throws HypervisorException {
    for (long pfn = 0; pfn < layout.spec.pages(); pfn++) {
      if (!isThere(pv.p2mFirst + pfn / pv.perFrame())) {
        continue;
      }
      long frame = domain.frameOf(pfn);
      check.same(Kind.P2M, pfn, "the p2m's entry", frame, memory.p2m(pfn));
      if (frame >= 0) {
        check.same(Kind.P2M, pfn, "the m2p's entry", pfn, domain.pfnOf(frame));
      }
    }
  }

  private void table(int table) throws HypervisorException {
    long pfn = pv.tablePfn(table);
    long account = memory.account(pfn);
    if (!isThere(pfn) || PageAccount.kind(account) != PageAccount.TABLE) {
      return;
    }
    int level = PageAccount.level(account);
    int type = level | (PageAccount.isPinned(account) ? PageType.PINNED : 0);
    byte[] found = new byte[1];
    guest.host().pageTypes(domain.domid(), new long[] {domain.frameOf(pfn)}, found, 1);
    if (found[0] != type) {
      check.fault(
          Kind.TABLE_TYPE,
          pfn,
          "expected %s, found %s".formatted(PageType.name(type), PageType.name(found[0])));
    }
    boolean top = level == 2 && pv.width == 4 && table == pv.window();
    int slots = level == 0 ? 0 : PageTableLevel.of(level).entries(pv.width);
    for (int slot = 0; slot < slots; slot++) {
      boolean xens =
          PageTableEntry.isXenSlot(PageTableLevel.of(level), slot)
              || (top && slot >= PageTableEntry.COMPAT_L2_XEN_FIRST);
      if (!xens) {
        entry(pfn, table, slot);
      }
    }
  }

  private void entry(long pfn, int table, int slot) throws HypervisorException {
    long shadow = memory.shadow(table, slot);
    long found = domain.readWord(pfn, 8 * slot);
    if ((table == pv.fixmap() && slot == 0) || guest.isForeign(table, slot)) {
      // Where the kernel has the shared info page, while it runs.
      if (found != 0) {
        check.same(Kind.TABLE_ENTRY, pfn, "slot " + slot, guest.sharedInfoEntry(), found);
      }
      return;
    }
    long expected = shadow;
    if (PageTableEntry.isPresent(shadow)) {
      long names = PageTableEntry.frame(shadow);
      long frame = names < layout.pfns ? domain.frameOf(names) : -1;
      if (frame < 0) {
        check.fault(
            Kind.TABLE_ENTRY,
            pfn,
            "slot %d names pfn 0x%x, which has no page".formatted(slot, names));
        return;
      }
      expected = PageTableEntry.withFrame(shadow, frame);
    }
    if (expected != found) {
      check.fault(
          Kind.TABLE_ENTRY,
          pfn,
          "slot %d: expected 0x%x for pfn 0x%x, found 0x%x"
              .formatted(slot, expected, PageTableEntry.frame(shadow), found));
    }
  }

  private void startInfo() throws HypervisorException {
    if (!isThere(pv.startInfo)) {
      return;
    }
    boolean suspended = guest.host().domainInfo(domain.domid()).isSuspended();
    StartInfo info = StartInfo.of(pv.width);
    MemorySegment page = memory.read(pv.startInfo);
    long store = suspended ? pv.store : domain.frameOf(pv.store);
    long console = suspended ? pv.console : domain.frameOf(pv.console);
    structure("start_info.store_mfn", store, info.storeFrame.get(page));
    structure("start_info.console.domU.mfn", console, info.consoleFrame.get(page));
    structure("start_info.nr_pages", layout.spec.pages(), info.pages.get(page));
    structure("start_info.shared_info", guest.sharedInfoFrame() << 12, info.sharedInfo.get(page));
    long top = pv.directAddress(pv.tablePfn(pv.tree.root(TableTree.KERNEL)));
    structure("start_info.pt_base", top, info.pageTableBase.get(page));
    structure("start_info.first_p2m_pfn", pv.p2mFirst, info.firstP2mPfn.get(page));
  }

  private void structure(String what, long expected, long found) {
    check.same(Kind.STRUCTURE, pv.startInfo, what, expected, found);
  }

  private void sharedInfo() {
    SharedInfo shared = SharedInfo.of(pv.width);
    MemorySegment page = domain.sharedInfo();
    check.same(Kind.STRUCTURE, -1, "arch.max_pfn", layout.spec.pages(), shared.maxPfn.get(page));
    // Zero after a restore, until the guest has set it again.
    long lists = shared.frameListList.get(page);
    if (lists != 0) {
      check.same(
          Kind.STRUCTURE,
          -1,
          "arch.pfn_to_mfn_frame_list_list",
          domain.frameOf(pv.frameListList),
          lists);
    }
    long address = layout.spec.linearP2m() ? pv.p2mAddress() : 0;
    check.same(Kind.STRUCTURE, -1, "arch.p2m_vaddr", address, shared.p2mVaddr.get(page));
    Field differs = new PvStates(pv).differsInVcpuInfo(page, guest.generation());
    if (differs != null) {
      check.fault(
          Kind.CONTEXT,
          -1,
          "%s of the shared info page is not that of generation %d"
              .formatted(differs.name(), guest.generation()));
    }
  }

  private void vcpus() throws HypervisorException {
    PvStates states = new PvStates(pv);
    for (int vcpu = 0; vcpu < layout.spec.vcpus(); vcpu++) {
      boolean online = guest.host().vcpuOnline(domain.domid(), vcpu);
      if (online != layout.spec.isOnline(vcpu)) {
        check.fault(
            Kind.CONTEXT, -1, "vCPU %d is %s".formatted(vcpu, online ? "online" : "offline"));
      }
      if (!online) {
        continue;
      }
      for (VcpuState kind : VcpuState.values()) {
        try (Arena arena = Arena.ofConfined()) {
          check.compare(
              Kind.CONTEXT,
              "vCPU %d %s".formatted(vcpu, kind),
              states.state(kind, vcpu, guest.generation(), domain::frameOf),
              guest.host().vcpuState(domain.domid(), vcpu, kind, arena));
        }
      }
    }
  }
}
