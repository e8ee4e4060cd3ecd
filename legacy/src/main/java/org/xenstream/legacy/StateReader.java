// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.x86.HvmParam;

/// The body of a state: its chunks up to the zero, as PAGE_DATA, X86_TSC_INFO and VERIFY; what else
/// they say is noted in the [GuestState] (`pagebuf_get_one` in `xc_domain_restore.c`).
///
/// One object reads all states of an image, one after the other.
final class StateReader {
  private static final String CHUNK = "chunk";
  private static final String BATCH = "batch";

  private static final int PINNED_L2 = 1 << (PageType.L2TAB | PageType.PINNED);
  private static final int L3 = 1 << PageType.L3TAB | 1 << (PageType.L3TAB | PageType.PINNED);

  private final LegacyCursor in;
  private final boolean narrow;
  private final GuestState guest;
  private final Framer framer;
  private final PageFrames frames;
  private final Notes notes;
  private final PageBatch batch;
  private final CompressedPages compressed;
  private int part;
  private long pagesFrom;
  private long pagesEnd;
  private boolean inBuffer;
  private boolean memorySeen;
  private boolean verifying;
  private boolean compressionAsked;
  private boolean compressing;
  private int types;
  private long pinnedL2 = -1;

  StateReader(
      LegacyCursor in,
      Layout layout,
      GuestState guest,
      Framer framer,
      PageFrames frames,
      Notes notes,
      CompressedPages compressed) {
    this.in = in;
    this.narrow = layout.guest() == WordWidth.BITS_32;
    this.guest = guest;
    this.framer = framer;
    this.frames = frames;
    this.notes = notes;
    this.batch = new PageBatch(layout);
    this.compressed = compressed;
  }

  boolean isVerifying() {
    return verifying;
  }

  /// Whether the pages of this state come as differences.
  boolean isCompressing() {
    return compressing;
  }

  /// The next record, or null behind the zero. Views and pages of the one before are dead by then.
  ///
  /// @param shown how the pages are shown
  @Nullable Framed next(PagesShown shown) throws IOException {
    release();
    while (true) {
      if (part < batch.count()) {
        return nextPart(shown);
      }
      if (compressing) {
        Framed framed = compressed.next(shown);
        if (framed != null) {
          inBuffer = true;
          return framed;
        }
      }
      long at = in.position();
      int id = in.nextU32(CHUNK, "id");
      if (id > 0) {
        batch.read(in, id);
        part = 0;
        types |= batch.types();
        if (pinnedL2 < 0 && (types & PINNED_L2) != 0) {
          pinnedL2 = at;
        }
        if (compressing) {
          compressed.expect(batch);
          part = batch.count();
        }
        continue;
      }
      in.pass(4, CHUNK, "id");
      if (id == 0) {
        end(at);
        return null;
      }
      Framed framed = chunk(id, at);
      if (framed != null) {
        return framed;
      }
    }
  }

  private Framed nextPart(PagesShown shown) throws IOException {
    int from = part;
    part = batch.partEnd(from);
    long octets = (long) PageBatch.pages(batch.entries(), from, part) * Layout.PAGE;
    pagesFrom = in.position();
    pagesEnd = pagesFrom + octets;
    memorySeen |= octets > 0;
    PageRuns pages = PageRuns.NONE;
    if (shown == PagesShown.IN_VIEW || compressed.keepsAll()) {
      pages = PageRuns.of(in.require(octets, BATCH, "pages"));
      if (!verifying) {
        compressed.keep(batch.entries(), from, part, pages);
      }
    }
    return frames.frame(
        from == 0 ? batch.offset() : pagesFrom,
        batch.entries(),
        from,
        part,
        shown == PagesShown.IN_VIEW ? pages : PageRuns.NONE);
  }

  /// Tells whether the pages of the record shown last are the next octets of the input.
  boolean pagesAreNext() {
    return !inBuffer && in.position() == pagesFrom;
  }

  /// Moves the next pages of the record shown last into memory.
  void takePages(MemoryRuns into) throws IOException {
    if (inBuffer) {
      compressed.takePages(into);
      return;
    }
    long there = pagesEnd - in.position();
    if (into.byteSize() > there) {
      throw new IllegalArgumentException(
          "%d octets of pages wanted, %d left".formatted(into.byteSize(), there));
    }
    if (in.input().take(into) < into.byteSize()) {
      throw cut();
    }
  }

  private void release() throws IOException {
    inBuffer = false;
    long left = pagesEnd - in.position();
    if (left > 0 && in.input().advance(left) < left) {
      throw cut();
    }
  }

  private IOException cut() {
    return in.truncated(pagesEnd - pagesFrom, in.position() - pagesFrom, pagesFrom, BATCH, "pages");
  }

  private @Nullable Framed chunk(int id, long at) throws IOException {
    Chunk chunk = Chunk.of(id);
    if (chunk == null) {
      throw in.malformed(
          at,
          CHUNK,
          "id",
          "%d to %d".formatted(Chunk.HVM_X87_FIP_WIDTH.id(), PageBatch.MOST),
          Integer.toString(id));
    }
    HvmParam param = chunk.param();
    if (param != null) {
      guest.param(in, chunk, param, at);
      return null;
    }
    switch (chunk) {
      case ENABLE_VERIFY_MODE -> {
        return verify(at);
      }
      case VCPU_INFO -> guest.vcpuInfo(in);
      case TMEM, TMEM_EXTRA -> new Tmem(in, notes).skip(chunk, at);
      case TSC_INFO -> {
        return framer.frame(at, GuestState.tscInfo(in));
      }
      case LAST_CHECKPOINT -> guest.lastCheckpoint();
      case COMPRESSED_DATA -> {
        long length = in.takeWord(chunk.name(), "length");
        if (!compressing) {
          throw in.fault(
              Fault.MISPLACED, at, chunk.name(), null, "pages as they are", "compressed ones");
        }
        memorySeen |= length != 0;
        compressed.data(length, at);
      }
      case ENABLE_COMPRESSION -> compressionAsked = true;
      case TOOLSTACK -> guest.toolstack(in, at);
      default -> throw new AssertionError(chunk + " is a parameter");
    }
    return null;
  }

  private @Nullable Framed verify(long at) throws IOException {
    String part = Chunk.ENABLE_VERIFY_MODE.name();
    if (!memorySeen) {
      throw in.fault(Fault.MISPLACED, at, part, null, "pages in front of it", "none");
    }
    if (verifying) {
      notes.add(LegacyNote.Kind.ODDITY, in.at(at, part, null), "comes again");
      return null;
    }
    verifying = true;
    return framer.frame(at, new StreamRecord.Verify());
  }

  private void end(long at) throws IOException {
    if (compressing) {
      compressed.endOfBody(at);
    }
    if (!memorySeen) {
      throw in.malformed(at, "body", null, "pages of the guest", "none");
    }
    holdLevels();
    compressing |= compressionAsked;
  }

  /// Refuses a 32-bit guest whose page tables have two levels, one without PAE, which Xen ran up to
  /// 3.2: its topmost tables are of the second level, and it has none of the third.
  private void holdLevels() throws StreamFormatException {
    if (narrow && pinnedL2 >= 0 && (types & L3) == 0) {
      throw in.malformed(
          pinnedL2,
          BATCH,
          "type",
          "page tables of three levels (PAE) of a 32-bit guest",
          "a pinned table of level 2, and none of level 3 in all of the image: no Xen since 3.3"
              + " runs such a guest");
    }
  }
}
