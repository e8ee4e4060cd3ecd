// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.x86.HvmParam;
import org.xenstream.x86.VcpuContext;

/// Holds a restored guest against the one that was saved, both standing still: memory page by page
/// and the states of the vCPUs. Page tables, and pages that hold frame numbers as the guest's own,
/// differ in them, and are the self-check's matter.
final class Likeness {
  private Likeness() {}

  /// What differs, as text; empty where nothing does.
  ///
  /// @param live pages that the guest gave back while it was saved may be there again: the stream
  ///   had them, and has no way to take them back
  static List<String> differences(
      Departure before, SimHost to, SimDomain restored, byte[] stream, boolean live)
      throws IOException {
    List<String> differences = new ArrayList<>();
    SimHost from = before.host;
    SimDomain saved = before.guest.domain();
    Map<Long, MemorySegment> old = pages(saved);
    Map<Long, MemorySegment> now = pages(restored);
    Set<Long> changed =
        saved.isHvm() ? specialPages(from, saved) : pagesOfFrames(from, saved, stream);
    for (Map.Entry<Long, MemorySegment> was : old.entrySet()) {
      long pfn = was.getKey();
      MemorySegment page = now.remove(pfn);
      if (page == null) {
        differences.add("pfn 0x%x is lost".formatted(pfn));
        continue;
      }
      int type = type(from, saved, pfn);
      if (type != type(to, restored, pfn)) {
        differences.add(
            "pfn 0x%x was of type 0x%x and is of 0x%x"
                .formatted(pfn, type, type(to, restored, pfn)));
      }
      long at = was.getValue().mismatch(page);
      if (at != -1 && !PageType.isTable(type) && !changed.contains(pfn)) {
        differences.add("pfn 0x%x differs at 0x%x".formatted(pfn, at));
      }
    }
    if (!live && !now.isEmpty()) {
      differences.add("pfns %s are too many".formatted(now.keySet()));
    }
    states(from, saved, to, restored, differences);
    return differences;
  }

  private static Map<Long, MemorySegment> pages(SimDomain domain) {
    Map<Long, MemorySegment> pages = new TreeMap<>();
    domain.outcome().forEachPage(pages::put);
    return pages;
  }

  private static int type(SimHost host, SimDomain domain, long pfn) throws IOException {
    if (domain.isHvm()) {
      return PageType.NOTAB;
    }
    byte[] type = new byte[1];
    host.pageTypes(domain.domid(), new long[] {domain.frameOf(pfn)}, type, 1);
    return Byte.toUnsignedInt(type[0]);
  }

  /// Pages of the host's side, which a restore clears or the toolstack fills.
  private static Set<Long> specialPages(SimHost host, SimDomain domain) throws IOException {
    Set<Long> special = new TreeSet<>();
    for (HvmParam param :
        List.of(
            HvmParam.STORE_PFN, HvmParam.CONSOLE_PFN, HvmParam.IOREQ_PFN, HvmParam.BUFIOREQ_PFN)) {
      special.add(host.hvmParam(domain.domid(), param.index()));
    }
    return special;
  }

  /// The pages with numbers of the machine's frames that a restore has to change: start_info, and
  /// the p2m as the stream names it.
  private static Set<Long> pagesOfFrames(SimHost host, SimDomain domain, byte[] stream)
      throws IOException {
    Set<Long> pages = SavedStream.p2mPfns(stream);
    VcpuContext layout = VcpuContext.of(host.guestWidth(domain.domid()));
    pages.add(domain.pfnOf(layout.edx.get(domain.vcpuState(0, VcpuState.BASIC))));
    return pages;
  }

  private static void states(
      SimHost from, SimDomain saved, SimHost to, SimDomain restored, List<String> differences)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      if (saved.isHvm()) {
        MemorySegment old = from.hvmContext(saved.domid(), arena);
        MemorySegment now = to.hvmContext(restored.domid(), arena);
        if (old.mismatch(now) != -1) {
          differences.add("the HVM context differs at 0x%x".formatted(old.mismatch(now)));
        }
        return;
      }
      for (int vcpu = 0; vcpu < saved.vcpus(); vcpu++) {
        if (from.vcpuOnline(saved.domid(), vcpu) != to.vcpuOnline(restored.domid(), vcpu)) {
          differences.add("vCPU %d is not online here and there".formatted(vcpu));
          continue;
        }
        if (!from.vcpuOnline(saved.domid(), vcpu)) {
          continue;
        }
        for (VcpuState kind : List.of(VcpuState.EXTENDED, VcpuState.XSAVE, VcpuState.MSRS)) {
          MemorySegment old = from.vcpuState(saved.domid(), vcpu, kind, arena);
          MemorySegment now = to.vcpuState(restored.domid(), vcpu, kind, arena);
          if (old.mismatch(now) != -1) {
            differences.add(
                "state %s of vCPU %d differs at 0x%x".formatted(kind, vcpu, old.mismatch(now)));
          }
        }
      }
    }
  }
}
