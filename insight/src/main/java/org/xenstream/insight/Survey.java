// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// Gathers an [ImageSummary] while somebody else reads the image: items are pushed.
///
/// It holds copies of small blobs, one bitmap of pfns and some counters, whatever the image's size.
public final class Survey {
  /// How many passes are kept apart; what comes later is added to the last.
  public static final int MOST_PASSES = 4096;

  private static final int MOST_LAYERS = 256;
  private static final int MOST_EMULATORS = 64;
  private static final int MOST_SIZES = 256;
  private static final long LONGEST_COPY = 1L << 20;
  private static final int MOST_VCPUS = 1 << 16;

  private static final int HVM_SAVE_CPU = 2;
  private static final int HVM_SAVE_PIC = 3;

  private final String source;
  private final boolean countZeroPages;
  private final List<ImageSummary.LayerSeen> layers = new ArrayList<>();
  private final List<ImageSummary.Pass> passes = new ArrayList<>();
  private final Map<Long, ImageSummary.Emulator> emulators = new LinkedHashMap<>();
  private final Map<String, long[]> sizes = new LinkedHashMap<>();
  private final long[] entries = new long[16];
  private final PfnSet populated = new PfnSet();
  private final BitSet vcpus = new BitSet();
  private @Nullable StreamHeaders headers;
  private ImageSummary.Guest guest = ImageSummary.Guest.UNKNOWN;
  private StreamRecord.@Nullable TscInfo tsc;
  private MemorySegment cpuidPolicy = MemorySegment.NULL;
  private MemorySegment msrPolicy = MemorySegment.NULL;
  private MemorySegment hvmContext = MemorySegment.NULL;
  private MemorySegment hvmParams = MemorySegment.NULL;
  private long populatedPfns;
  private long highestPfn = -1;
  private long p2mSize = -1;
  private long zeroPages;
  private long checkpoints;
  private boolean inLibxl;

  /// Records are a translation: they have no octets in the image.
  private boolean legacy;

  /// libxl's part of a checkpoint has not ended yet: a restore does not have all of it.
  private boolean openCheckpoint;

  private boolean verify;
  private boolean ended;
  private long octets;

  private @Nullable PassCount pass;
  private long lastPfn = -1;

  /// @param source the image's name
  /// @param countZeroPages whether to read every page and count those without a bit set; costs the
  ///   reading of the whole image
  public Survey(String source, boolean countZeroPages) {
    this.source = source;
    this.countZeroPages = countZeroPages;
  }

  /// Looks at the next item; keeps no view of it.
  public void see(ImageItem item) {
    switch (item) {
      case ImageItem.LayerFound found -> {
        if (layers.size() < MOST_LAYERS) {
          layers.add(new ImageSummary.LayerSeen(found.offset(), found.layer()));
        }
        legacy |= found.layer() instanceof Layer.LegacyImage;
        inLibxl |= found.layer() instanceof Layer.LibxlStream;
        octets = Math.max(octets, found.offset() + found.length());
      }
      case ImageItem.LibxcBegins(var begun) -> {
        headers = begun;
        octets = Math.max(octets, legacy ? 0 : begun.end());
        if (begun.domain().isPv()) {
          guest = ImageSummary.Guest.PV;
        } else if (begun.domain().isHvm()) {
          guest = ImageSummary.Guest.HVM;
        }
      }
      case ImageItem.Libxc(var framed, long end) -> {
        octets = end;
        size(framed.frame().typeName(), framed.frame().size());
        see(framed);
      }
      case ImageItem.Libxl(var frame, var record) -> {
        octets =
            legacy ? Math.max(octets, frame.offset()) : frame.offset() + frame.octets().byteSize();
        size("libxl " + frame.typeName(), frame.octets().byteSize());
        see(record);
      }
      case ImageItem.Remarked _ -> {}
      case ImageItem.Trailing(long offset, long length) -> octets = offset + Math.max(0, length);
    }
  }

  private void size(String name, long length) {
    long[] sum = sizes.get(name);
    if (sum == null) {
      String key = sizes.size() < MOST_SIZES ? name : "other";
      sum = sizes.computeIfAbsent(key, _ -> new long[2]);
    }
    sum[0]++;
    sum[1] += length;
  }

