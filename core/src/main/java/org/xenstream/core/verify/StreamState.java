// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;

/// What the libxc stream has shown so far: the part of its past that more than one check asks for.
final class StreamState {
  /// A p2m frame of a 64-bit guest holds this many entries; of a 32-bit one twice as many.
  private static final int ENTRIES_64 = 512;

  private final String source;
  private @Nullable StreamHeaders headers;
  private StreamRecord.@Nullable PvInfo pvInfo;
  private final long[] seen = new long[RecordType.values().length];
  private long maxPfn = -1;
  private long checkpoints;
  private boolean recordsSinceCheckpoint;
  private boolean ended;
  private boolean faulted;

  StreamState(String source) {
    this.source = source;
  }

  /// The source's name, for locations.
  String source() {
    return source;
  }

  /// The headers, or null before the libxc stream began.
  @Nullable StreamHeaders headers() {
    return headers;
  }

  boolean isPv() {
    return headers != null && headers.domain().isPv();
  }

  boolean isHvm() {
    return headers != null && headers.domain().isHvm();
  }

  int version() {
    return headers == null ? 0 : headers.image().version();
  }

  /// The last X86_PV_INFO, or null before one came.
  StreamRecord.@Nullable PvInfo pvInfo() {
    return pvInfo;
  }

  /// How many records of a type came so far.
  long count(RecordType type) {
    return seen[type.ordinal()];
  }

  boolean has(RecordType type) {
    return count(type) > 0;
  }

  /// Tells whether the static data have ended: by the record, or as a reader infers it of a version
  /// 2 stream.
  boolean isStaticDataOver() {
    return has(RecordType.STATIC_DATA_END)
        || (version() == 2
            && (has(RecordType.PAGE_DATA) || has(RecordType.X86_PV_P2M_FRAMES)));
  }

  /// The highest pfn of a PV guest, from X86_PV_P2M_FRAMES; −1 while it is not known.
  long maxPfn() {
    return maxPfn;
  }

  /// How many checkpoints are complete.
  long checkpoints() {
    return checkpoints;
  }

  /// Tells whether a record came behind the last CHECKPOINT.
  boolean recordsSinceCheckpoint() {
    return recordsSinceCheckpoint;
  }

  /// Tells whether the END of the libxc stream came.
  boolean ended() {
    return ended;
  }

  /// Tells whether the structure could not be followed to the end.
  boolean faulted() {
    return faulted;
  }

  void fault() {
    faulted = true;
  }

  /// Takes an item in, after all checks saw it.
  void take(ImageItem item) {
    switch (item) {
      case ImageItem.LibxcBegins(var begun) -> headers = begun;
      case ImageItem.Libxc(var framed, _) -> take(framed);
      case ImageItem.LayerFound _, ImageItem.Libxl _, ImageItem.Trailing _ -> {}
    }
  }

  private void take(Framed framed) {
    RecordType type = RecordType.of(framed.frame().type());
    if (type != null) {
      seen[type.ordinal()]++;
    }
    recordsSinceCheckpoint = type != RecordType.CHECKPOINT;
    if (type == RecordType.CHECKPOINT) {
      checkpoints++;
    }
    ended |= type == RecordType.END;
    if (framed.record() instanceof StreamRecord.PvInfo info) {
      pvInfo = info;
    }
    if (framed.record() instanceof StreamRecord.PvP2mFrames frames) {
      takeP2m(frames);
    }
  }

  /// The highest pfn counts only as far as the frames that are named could hold it: no number in
  /// the record makes the guest larger than the record's own length allows.
  private void takeP2m(StreamRecord.PvP2mFrames frames) {
    long entries = pvInfo != null && pvInfo.guestWidth() == 4 ? 2L * ENTRIES_64 : ENTRIES_64;
    long held = (frames.startPfn() / entries + frames.count()) * entries - 1;
    maxPfn = Math.max(maxPfn, Math.min(frames.endPfn(), held));
  }
}
