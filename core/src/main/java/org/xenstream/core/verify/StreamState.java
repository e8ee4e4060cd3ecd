// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// What the libxc stream has shown so far: the part of its past that more than one check asks for.
final class StreamState {
  /// Places for the mandatory types by their number, and the last for the optional one.
  private static final int SLOTS = 32;

  /// Steps that an image may make the judge take without paying for them, and for each octet.
  private static final long FREE_WORK = 1L << 24;

  private static final int WORK_OF_OCTET = 16;

  private @Nullable StreamHeaders headers;
  private StreamRecord.@Nullable PvInfo pvInfo;
  private final long[] seen = new long[SLOTS];
  private final long[] seenInSet = new long[SLOTS];
  private @Nullable PvMemory memory;
  private @Nullable StartInfoPages startInfo;
  private XlConfig config = XlConfig.NONE;
  private boolean backChannel;
  private boolean legacy;
  private long maxPfn = -1;
  private boolean damaged;
  private long checkpoints;
  private boolean inLibxl;
  private boolean openCheckpoint;
  private long end;
  private long work = FREE_WORK;
  private boolean recordsSinceCheckpoint;
  private boolean hasPic;

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

  /// Tells whether the records are those of a back channel, which are no guest.
  boolean isBackChannel() {
    return backChannel;
  }

  /// Tells whether the records are the translation of a legacy image.
  boolean isLegacy() {
    return legacy;
  }

  /// What the configuration in an xl header tells.
  XlConfig config() {
    return config;
  }

  /// Tells whether the guest is known to have a device model: by the configuration, which decides,
  /// or without one by the devices in its HVM context.
  boolean hasDeviceModel() {
    String type = config.type();
    return isHvm()
        && (type == null ? hasPic : type.equals("hvm") && !"none".equals(config.deviceModel()));
  }

  /// Octets in a word of a PV guest; 8, as in a new domain, before X86_PV_INFO.
  int guestWidth() {
    return pvInfo != null && pvInfo.guestWidth() == 4 ? 4 : 8;
  }

  /// How many entries of the p2m a frame holds.
  int p2mEntriesInFrame() {
    return Wire.PAGE_SIZE / guestWidth();
  }

  private static int slot(RecordType type) {
    return RecordType.isOptional(type.code()) ? SLOTS - 1 : type.code();
  }

  /// How many records of a type came so far.
  long count(RecordType type) {
    return seen[slot(type)];
  }

  boolean has(RecordType type) {
    return count(type) > 0;
  }

  /// Tells whether a record of the type came since the last CHECKPOINT.
  boolean hasInSet(RecordType type) {
    return seenInSet[slot(type)] > 0;
  }

  /// Tells whether the static data have ended: by the record, or as a reader infers it of a version
  /// 2 stream.
  boolean isStaticDataOver() {
    return has(RecordType.STATIC_DATA_END)
        || (version() == 2 && (has(RecordType.PAGE_DATA) || has(RecordType.X86_PV_P2M_FRAMES)));
  }

  /// The highest pfn of a PV guest, from X86_PV_P2M_FRAMES; −1 while it is not known.
  long maxPfn() {
    return maxPfn;
  }

  /// Tells whether a record contradicted itself: then it is not known what the guest has, and
  /// nothing is called missing.
  boolean isDamaged() {
    return damaged;
  }

  /// The PV guest's pages.
  PvMemory memory() {
    if (memory == null) {
      memory = new PvMemory();
    }
    return memory;
  }

  /// What the PV guest's pages would name as start info.
  StartInfoPages startInfo() {
    if (startInfo == null) {
      startInfo = new StartInfoPages(memory());
    }
    return startInfo;
  }

  /// How many CHECKPOINT records came.
  long checkpoints() {
    return checkpoints;
  }

  /// How many checkpoints a restore has all of: within a libxl stream, CHECKPOINT_END has come.
  long completeCheckpoints() {
    return openCheckpoint ? checkpoints - 1 : checkpoints;
  }

  /// Tells whether libxl's part of a checkpoint has not ended yet.
  boolean isCheckpointOpen() {
    return openCheckpoint;
  }

  /// Tells whether the image is long enough for so many steps more, and counts them: where one
  /// small record makes the judge look at all that came before, its time would else grow with the
  /// square of the image's length.
  boolean affords(long steps) {
    if (work < steps) {
      return false;
    }
    work -= steps;
    return true;
  }

  /// Where the last item ended, in octets from the start of the source.
  long end() {
    return end;
  }

  /// Tells whether a record came behind the last CHECKPOINT.
  boolean recordsSinceCheckpoint() {
    return recordsSinceCheckpoint;
  }

