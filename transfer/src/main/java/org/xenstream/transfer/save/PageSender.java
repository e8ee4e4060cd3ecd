// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.PfnScan;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.TransferEvent.Pass;

/// Sends the pages of a bitmap in batches (`send_dirty_pages` and `write_batch` of `xg_sr_save.c`).
///
/// A page that cannot be had as it should while the guest runs, a page table in the middle of a
/// change or a frame that goes while it is mapped, is sent as XTAB and deferred: it is sent again
/// when the guest is suspended, and if it cannot be had then, the save fails. In the reference a
/// frame that cannot be mapped fails the save at once, as does a table that the running guest has
/// made a page of data since its type was read, if that looks like a superpage; and a table that is
/// still bad is forgotten in silence where the guest is suspended but not paused as well.
final class PageSender implements AutoCloseable {
  /// A listener is told once in so many batches.
  private static final int BATCHES_PER_EVENT = 64;

  private final Hypervisor hypervisor;
  private final int domid;
  private final GuestSave guest;
  private final SaveOutput out;
  private final SaveOptions options;

  /// Pages to be sent again when the guest is suspended.
  private final PfnBitmap deferred;

  /// The first of them.
  private final long[] deferredFirst = new long[Wire.MAX_BATCH];

  private final PfnScan scan = new PfnScan();
  private final long[] pfns = new long[Wire.MAX_BATCH];
  private final long[] frames = new long[Wire.MAX_BATCH];
  private final long[] toMap = new long[Wire.MAX_BATCH];
  private final byte[] types = new byte[Wire.MAX_BATCH];
  private final long[] oneFrame = new long[1];
  private final byte[] oneType = new byte[1];
  private final PageBatch batch;

  /// Where normalised pages of a batch lie until it is written.
  private final MemorySegment scratch;

  /// The pages of the batch that was sent last, where they are still mapped.
  private @Nullable ForeignMapping mapped;

  private boolean suspended;
  private long deferredCount;
  private long entriesSent;
  private long pagesSent;

