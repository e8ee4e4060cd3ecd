// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.PfnScan;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.restore.RestoreCallbacks.CheckpointResult;

/// What a COLO receiver does at a checkpoint: lets its guest run until the next one, then tells the
/// sender which pages the guest dirtied (the second half of `handle_checkpoint`, and
/// `send_checkpoint_dirty_pfn_list`, of `xg_sr_restore.c`).
///
/// The toolstack has switched log-dirty on.
final class ColoSecondary {
  private final Hypervisor hypervisor;
  private final int domid;
  private final RestoreCallbacks callbacks;
  private final RecordSink backChannel;

  ColoSecondary(
      Hypervisor hypervisor, int domid, RestoreCallbacks callbacks, RecordSink backChannel) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.callbacks = callbacks;
    this.backChannel = backChannel;
  }

  /// Runs the guest, which is complete.
  ///
  /// @return null when the next checkpoint is to come; else why the sender is taken for dead
  @Nullable IOException runUntilNextCheckpoint(GuestRestore guest) throws IOException {
    callbacks.restoreResults(guest.storeFrame(), guest.consoleFrame());
    IOException failure = failure(callbacks.resume(), "resumed");
    if (failure == null) {
      failure = failure(callbacks.waitCheckpoint(), "waited for");
    }
    if (failure == null) {
      failure = failure(callbacks.suspend(), "suspended");
    }
    return failure == null ? sendDirty() : failure;
  }

  private static @Nullable IOException failure(CheckpointResult answer, String step)
      throws IOException {
    return switch (answer) {
      case SUCCESS -> null;
      case FAILOVER -> new IOException("the toolstack asks for a failover as the guest is " + step);
      case ERROR -> throw new IOException("the guest cannot be " + step);
    };
  }

  /// The guest's size is asked for each time: C asks once, before the guest has any memory.
  ///
  /// The guest is complete, whoever hears of its pages.
  ///
  /// @return null when the sender was told; else why it is taken for dead
  private @Nullable IOException sendDirty() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PfnBitmap dirty = new PfnBitmap(arena, hypervisor.pfnCount(domid));
      hypervisor.readLogDirty(domid, Hypervisor.LogDirtyOp.CLEAN, dirty, false);
      long octets = dirty.count() * Long.BYTES;
      if (octets > Wire.RECORD_LENGTH_MAX) {
        return new IOException(
            "%d dirty pfns do not fit into a record of %d octets"
                .formatted(octets / Long.BYTES, Wire.RECORD_LENGTH_MAX));
      }
      MemorySegment pfns = arena.allocate(octets, Long.BYTES);
      long at = 0;
      long[] some = new long[Wire.MAX_BATCH];
      PfnScan scan = new PfnScan();
      scan.begin(dirty);
      for (int count = scan.next(some); count > 0; count = scan.next(some)) {
        for (int i = 0; i < count; i++) {
          Wire.putU64(pfns, at, some[i], ByteOrder.LITTLE_ENDIAN);
          at += Long.BYTES;
        }
      }
      return send(new StreamRecord.CheckpointDirtyPfnList(pfns));
    }
  }

  private @Nullable IOException send(StreamRecord list) throws IOException {
    try {
      backChannel.accept(list);
      return null;
    } catch (TransferCancelledException e) {
      throw e;
    } catch (IOException e) {
      return e;
    }
  }
}
