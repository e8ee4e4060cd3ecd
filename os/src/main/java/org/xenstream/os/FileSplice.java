// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;

/// Moves octets of a file into another one through a pipe of its own: as `sendfile` does, but with
/// a pipe of a size to be chosen, where that one's holds sixteen pages.
///
/// One thread at a time uses it.
public final class FileSplice implements AutoCloseable {
  private final DescriptorPair pipe;
  private final int room;
  private final Splice in;
  private final Splice out;
  private boolean broken;

  private FileSplice(DescriptorPair pipe, int from, int to, int octets) {
    this.pipe = pipe;
    this.room = PipeSize.grow(pipe.second().number(), octets);
    this.in = new Splice(from, pipe.second().number());
    this.out = new Splice(pipe.first().number(), to);
  }

  /// Makes the pipe.
  ///
  /// @param from the descriptor of a regular file that is read; stays the caller's
  /// @param to that of the one that is written, where it stands; stays the caller's
  /// @param octets how large the pipe is to be, as far as the system lets it
  /// @throws IOException when there is no further descriptor
  @SuppressWarnings("MustBeClosedChecker") // closed with this object
  public static FileSplice open(int from, int to, int octets) throws IOException {
    return new FileSplice(DescriptorPair.pipe(), from, to, octets);
  }

  /// Moves octets, no more than the pipe has room for.
  ///
  /// @param position where in the file that is read, in octets; it stays where it stands
  /// @param most how many octets at most, at least 1
  /// @return how many were written; 0 where there are none, and from when something failed on:
  ///   whoever moves them in another way learns what
  public long move(long position, long most) {
    long held = broken ? 0 : in.moveFrom(position, Math.min(most, room));
    long written = 0;
    while (written < held) {
      long moved = out.move(held - written);
      if (moved <= 0) {
        // What is left in the pipe is read from the file once more, by somebody else.
        broken = true;
        break;
      }
      written += moved;
    }
    return written;
  }

  @Override
  public void close() {
    pipe.close();
  }
}
