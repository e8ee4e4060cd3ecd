// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.XxHash64;

/// What a restore of an image gives to the hypervisor, as far as it does not depend on where the
/// hypervisor puts a PV guest's memory. The last record of a kind counts; in a checkpointed stream
/// what comes behind the last CHECKPOINT is dropped.
final class RestoredGuest {
  private static final long ZEROS = -1;

  /// The pages that a restore clears: those of store, ioreq, buffered ioreq and console.
  private static final long[] CLEARED = {1, 5, 6, 17};

  /// One state of the guest.
  private static final class State {
    private final TreeMap<Long, Long> pages = new TreeMap<>();
    private final TreeMap<Long, Long> params = new TreeMap<>();
    private final TreeMap<String, String> blobs = new TreeMap<>();

    State copy() {
      State copy = new State();
      copy.pages.putAll(pages);
      copy.params.putAll(params);
      copy.blobs.putAll(blobs);
      return copy;
    }
  }

  private final Path file;
  private State now = new State();
  private @Nullable State atCheckpoint;
  private boolean verifying;
  private String guest = "";
  private long trailing;

  private RestoredGuest(Path file) {
    this.file = file;
  }

  /// Reads an image that is not compressed.
  static RestoredGuest of(Path file) throws IOException {
    RestoredGuest guest = new RestoredGuest(file);
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        guest.see(item);
      }
    }
    if (guest.atCheckpoint != null) {
      guest.now = guest.atCheckpoint;
    }
    return guest;
  }

  private void see(ImageItem item) {
    switch (item) {
      case ImageItem.LibxcBegins(var headers) ->
          guest = headers.domain().isHvm() ? "guest hvm width=8" : "";
      case ImageItem.Libxc(Framed(var frame, var record), _) -> take(frame, record);
      case ImageItem.LayerFound(_, long length, Layer.MigrateGo _) -> trailing = length;
      case ImageItem.Trailing(_, long length) -> trailing = length;
      case ImageItem.LayerFound _, ImageItem.Libxl _, ImageItem.Remarked _ -> {}
    }
  }

  private void take(Frame frame, StreamRecord record) {
    switch (record) {
      case StreamRecord.PageData(var entries, _) -> pages(frame, entries);
      case StreamRecord.PvInfo(int width, _) -> guest = "guest pv width=" + width;
      case StreamRecord.TscInfo(int mode, int khz, long nsec, int incarnation) ->
          now.blobs.put(
              "0 tsc",
              "tsc mode=%d khz=%d nsec=%d incarnation=%d".formatted(mode, khz, nsec, incarnation));
      case StreamRecord.HvmParams params -> {
        for (int i = 0; i < params.count(); i++) {
          now.params.put(params.index(i), params.value(i));
        }
      }
      case StreamRecord.HvmContext(var context) -> blob("2", "hvmctx", context);
      case StreamRecord.PvVcpuExtended(long vcpu, var context) -> {
        MemorySegment whole = MemorySegment.ofArray(new byte[128]);
        whole.asSlice(0, context.byteSize()).copyFrom(context);
        blob("3 %05d 1".formatted(vcpu), "vcpu.extd." + vcpu, whole);
      }
      case StreamRecord.PvVcpuXsave(long vcpu, var context) ->
          blob("3 %05d 2".formatted(vcpu), "vcpu.xsave." + vcpu, context);
      case StreamRecord.PvVcpuMsrs(long vcpu, var context) ->
          blob("3 %05d 3".formatted(vcpu), "vcpu.msrs." + vcpu, context);
      case StreamRecord.CpuidPolicy(var leaves) -> blob("4", "cpuid_policy", leaves);
      case StreamRecord.MsrPolicy(var entries) -> blob("5", "msr_policy", entries);
      case StreamRecord.Verify() -> verifying = true;
      case StreamRecord.Checkpoint() -> atCheckpoint = now.copy();
      default -> {}
    }
  }

  private void blob(String place, String name, MemorySegment octets) {
    if (octets.byteSize() > 0) {
      now.blobs.put(
          place + name,
          "%s size=%d xxh64=%s".formatted(name, octets.byteSize(), XxHash64.hex(octets)));
    }
  }

  private void pages(Frame frame, PageEntries entries) {
    if (verifying) {
      return;
    }
    long at = frame.bodyOffset() + 8 + 8L * entries.count();
    for (int i = 0; i < entries.count(); i++) {
      if (PageType.hasData(entries.type(i))) {
        now.pages.put(entries.pfn(i), at);
        at += Wire.PAGE_SIZE;
      } else if (PageType.isPopulated(entries.type(i))) {
        now.pages.putIfAbsent(entries.pfn(i), ZEROS);
      }
    }
  }

  /// The lines that the reference has for this guest, in its order.
  List<String> lines() throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("trailing_bytes " + trailing);
    lines.add(guest);
    boolean hvm = guest.contains("hvm");
    if (hvm) {
      lines.add(memory());
    }
    now.blobs.entrySet().stream()
        .filter(blob -> blob.getKey().startsWith("0"))
        .forEach(blob -> lines.add(blob.getValue()));
    if (hvm) {
      // The event channels are the restoring side's own.
      now.params.put(2L, 5L);
      now.params.put(18L, 6L);
      now.params.forEach((index, value) -> lines.add("hvmparam %d = 0x%x".formatted(index, value)));
    }
    now.blobs.entrySet().stream()
        .filter(blob -> !blob.getKey().startsWith("0"))
        .forEach(blob -> lines.add(blob.getValue()));
    return lines;
  }

  private String memory() throws IOException {
    for (long cleared : CLEARED) {
      now.pages.computeIfPresent(now.params.getOrDefault(cleared, -1L), (_, _) -> ZEROS);
    }
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment octets = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      MemorySegment all = arena.allocate(now.pages.size() * (8L + Wire.PAGE_SIZE));
      long at = 0;
      for (Map.Entry<Long, Long> page : now.pages.entrySet()) {
        Wire.putU64(all, at, page.getKey(), ByteOrder.LITTLE_ENDIAN);
        if (page.getValue() != ZEROS) {
          MemorySegment.copy(octets, page.getValue(), all, at + 8, Wire.PAGE_SIZE);
        }
        at += 8 + Wire.PAGE_SIZE;
      }
      return "memory pages=%d xxh64=%s".formatted(now.pages.size(), XxHash64.hex(all));
    }
  }
}
