// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.sim.GuestFault.Kind;

/// One check of a guest that does not run: everything that both kinds of guests have; see [PvCheck]
/// for the rest of a PV guest.
final class GuestCheck {
  private final SimGuest guest;
  private final SimDomain domain;
  private final GuestLayout layout;
  private final GuestMemory memory;
  private final int most;
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private final List<GuestFault> first = new ArrayList<>();
  private long pages;
  private long accounts;
  private long written;

  /// @param most how many faults are kept in full
  GuestCheck(SimGuest guest, int most) {
    this.guest = guest;
    this.domain = guest.domain();
    this.layout = guest.layout();
    this.memory = guest.newMemory();
    this.most = most;
  }

  GuestReport run() throws HypervisorException {
    for (long pfn = 0; pfn < layout.pfns; pfn++) {
      page(pfn);
    }
    long last = domain.outcome().lastPfn();
    for (long pfn = layout.pfns; pfn <= last; pfn++) {
      if (domain.frameOf(pfn) >= 0) {
        fault(Kind.EXTRA, pfn, "there is a page beyond the guest's last");
      }
    }
    record();
    policy();
    if (layout.spec.kind().isPv()) {
      new PvCheck(guest, memory, this).run();
    } else {
      hvm();
    }
    return new GuestReport(pages, written, counts, first);
  }

  void fault(Kind kind, long pfn, String message) {
    counts.merge(kind, 1L, Long::sum);
    if (first.size() < most) {
      first.add(new GuestFault(kind, pfn, message));
    }
  }

  /// A comparison of numbers.
  void same(Kind kind, long pfn, String what, long expected, long found) {
    if (expected != found) {
      fault(kind, pfn, "%s: expected 0x%x, found 0x%x".formatted(what, expected, found));
    }
  }

  private void page(long pfn) throws HypervisorException {
    boolean there = domain.frameOf(pfn) >= 0;
    if (!layout.isPage(pfn)) {
      if (there) {
        fault(Kind.EXTRA, pfn, "there is a page in a hole");
      }
      return;
    }
    if (domain.frameOf(layout.versionPage(pfn)) < 0) {
      fault(Kind.MISSING, pfn, "neither the page nor the version table's page for it is known");
      return;
    }
    long account = memory.account(pfn);
    accounts += PageAccount.weight(pfn, account);
    int kind = PageAccount.kind(account);
    if (kind == PageAccount.ABSENT) {
      if (there) {
        fault(Kind.EXTRA, pfn, "there is a page that was ballooned out");
      }
      return;
    }
    if (!there) {
      fault(Kind.MISSING, pfn, "there is no page");
      return;
    }
    pages++;
    boolean table = layout.spec.kind().isPv() && layout.pv.tableOf(pfn) >= 0;
    boolean known =
        switch (kind) {
          case PageAccount.DATA -> !layout.isSystem(pfn);
          case PageAccount.SYSTEM -> layout.isSystem(pfn) && !table;
          case PageAccount.TABLE -> table;
          default -> false;
        };
    if (!known) {
      fault(Kind.STRUCTURE, pfn, "the version table has 0x%x for it".formatted(account));
    } else if (kind == PageAccount.DATA) {
      data(pfn, account);
    }
  }

  private void data(long pfn, long account) throws HypervisorException {
    long version = PageAccount.version(account);
    written += version > 0 ? 1 : 0;
    long seed = layout.spec.seed();
    MemorySegment page = memory.read(pfn);
    if (PagePattern.matches(page, seed, pfn, version)
        || (PageAccount.isInFlight(account) && PagePattern.matches(page, seed, pfn, version + 1))) {
      return;
    }
    PagePattern.Found found = PagePattern.examine(page, seed, pfn);
    if (!found.whole()) {
      fault(
          Kind.TORN,
          pfn,
          "expected version %d, found one that is not whole: it says pfn 0x%x, version %d, and is another at octet 0x%x"
              .formatted(version, found.pfn(), found.version(), found.firstBad()));
    } else if (found.pfn() != pfn) {
      fault(
          Kind.WRONG_PFN,
          pfn,
          "expected version %d, found pfn 0x%x, version %d"
              .formatted(version, found.pfn(), found.version()));
    } else {
      fault(
          Long.compareUnsigned(found.version(), version) < 0 ? Kind.LOST : Kind.AHEAD,
          pfn,
          "expected version %d, found version %d".formatted(version, found.version()));
    }
  }

  private void record() throws HypervisorException {
    GuestRecord record = GuestRecord.load(memory.read(layout.record));
    GuestRecord expected = guest.record();
    if (!expected.equals(record)) {
      fault(
          Kind.STRUCTURE,
          layout.record,
          "the guest's record: expected %s, found %s".formatted(expected, record));
    }
    same(
        Kind.STRUCTURE,
        layout.versionsFirst,
        "the sum over the version table",
        guest.accounts(),
        accounts);
  }

  private void policy() throws HypervisorException {
    try (Arena arena = Arena.ofConfined()) {
      CpuPolicy found = guest.host().cpuPolicy(domain.domid(), arena);
      CpuPolicy expected = GuestPolicy.policy();
      compare(Kind.POLICY, "CPUID policy", expected.leaves(), found.leaves());
      compare(Kind.POLICY, "MSR policy", expected.msrs(), found.msrs());
    }
    StreamRecord.TscInfo tsc = guest.host().tscInfo(domain.domid());
    StreamRecord.TscInfo expected = GuestPolicy.tsc(layout.spec);
    same(Kind.POLICY, -1, "TSC mode", expected.mode(), tsc.mode());
    same(Kind.POLICY, -1, "TSC kHz", expected.khz(), tsc.khz());
    same(Kind.POLICY, -1, "TSC nanoseconds", expected.nsec(), tsc.nsec());
  }

  /// A comparison of octets.
  void compare(Kind kind, String what, MemorySegment expected, MemorySegment found) {
    if (expected.byteSize() != found.byteSize()) {
      fault(
          kind,
          -1,
          "%s: expected %d octets, found %d"
              .formatted(what, expected.byteSize(), found.byteSize()));
      return;
    }
    long at = expected.mismatch(found);
    if (at >= 0) {
      fault(
          kind,
          -1,
          "%s: octet 0x%x: expected 0x%02x, found 0x%02x"
              .formatted(
                  what,
                  at,
                  expected.get(ValueLayout.JAVA_BYTE, at),
                  found.get(ValueLayout.JAVA_BYTE, at)));
    }
  }

  private void hvm() throws HypervisorException {
    try (Arena arena = Arena.ofConfined()) {
      compare(
          Kind.CONTEXT,
          "HVM context",
          HvmStates.context(layout.spec, guest.generation()),
          guest.host().hvmContext(domain.domid(), arena));
    }
    for (GuestParams.Param param : GuestParams.travelling(layout)) {
      same(
          Kind.STRUCTURE,
          -1,
          "parameter " + param.param(),
          param.value(),
          guest.host().hvmParam(domain.domid(), param.param().index()));
    }
    long identPt = GuestParams.identPt(layout);
    if (domain.frameOf(identPt) >= 0) {
      for (int i = 0; i < PagePattern.WORDS; i++) {
        same(
            Kind.STRUCTURE,
            identPt,
            "word " + i + " of the identity page table",
            GuestParams.identWord(i),
            domain.readWord(identPt, 8 * i));
      }
    }
  }
}
