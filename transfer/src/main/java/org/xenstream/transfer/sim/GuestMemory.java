// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.PageTableEntry;

/// A guest's own hands on its memory: data pages with their versions, the p2m, page tables with
/// their shadows. All of it happens inside the domain ([SimDomain#enter]) or while it does not run.
///
/// Each thread has its own, for the page it fills; what threads share they divide among themselves
/// by pfns, and the p2m of a 32-bit guest, whose entries are halves of words, is guarded.
final class GuestMemory {
  private static final long INVALID_32 = 0xFFFF_FFFFL;

  final SimDomain domain;
  final GuestLayout layout;
  private final Object p2mGuard;
  private final LongAdder accounts;
  private final MemorySegment scratch = MemorySegment.ofArray(new byte[PagePattern.PAGE]);

  /// @param p2mGuard the same for all threads of a guest
  /// @param accounts the sum of the version table's entries, see [PageAccount#weight]
  GuestMemory(SimDomain domain, GuestLayout layout, Object p2mGuard, LongAdder accounts) {
    this.accounts = accounts;
    this.domain = domain;
    this.layout = layout;
    this.p2mGuard = p2mGuard;
  }

  // ---- Data pages

  long account(long pfn) throws HypervisorException {
    return domain.readWord(layout.versionPage(pfn), GuestLayout.versionOffset(pfn));
  }

  void setAccount(long pfn, long entry) throws HypervisorException {
    accounts.add(PageAccount.weight(pfn, entry) - PageAccount.weight(pfn, account(pfn)));
    domain.writeWord(layout.versionPage(pfn), GuestLayout.versionOffset(pfn), entry);
  }

  /// Writes the next version of a page, then takes it down.
  void rewrite(long pfn) throws HypervisorException {
    long version = PageAccount.version(account(pfn)) + 1;
    PagePattern.fill(scratch, layout.spec.seed(), pfn, version);
    domain.writePage(pfn, scratch);
    setAccount(pfn, PageAccount.data(version));
  }

  /// Reads a page.
  ///
  /// @return valid until the next read or write of this object
  MemorySegment read(long pfn) throws HypervisorException {
    domain.readPage(pfn, scratch);
    return scratch;
  }

  /// Writes 512 words.
  void writeWords(long pfn, long[] words) throws HypervisorException {
    MemorySegment.copy(words, 0, scratch, PagePattern.WORD, 0, PagePattern.WORDS);
    domain.writePage(pfn, scratch);
  }

  // ---- The p2m

  /// What the guest's p2m says of a pfn, −1 for none.
  long p2m(long pfn) throws HypervisorException {
    PvLayout pv = layout.pv;
    long word = domain.readWord(pv.p2mFirst + pfn / pv.perFrame(), p2mOffset(pfn));
    if (pv.width == 8) {
      return word;
    }
    long half = (pfn & 1) == 0 ? word & INVALID_32 : word >>> 32;
    return half == INVALID_32 ? -1 : half;
  }

  void setP2m(long pfn, long mfn) throws HypervisorException {
    PvLayout pv = layout.pv;
    long page = pv.p2mFirst + pfn / pv.perFrame();
    if (pv.width == 8) {
      domain.writeWord(page, p2mOffset(pfn), mfn);
      return;
    }
    synchronized (p2mGuard) {
      long word = domain.readWord(page, p2mOffset(pfn));
      int shift = (pfn & 1) == 0 ? 0 : 32;
      long changed = (word & ~(INVALID_32 << shift)) | ((mfn & INVALID_32) << shift);
      domain.writeWord(page, p2mOffset(pfn), changed);
    }
  }

  /// Where the word with the entry of a pfn lies in its page.
  private int p2mOffset(long pfn) {
    return (int) (pfn % layout.pv.perFrame() * layout.pv.width) & -8;
  }

  /// Writes a page of guest words, each with the mfn of a pfn, −1 for none.
  ///
  /// @param pfns the pfns, at most as many as fit
  void writeFrames(long page, long[] pfns, int count) throws HypervisorException {
    PvLayout pv = layout.pv;
    scratch.fill((byte) -1);
    for (int i = 0; i < count; i++) {
      long mfn = pfns[i] < 0 ? -1 : domain.frameOf(pfns[i]);
      if (pv.width == 8) {
        scratch.set(PagePattern.WORD, 8L * i, mfn);
      } else {
        scratch.set(Words.U32, 4L * i, (int) mfn);
      }
    }
    domain.writePage(page, scratch);
  }

  /// Lets the frame lists name the frames of the p2m where they are now.
  void writeFrameLists() throws HypervisorException {
    PvLayout pv = layout.pv;
    int fit = pv.perFrame();
    long[] pfns = new long[fit];
    for (long list = 0; list < pv.frameListCount; list++) {
      int count = (int) Math.min(fit, pv.p2mCount - list * fit);
      for (int i = 0; i < count; i++) {
        pfns[i] = pv.p2mFirst + list * fit + i;
      }
      writeFrames(pv.frameListFirst + list, pfns, count);
    }
    for (int i = 0; i < pv.frameListCount; i++) {
      pfns[i] = pv.frameListFirst + i;
    }
    writeFrames(pv.frameListList, pfns, (int) pv.frameListCount);
  }

  // ---- Page tables

  /// An entry with the mfn in place of the pfn.
  long localise(long entry) throws HypervisorException {
    return PageTableEntry.isPresent(entry)
        ? PageTableEntry.withFrame(entry, p2m(PageTableEntry.frame(entry)))
        : entry;
  }

  /// Changes an entry of a table, and its shadow.
  ///
  /// @param entry with a pfn
  void setEntry(int table, int slot, long entry) throws HypervisorException {
    domain.updateEntry(layout.pv.tablePfn(table), slot, localise(entry));
    domain.writeWord(layout.pv.shadowPfn(table), 8 * slot, entry);
  }

  /// Fills a page that is to become a table, and its shadow.
  void fillTable(int table, long[] entries) throws HypervisorException {
    writeWords(layout.pv.shadowPfn(table), entries);
    long[] local = new long[entries.length];
    for (int i = 0; i < local.length; i++) {
      local[i] = localise(entries[i]);
    }
    writeWords(layout.pv.tablePfn(table), local);
  }

  /// The entry of a table as its shadow has it, with a pfn.
  long shadow(int table, int slot) throws HypervisorException {
    return domain.readWord(layout.pv.shadowPfn(table), 8 * slot);
  }

  /// Changes the direct map's entry of a page: 0 unmaps it.
  void setDirect(long pfn, long entry) throws HypervisorException {
    PvLayout pv = layout.pv;
    long address = pv.directAddress(pfn);
    if (address != -1) {
      int slot = (int) (address >>> 12) & (PageTableEntry.ENTRIES - 1);
      setEntry(pv.tree.l1(TableTree.KERNEL, address), slot, entry);
    }
  }
}
