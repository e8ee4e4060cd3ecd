// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/// Octets in order, seen through a window that only moves forward.
///
/// Two kinds exist: a mapped file ([MappedInput]), whose views are the file's pages and which reads
/// only what is touched, and a channel ([ChannelInput]), which fills one growing buffer.
public interface OctetInput extends AutoCloseable {
  /// Octets that are moved at a time where they have to be copied: no more than two cores have in
  /// their own caches.
  int PIECE = 256 << 10;

  /// The source's name, for messages.
  String name();

  /// How many octets lie behind: the offset of the next one from the start of the source.
  long position();

  /// The next `count` octets without passing them; fewer when the source ends before. The view
  /// belongs to the input and dies with the next peek, advance or close.
  ///
  /// Memory is taken only for octets that are there, whatever `count` says.
  ///
  /// @throws IOException when the source cannot be read
  MemorySegment peek(long count) throws IOException;

  /// The next `count` octets, as [#peek] shows them, where they are cheapest to read at once: of a
  /// mapped file a copy that one read made, since to touch the mapping costs a page fault. Meant
  /// for headers and small arrays. The view dies with the next call of this method or of advance;
  /// of octets that peek has shown already it may be asked without harm to that view.
  ///
  /// @throws IOException when the source cannot be read
  MemorySegment near(long count) throws IOException;

  /// The next `count` octets, as [#peek] shows them, for whoever looks at all of them: of a mapped
  /// file a copy that one read made, unless they are very many. The view dies with the next call of
  /// this method, of peek or of advance.
  ///
  /// @throws IOException when the source cannot be read
  default MemorySegment read(long count) throws IOException {
    return peek(count);
  }

  /// Passes over `count` octets, or to the end of the source when that comes before.
  ///
  /// @return how many were passed
  /// @throws IOException when the source cannot be read
  long advance(long count) throws IOException;

  /// Moves the next octets into memory and passes them; every view dies. What an input holds
  /// already comes from its buffer, the rest straight from the source, with no copy in between.
  ///
  /// @param into filled from its start
  /// @return how many were moved: fewer than `into` has only where the source ends before
  /// @throws IOException when the source cannot be read
  long take(MemorySegment into) throws IOException;

  /// Moves the next octets into several places, one after the other, and passes them; every view
  /// dies.
  ///
  /// @return how many were moved: fewer than `into` has only where the source ends before
  /// @throws IOException when the source cannot be read
  default long take(MemoryRuns into) throws IOException {
    long taken = 0;
    for (int i = 0; i < into.count(); i++) {
      long got = take(into.run(i));
      taken += got;
      if (got < into.length(i)) {
        break;
      }
    }
    return taken;
  }

  /// Writes the next octets to a channel and passes them; every view dies. They take the shortest
  /// way that the source and the channel have in common, which may lead past this process.
  ///
  /// @param to blocking
  /// @return how many were written: fewer than `count` only where the source ends before
  /// @throws IOException when the source cannot be read, or the channel not be written
  default long moveTo(WritableByteChannel to, long count) throws IOException {
    long left = count;
    while (left > 0) {
      MemorySegment some = peek(Math.min(left, PIECE));
      if (some.byteSize() == 0) {
        break;
      }
      ByteBuffer octets = some.asByteBuffer();
      while (octets.hasRemaining()) {
        to.write(octets);
      }
      left -= advance(some.byteSize());
    }
    return count - left;
  }

  /// Tells that all octets up to a position are the reader's, so that an input that reads no more
  /// than it is asked for, since others read on behind it, may read as far as that. Whoever says so
  /// may still ask for less.
  ///
  /// @param end in octets from the start of the source
  default void mayReadTo(long end) {}

  /// The whole source's length in octets where it is known, else −1.
  long size();

  /// Releases the buffer or mapping and closes the source; every view dies.
  @Override
  void close() throws IOException;
}
