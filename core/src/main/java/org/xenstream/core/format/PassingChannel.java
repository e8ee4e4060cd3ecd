// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// A channel that knows how to hand octets on to another one without bringing them into this
/// process, as a pipe can.
public interface PassingChannel extends ReadableByteChannel {
  /// Hands on the next octets, as many as go at once; waits until some can.
  ///
  /// @param to blocking
  /// @param most how many octets at most, at least 1
  /// @return how many; 0 where none can be handed on to that channel, now or ever, for whatever
  ///   reason: whoever reads and writes them instead learns it
  /// @throws IOException when this channel is closed
  long passTo(WritableByteChannel to, long most) throws IOException;
}