  /// @param arena owns what this needs, some 4 MiB and a bitmap
  PageSender(
      Arena arena,
      Hypervisor hypervisor,
      int domid,
      GuestSave guest,
      SaveOutput out,
      SaveOptions options) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.guest = guest;
    this.out = out;
    this.options = options;
    this.deferred = new PfnBitmap(arena, guest.pfnCount());
    this.batch = new PageBatch(arena, Wire.MAX_BATCH);
    this.scratch = arena.allocate((long) Wire.MAX_BATCH * Wire.PAGE_SIZE, Wire.PAGE_SIZE);
  }

  /// Says whether the guest stands still, so that nothing that is wrong with a page will pass.
  void setSuspended(boolean nowSuspended) {
    suspended = nowSuspended;
    if (!suspended) {
      unmap();
    }
  }

  /// Unmaps what is still mapped.
  @Override
  public void close() {
    unmap();
  }

  private void unmap() {
    if (mapped != null) {
      mapped.close();
      mapped = null;
    }
  }

  /// Adds the pages that are deferred to `dirty` and forgets them.
  ///
  /// @return how many there were, counted as often as they were deferred
  long takeDeferred(PfnBitmap dirty) {
    if (deferredCount == 0) {
      return 0; // the guest is suspended meanwhile
    }
    if (deferredCount <= deferredFirst.length) {
      // The guest stands still: few are not looked for among all.
      for (int i = 0; i < deferredCount; i++) {
        dirty.set(deferredFirst[i]);
        deferred.clear(deferredFirst[i]);
      }
    } else {
      dirty.or(deferred);
      deferred.clearAll();
    }
    long count = deferredCount;
    deferredCount = 0;
    return count;
  }

  /// How many pages were named, and how many sent with data, since the beginning.
  long entriesSent() {
    return entriesSent;
  }

  long pagesSent() {
    return pagesSent;
  }

  /// Sends the pages whose bits are set, then looks whether the guest can still be saved.
  ///
  /// @param expected how many those should be, for whoever watches
  /// @param rate is told of each batch
  /// @return how many they were
  long send(PfnBitmap dirty, Pass pass, int round, long expected, LineRate rate)
      throws IOException {
    long sent = 0;
    int batches = 0;
    scan.begin(dirty);
    for (int count = scan.next(pfns); count > 0; count = scan.next(pfns)) {
      sendBatch(count);
      sent += count;
      rate.sent(options.nanoTime.getAsLong(), out.written());
      if (++batches % BATCHES_PER_EVENT == 0) {
        options.listener.on(new TransferEvent.Progress(pass, round, sent, expected, out.written()));
      }
    }
    guest.checkState();
    return sent;
  }

  private void sendBatch(int count) throws IOException {
    options.cancellation.check();
    options.deadline.check();
    guest.frames(pfns, frames, count);
    hypervisor.pageTypes(domid, frames, types, count);
    int wanted = 0;
    for (int i = 0; i < count; i++) {
      int type = types[i];
      if (type < 0 || type > PageType.XTAB || (PageType.RESERVED_SET >>> type & 1) != 0) {
        throw atPage(i, "expected a known page type, found 0x" + Integer.toHexString(type & 0xFF));
      }
      if (frames[i] == Hypervisor.INVALID_FRAME) {
        // Ballooned out, most likely; it may be back by then.
        defer(i);
        types[i] = PageType.XTAB;
      } else if (PageType.hasData(type)) {
        toMap[wanted++] = frames[i];
      }
    }
    unmap();
    batch.clear();
    if (wanted == 0) {
      for (int i = 0; i < count; i++) {
        batch.addEntry(types[i], pfns[i]);
      }
      write();
      return;
    }
    mapped = hypervisor.map(domid, Hypervisor.Access.READ, toMap, wanted);
    gather(mapped, count);
    // Guest memory is sent from where it lies, so it has to stay mapped until then.
    write();
    // To unmap takes as long as to send some hundred pages; a guest that stands still waits for the
    // rest of its state first.
    if (!suspended) {
      unmap();
    }
  }

  private void gather(ForeignMapping mapping, int count) throws IOException {
    MemorySegment memory = mapping.memory();
    int mapped = 0;
    int normalised = 0;
    for (int i = 0; i < count; i++) {
      int type = types[i];
      if (!PageType.hasData(type)) {
        batch.addEntry(type, pfns[i]);
        continue;
      }
      int place = mapped++;
      if (mapping.error(place) != 0) {
        if (suspended) {
          throw atPage(
              i, "expected a page that can be mapped, found error " + mapping.error(place));
        }
        deferWithoutData(i);
      } else if (!guest.normalises(type)) {
        batch.addEntry(type, pfns[i]);
        batch.addPage(memory, mapping.offset(place));
      } else {
        long at = (long) normalised * Wire.PAGE_SIZE;
        switch (guest.normalise(type, memory, mapping.offset(place), scratch, at)) {
          case DONE -> {
            batch.addEntry(type, pfns[i]);
            batch.addPage(scratch, at);
            normalised++;
          }
          case UNSTABLE -> {
            if (suspended) {
              throw atPage(i, guest.whyNot());
            }
            deferWithoutData(i);
          }
          case IMPOSSIBLE -> {
            if (suspended || !isTransient(i, memory, mapping.offset(place), at)) {
              throw atPage(i, guest.whyNot());
            }
            deferWithoutData(i);
          }
        }
      }
    }
  }

  /// Looks once more at a table that cannot be one: a running guest may have made it a page of data
  /// since its type was read, and may be making it a table again.
  private boolean isTransient(int i, MemorySegment memory, long from, long to) throws IOException {
    oneFrame[0] = frames[i];
    hypervisor.pageTypes(domid, oneFrame, oneType, 1);
    return oneType[0] != types[i]
        || guest.normalise(types[i], memory, from, scratch, to) != GuestSave.Normalised.IMPOSSIBLE;
  }

  private void write() throws IOException {
    out.accept(batch);
    entriesSent += batch.count();
    pagesSent += batch.pages();
  }

  private void deferWithoutData(int i) {
    batch.addEntry(PageType.XTAB, pfns[i]);
    defer(i);
  }

  private void defer(int i) {
    if (!suspended) {
      deferred.set(pfns[i]);
      if (deferredCount < deferredFirst.length) {
        deferredFirst[(int) deferredCount] = pfns[i];
      }
      deferredCount++;
    }
  }

  private SaveException atPage(int i, String problem) {
    return new SaveException(
        domid, "pfn 0x%x (frame 0x%x): %s".formatted(pfns[i], frames[i], problem));
  }
}
