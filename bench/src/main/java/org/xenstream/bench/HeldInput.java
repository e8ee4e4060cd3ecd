// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;

/// A file mapped whole for the life of the process, so that its items can be kept and what looks at
/// them be measured without the reader.
public final class HeldInput implements OctetInput {
  private final String name;
  private final MemorySegment octets;
  private long position;

  private HeldInput(String name, MemorySegment octets) {
    this.name = name;
    this.octets = octets;
  }

  /// All items of an image; their views live on.
  public static List<ImageItem> items(Path file) throws IOException {
    List<ImageItem> items = new ArrayList<>();
    try (ImageReader reader = ImageReader.of(open(file), Limits.DEFAULT)) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        items.add(item);
      }
    }
    return items;
  }

  private static HeldInput open(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new HeldInput(
          file.toString(),
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.global()));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public MemorySegment peek(long count) {
    return octets.asSlice(position, Math.min(count, octets.byteSize() - position));
  }

  @Override
  public MemorySegment near(long count) {
    return peek(count);
  }

  @Override
  public long advance(long count) {
    long passed = Math.min(count, octets.byteSize() - position);
    position += passed;
    return passed;
  }

  @Override
  public long take(MemorySegment into) {
    long taken = Math.min(into.byteSize(), octets.byteSize() - position);
    MemorySegment.copy(octets, position, into, 0, taken);
    position += taken;
    return taken;
  }

  @Override
  public long size() {
    return octets.byteSize();
  }

  @Override
  public void close() {}
}