  private void see(Framed framed) {
    switch (framed.record()) {
      case StreamRecord.PageData(var batch, var pages) -> see(batch, pages);
      case StreamRecord.PvInfo(int width, _) ->
          guest =
              switch (width) {
                case 4 -> ImageSummary.Guest.PV32;
                case 8 -> ImageSummary.Guest.PV64;
                default -> guest;
              };
      case StreamRecord.PvP2mFrames frames -> p2mSize = frames.endPfn() + 1;
      case StreamRecord.PvVcpuBasic(long id, _) -> {
        if (id < MOST_VCPUS) {
          vcpus.set((int) id);
        }
      }
      case StreamRecord.TscInfo info -> tsc = info;
      case StreamRecord.HvmContext(var context) -> hvm(context);
      case StreamRecord.HvmParams params -> hvmParams = copy(params.params());
      case StreamRecord.CpuidPolicy(var leaves) -> cpuidPolicy = copy(leaves);
      case StreamRecord.MsrPolicy(var msrs) -> msrPolicy = copy(msrs);
      case StreamRecord.Verify _ -> {
        verify = true;
        closePass();
      }
      case StreamRecord.Checkpoint _ -> {
        closePass();
        openCheckpoint = inLibxl;
        checkpoints += inLibxl ? 0 : 1;
      }
      case StreamRecord.End _ -> ended = true;
      case StreamRecord.PvVcpuExtended _,
          StreamRecord.PvVcpuXsave _,
          StreamRecord.PvVcpuMsrs _,
          StreamRecord.SharedInfo _,
          StreamRecord.Toolstack _,
          StreamRecord.CheckpointDirtyPfnList _,
          StreamRecord.StaticDataEnd _,
          StreamRecord.SavingCpu _,
          StreamRecord.Unknown _,
          StreamRecord.Malformed _ -> {}
    }
  }

  private void see(LibxlRecord record) {
    switch (record) {
      case LibxlRecord.EmulatorContext(int id, int index, var context) ->
          emulator(id, index, context.byteSize(), -1);
      case LibxlRecord.EmulatorXenstoreData(int id, int index, var data) ->
          emulator(id, index, -1, data.byteSize());
      case LibxlRecord.CheckpointEnd _ -> {
        checkpoints += openCheckpoint ? 1 : 0;
        openCheckpoint = false;
      }
      case LibxlRecord.End _,
          LibxlRecord.LibxcContext _,
          LibxlRecord.CheckpointState _,
          LibxlRecord.Unknown _,
          LibxlRecord.Malformed _ -> {}
    }
  }

  private void emulator(int id, int index, long context, long xenstore) {
    long key = ((long) id << 32) | (index & 0xFFFF_FFFFL);
    ImageSummary.Emulator before = emulators.get(key);
    if (before == null && emulators.size() == MOST_EMULATORS) {
      return;
    }
    emulators.put(
        key,
        new ImageSummary.Emulator(
            id,
            index,
            context >= 0 || before == null ? context : before.contextOctets(),
            xenstore >= 0 || before == null ? xenstore : before.xenstoreOctets()));
  }

  private void see(PageEntries batch, PageRuns pages) {
    PassCount current = passFor(batch);
    current.batches++;
    current.entries += batch.count();
    current.pages += batch.withData();
    lastPfn = batch.highestPfn();
    if (!verify) {
      for (int type = 0; type < entries.length; type++) {
        entries[type] += batch.countOf(type);
      }
      track(batch, current);
      if (countZeroPages) {
        countZeros(pages);
      }
    }
  }

  private PassCount passFor(PageEntries batch) {
    boolean startsAgain = batch.count() > 0 && batch.pfn(0) <= lastPfn;
    if (pass != null && startsAgain) {
      closePass();
    }
    if (pass == null) {
      pass = new PassCount(checkpoints, verify);
    }
    return pass;
  }

  private void closePass() {
    if (pass != null) {
      if (passes.size() < MOST_PASSES) {
        passes.add(pass.done(populated.overflowed()));
      } else {
        passes.set(MOST_PASSES - 1, pass.addedTo(passes.getLast()));
      }
      pass = null;
    }
    lastPfn = -1;
  }

