// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.testkit.XxHash64;

/// The memory of a stream as `docs/format/digest.md` defines it, kept as a plain map from pfn to
/// the place of its last copy.
final class PlainMemory {
  static final long ZEROS = -1;
  private static final int PAGE = 4096;

  private final Path file;
  private final TreeMap<Long, Long> pages = new TreeMap<>();
  private final TreeMap<Long, Long> params = new TreeMap<>();
  private long lastCheckpointEnd = -1;
  private int paramRecords;
  private int paramRecordsAtCheckpoint;
  private boolean verify;
  private boolean hvm;

  private PlainMemory(Path file) {
    this.file = file;
  }

  /// Reads an image that is not compressed.
  static PlainMemory of(Path file) throws IOException {
    PlainMemory memory = new PlainMemory(file);
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        memory.see(item);
      }
    }
    return memory;
  }

  private void see(ImageItem item) {
    if (item instanceof ImageItem.LibxcBegins(var headers)) {
      hvm = headers.domain().isHvm();
    }
    if (!(item instanceof ImageItem.Libxc(Framed(var frame, var record), _))) {
      return;
    }
    switch (record) {
      case StreamRecord.PageData(var entries, _) when !verify -> {
        long at = frame.offset() + 8 + 8 + 8L * entries.count();
        for (int i = 0; i < entries.count(); i++) {
          int type = (int) (entries.entry(i) >>> 60);
          long pfn = entries.entry(i) & (1L << 52) - 1;
          if (type == 0xF || type == 0xD) {
            pages.remove(pfn);
          } else if (type == 0xE) {
            pages.put(pfn, ZEROS);
          } else {
            pages.put(pfn, at);
            at += PAGE;
          }
        }
      }
      case StreamRecord.HvmParams given -> {
        paramRecords++;
        for (int i = 0; i < given.count(); i++) {
          params.put(given.index(i), given.value(i));
        }
      }
      case StreamRecord.Verify _ -> verify = true;
      case StreamRecord.Checkpoint _ -> {
        lastCheckpointEnd = frame.end();
        paramRecordsAtCheckpoint = paramRecords;
      }
      default -> {}
    }
  }

  boolean isHvm() {
    return hvm;
  }

  /// Where the last CHECKPOINT ends; −1 without one.
  long lastCheckpointEnd() {
    return lastCheckpointEnd;
  }

  /// How many HVM_PARAMS records a restore acts upon.
  int paramRecords() {
    return lastCheckpointEnd < 0 ? paramRecords : paramRecordsAtCheckpoint;
  }

  /// The pages that a restore of an HVM guest clears: those of store, ioreq, buffered ioreq and
  /// console.
  ///
  /// @return their places in the image
  List<Long> clearedByRestore() {
    return Stream.of(1L, 5L, 6L, 17L)
        .map(params::get)
        .filter(Objects::nonNull)
        .map(pages::get)
        .filter(Objects::nonNull)
        .toList();
  }

  /// `pages=… xxh64=…`, computed with all of the memory side by side.
  String digest() throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment image = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      MemorySegment all = arena.allocate(pages.size() * (8L + PAGE));
      long at = 0;
      for (Map.Entry<Long, Long> page : pages.entrySet()) {
        all.asSlice(at, 8).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN).putLong(page.getKey());
        if (page.getValue() != ZEROS) {
          MemorySegment.copy(image, page.getValue(), all, at + 8, PAGE);
        }
        at += 8 + PAGE;
      }
      return "pages=%d xxh64=%s".formatted(pages.size(), XxHash64.hex(all));
    }
  }
}
