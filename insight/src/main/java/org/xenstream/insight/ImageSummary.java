// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;

/// What an image is, in figures. Everything in it belongs to the value.
///
/// @param source the image's name
/// @param layers the layers found, from the outside in
/// @param headers the libxc stream's headers, or null when there is none
/// @param guest what kind of guest it holds
/// @param vcpus how many vCPUs have a context
/// @param memory its memory
/// @param passes the passes over memory, in their order; at most [Survey#MOST_PASSES]
/// @param checkpoints how many checkpoints are complete
/// @param verified whether a verify pass was sent
/// @param ended whether the libxc stream came to its END
/// @param tsc the last X86_TSC_INFO, or null
/// @param cpuidPolicy a copy of the CPUID policy, empty when there is none
/// @param msrPolicy a copy of the MSR policy, empty when there is none
/// @param hvmContext a copy of the last HVM context, empty when there is none
/// @param hvmParams a copy of the last HVM_PARAMS' parameters, 16 octets each, or empty
/// @param emulators the device models' records
/// @param sizes octets and counts by record type, largest first
/// @param octets how long the image is, decompressed
public record ImageSummary(
    String source,
    List<LayerSeen> layers,
    @Nullable StreamHeaders headers,
    Guest guest,
    int vcpus,
    Memory memory,
    List<Pass> passes,
    long checkpoints,
    boolean verified,
    boolean ended,
    StreamRecord.@Nullable TscInfo tsc,
    MemorySegment cpuidPolicy,
    MemorySegment msrPolicy,
    MemorySegment hvmContext,
    MemorySegment hvmParams,
    List<Emulator> emulators,
    List<Size> sizes,
    long octets) {

  public ImageSummary {
    layers = List.copyOf(layers);
    passes = List.copyOf(passes);
    emulators = List.copyOf(emulators);
    sizes = List.copyOf(sizes);
  }

  /// A layer and where it begins.
  ///
  /// @param offset octets from the start of the decompressed image
  /// @param layer what it is
  public record LayerSeen(long offset, Layer layer) {}

  /// What kind of guest an image holds.
  public enum Guest {
    /// PV with 64-bit words.
    PV64("x86 PV, 64 bits"),
    /// PV with 32-bit words.
    PV32("x86 PV, 32 bits"),
    /// PV whose width the image does not tell.
    PV("x86 PV"),
    /// HVM with the devices of a PC.
    HVM("x86 HVM"),
    /// HVM without them: no interrupt controllers of a PC in its context.
    PVH("x86 PVH"),
    /// The image does not tell.
    UNKNOWN("unknown");

    private final String title;

    Guest(String title) {
      this.title = title;
    }

    /// What an operator calls it.
    public String title() {
      return title;
    }
  }

  /// Memory as the stream describes it, all passes together but the verify pass.
  ///
  /// @param entries entries of PAGE_DATA by page type, 16 of them
  /// @param populatedPfns distinct pfns that were ever sent with a frame; −1 when they are spread
  ///   too wide to be counted
  /// @param highestPfn the highest pfn of an entry that is not XTAB; −1 when there is none
  /// @param p2mSize the number of pfns of a PV guest; −1 when not known
  /// @param zeroPages pages with data that hold nothing but zeros; −1 when not asked for
  public record Memory(
      List<Long> entries, long populatedPfns, long highestPfn, long p2mSize, long zeroPages) {
    public Memory {
      entries = List.copyOf(entries);
    }

    /// All entries that carry a page.
    public long pagesWithData() {
      long sum = 0;
      for (int type = 0; type < entries.size(); type++) {
        sum += PageType.hasData(type) ? entries.get(type) : 0;
      }
      return sum;
    }
  }

  /// One pass over memory. A pass is taken to begin where the pfns start again from below: the
  /// saver walks its bitmap upwards.
  ///
  /// @param checkpoint the number of complete checkpoints before it
  /// @param verify whether it is for comparison only
  /// @param batches PAGE_DATA records
  /// @param entries entries in them
  /// @param pages entries that carry a page
  /// @param resent pages whose pfn was sent before; −1 when they are spread too wide to be counted
  public record Pass(
      long checkpoint, boolean verify, long batches, long entries, long pages, long resent) {}

  /// What a device model left in the image.
  ///
  /// @param id 0 unknown (legacy), 1 qemu traditional, 2 qemu
  /// @param index which of the domain's emulators
  /// @param contextOctets octets of its state; −1 when there is no such record
  /// @param xenstoreOctets octets of its keys and values; −1 when there is no such record
  public record Emulator(int id, int index, long contextOctets, long xenstoreOctets) {}

  /// How much of the image a kind of record takes.
  ///
  /// @param name the record type's name; libxl's records begin with "libxl "
  /// @param count how many there are
  /// @param octets their octets, headers and padding included
  public record Size(String name, long count, long octets) {}
}
