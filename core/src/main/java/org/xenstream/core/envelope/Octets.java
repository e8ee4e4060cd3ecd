// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.TakingChannel;

/// Passes octets from an input to a channel as they are. Those of a mapped file are gathered into
/// long extents, which the system moves without showing them to user space.
final class Octets {
  /// Long enough that a transfer's own cost does not count, short enough that an interrupt is soon
  /// seen.
  private static final long LONGEST_EXTENT = 32L << 20;

  private final GatheringByteChannel out;
  private @Nullable FileChannel file;
  private long from;
  private long to;

  Octets(GatheringByteChannel out) {
    this.out = out;
  }

  /// Takes what is still unread of an item; its views die where the input is no file.
  void take(OctetInput input, ImageItem item) throws IOException {
    if (input instanceof MappedInput mapped) {
      extend(mapped, Math.min(item.end(), mapped.size()));
      return;
    }
    long left = item.end() - input.position();
    if (left > 0) {
      input.moveTo(out, left);
    }
  }

  private void extend(MappedInput mapped, long end) throws IOException {
    long begin = mapped.position();
    if (begin != to || !mapped.channel().equals(file)) {
      flush();
      file = mapped.channel();
      from = begin;
    }
    to = Math.max(begin, end);
    mapped.advance(to - begin);
    if (to - from >= LONGEST_EXTENT) {
      flush();
    }
  }

  /// Writes what was taken so far; the channel then stands behind it.
  void flush() throws IOException {
    FileChannel source = file;
    while (source != null && from < to) {
      long moved = TakingChannel.move(source, from, to - from, out);
      if (moved <= 0 && from >= source.size()) {
        throw new EOFException("the image was shortened while it was copied");
      }
      from += moved;
    }
    from = to;
  }

  /// The channel, for whoever writes in between; to be flushed first.
  GatheringByteChannel out() {
    return out;
  }
}