  /// Tells whether a record ends a set that has to be a complete state: CHECKPOINT, or END with
  /// records before it.
  boolean completes(StreamRecord record) {
    return record instanceof StreamRecord.Checkpoint
        || (record instanceof StreamRecord.End && (checkpoints == 0 || recordsSinceCheckpoint));
  }

  /// Takes an item in, after all checks saw it.
  void take(ImageItem item) {
    // No pattern switch here: its bootstrap costs a cold process more than all the rules do.
    if (item instanceof ImageItem.Libxc libxc) {
      take(libxc.framed());
      end = libxc.end();
    } else if (item instanceof ImageItem.Libxl libxl) {
      int type = libxl.frame().type();
      if (type == LibxlRecord.TYPE_CHECKPOINT_END || type == LibxlRecord.TYPE_END) {
        openCheckpoint = false;
      }
      end = libxl.offset() + libxl.frame().octets().byteSize();
    } else if (item instanceof ImageItem.LibxcBegins begins) {
      headers = begins.headers();
    } else if (item instanceof ImageItem.LayerFound found) {
      if (found.layer() instanceof Layer.XlSave xl) {
        config = XlConfig.of(xl);
      }
      inLibxl |= found.layer() instanceof Layer.LibxlStream;
      backChannel |= found.layer() instanceof Layer.BackChannel;
      legacy |= found.layer() instanceof Layer.LegacyImage;
    }
  }

  private void take(Framed framed) {
    work += framed.frame().size() * WORK_OF_OCTET;
    RecordType type = RecordType.of(framed.frame().type());
    if (type != null) {
      seen[slot(type)]++;
      seenInSet[slot(type)]++;
    }
    recordsSinceCheckpoint = type != RecordType.CHECKPOINT;
    if (type == RecordType.CHECKPOINT) {
      checkpoints++;
      openCheckpoint = inLibxl;
      Arrays.fill(seenInSet, 0);
    }
    StreamRecord record = framed.record();
    if (record instanceof StreamRecord.PageData data) {
      if (isPv()) {
        memory().take(data.entries());
      }
    } else if (record instanceof StreamRecord.PvInfo info) {
      pvInfo = info;
    } else if (record instanceof StreamRecord.PvP2mFrames frames) {
      takeP2m(frames);
    } else if (record instanceof StreamRecord.HvmContext context) {
      hasPic |= inLibxl && HvmContextCursor.has(context.context(), HvmContextCursor.PIC);
    } else if (record instanceof StreamRecord.Malformed) {
      damaged = true;
    }
  }

  /// The highest pfn counts only as far as the frames that are named could hold it: no number in
  /// the record makes the guest larger than the record's own length allows.
  private void takeP2m(StreamRecord.PvP2mFrames frames) {
    long entries = p2mEntriesInFrame();
    long first = frames.startPfn() / entries;
    long held = (first + frames.count()) * entries - 1;
    maxPfn = Math.max(maxPfn, Math.min(frames.endPfn(), held));
    if (isPv()) {
      memory().grow(maxPfn);
      for (int i = 0; i < frames.count(); i++) {
        memory().takeP2mFrame(first + i, frames.pfn(i));
      }
    }
  }

  /// Tells whether a restore takes a pfn for an ordinary page of the PV guest that has a frame.
  boolean isOrdinary(long pfn) {
    return isOfGuest(pfn)
        && (!PvMemory.isTracked(pfn)
            || (memory().type(pfn) == PageType.NOTAB && memory().isPopulated(pfn)));
  }

  /// Tells whether a restore has a frame for a pfn of the PV guest, of whatever type.
  boolean isPopulated(long pfn) {
    return isOfGuest(pfn) && (!PvMemory.isTracked(pfn) || memory().isPopulated(pfn));
  }

  /// Tells whether a restore takes a pfn for a top-level page table of the PV guest.
  boolean isTopTable(long pfn) {
    int level = guestWidth() == 4 ? 3 : 4;
    return isOfGuest(pfn)
        && (!PvMemory.isTracked(pfn)
            || (PageType.level(memory().type(pfn)) == level && memory().isPopulated(pfn)));
  }

  /// Tells whether a pfn is within the PV guest.
  boolean isOfGuest(long pfn) {
    return pfn >= 0 && pfn <= maxPfn;
  }

  /// What a pfn is that is not what it should be.
  String describe(long pfn) {
    return isOfGuest(pfn)
        ? "pfn 0x%x, which is %s".formatted(pfn, memory().describe(pfn))
        : "pfn 0x%x in a guest that ends at 0x%x".formatted(pfn, maxPfn);
  }
}