  private void track(PageEntries batch, PassCount current) {
    if (batch.countOf(PageType.XTAB) == batch.count()) {
      return;
    }
    int count = batch.count();
    if (batch.withData() == count
        && batch.isAscending()
        && batch.highestPfn() - batch.pfn(0) == count - 1) {
      long fresh = populated.addRange(batch.pfn(0), count);
      populatedPfns += fresh;
      current.resent += count - fresh;
      highestPfn = Math.max(highestPfn, batch.highestPfn());
      return;
    }
    for (int i = 0; i < count; i++) {
      long entry = batch.entry(i);
      int type = PageType.of(entry);
      if (!PageType.isPopulated(type)) {
        continue;
      }
      long pfn = entry & Wire.PFN_MASK;
      highestPfn = Math.max(highestPfn, pfn);
      if (populated.add(pfn)) {
        populatedPfns++;
      } else if (PageType.hasData(type)) {
        current.resent++;
      }
    }
  }

  private void countZeros(PageRuns pages) {
    for (MemorySegment run : pages.runs()) {
      for (long at = 0; at < run.byteSize(); at += Wire.PAGE_SIZE) {
        long bits = 0;
        for (int word = 0; word < Wire.PAGE_SIZE; word += 8) {
          bits |= Wire.u64(run, at + word);
        }
        zeroPages += bits == 0 ? 1 : 0;
      }
    }
  }

  private void hvm(MemorySegment context) {
    hvmContext = copy(context);
    vcpus.clear();
    boolean pic = false;
    HvmContextCursor cursor = HvmContextCursor.over(context);
    while (cursor.next()) {
      if (cursor.typecode() == HVM_SAVE_CPU) {
        vcpus.set(cursor.instance());
      }
      pic |= cursor.typecode() == HVM_SAVE_PIC;
    }
    // Whatever its context lacks: when images were legacy ones, no guest was PVH.
    boolean converted = headers != null && headers.domain().isConverted();
    guest = pic || converted ? ImageSummary.Guest.HVM : ImageSummary.Guest.PVH;
  }

  private static MemorySegment copy(MemorySegment view) {
    long length = Math.min(view.byteSize(), LONGEST_COPY);
    MemorySegment own = MemorySegment.ofArray(new byte[(int) length]);
    MemorySegment.copy(view, 0, own, 0, length);
    return own;
  }

  /// The summary of all that was seen; the survey may go on.
  public ImageSummary summary() {
    closePass();
    List<ImageSummary.Size> bySize = new ArrayList<>();
    sizes.forEach((name, sum) -> bySize.add(new ImageSummary.Size(name, sum[0], sum[1])));
    bySize.sort(Comparator.comparingLong(ImageSummary.Size::octets).reversed());
    List<Long> byType = new ArrayList<>(entries.length);
    for (long count : entries) {
      byType.add(count);
    }
    return new ImageSummary(
        source,
        layers,
        headers,
        guest,
        vcpus.cardinality(),
        new ImageSummary.Memory(
            byType,
            populated.overflowed() ? -1 : populatedPfns,
            highestPfn,
            p2mSize,
            countZeroPages ? zeroPages : -1),
        passes,
        checkpoints,
        verify,
        ended,
        tsc,
        cpuidPolicy,
        msrPolicy,
        hvmContext,
        hvmParams,
        List.copyOf(emulators.values()),
        bySize,
        octets);
  }

  /// A pass that is still being counted.
  private static final class PassCount {
    private final long checkpoint;
    private final boolean verify;
    private long batches;
    private long entries;
    private long pages;
    private long resent;

    PassCount(long checkpoint, boolean verify) {
      this.checkpoint = checkpoint;
      this.verify = verify;
    }

    ImageSummary.Pass done(boolean overflowed) {
      return new ImageSummary.Pass(
          checkpoint, verify, batches, entries, pages, overflowed ? -1 : resent);
    }

    ImageSummary.Pass addedTo(ImageSummary.Pass last) {
      return new ImageSummary.Pass(
          last.checkpoint(),
          last.verify(),
          last.batches() + batches,
          last.entries() + entries,
          last.pages() + pages,
          last.resent() < 0 ? -1 : last.resent() + resent);
    }
  }
}
