// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.WritableByteChannel;

/// A channel that knows a faster way than [FileChannel#transferTo] to take octets of a file.
public interface TakingChannel extends GatheringByteChannel {
  /// Takes octets from a place of a file, as many as go at once, and writes them behind what was
  /// written.
  ///
  /// @param file stays where it stands
  /// @param position where in the file, in octets
  /// @param most how many octets at most, at least 1
  /// @return how many were taken; 0 only where the file has none there
  /// @throws IOException when they cannot be written, as [#write] throws it
  long takeFrom(FileChannel file, long position, long most) throws IOException;

  /// Moves octets of a file to a channel by the fastest way that the channel knows, without showing
  /// them to this process where it can be helped.
  ///
  /// @return as [#takeFrom]
  static long move(FileChannel file, long position, long most, WritableByteChannel to)
      throws IOException {
    return to instanceof TakingChannel taking
        ? taking.takeFrom(file, position, most)
        : file.transferTo(position, most, to);
  }
}
