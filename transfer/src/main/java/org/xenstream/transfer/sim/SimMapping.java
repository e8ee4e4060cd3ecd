// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import org.xenstream.transfer.ForeignMapping;

/// Frames of a domain, held: what their owner gives back meanwhile stays until this is closed.
final class SimMapping implements ForeignMapping {
  private final MemorySegment memory;
  private final long[] offsets;
  private final int[] errors;
  private final SimCalls host;
  private final Runnable release;
  private boolean closed;

  /// @param host is told of the mapping, and of its end
  /// @param release undoes what was held, once
  SimMapping(SimCalls host, MemorySegment memory, long[] offsets, int[] errors, Runnable release) {
    this.host = host;
    this.memory = memory;
    this.offsets = offsets;
    this.errors = errors;
    this.release = release;
    host.mappingOpened();
  }

  @Override
  public MemorySegment memory() {
    checkOpen();
    return memory;
  }

  @Override
  public long offset(int i) {
    checkOpen();
    return offsets[i];
  }

  @Override
  public int error(int i) {
    return i < errors.length ? errors[i] : 0;
  }

  @Override
  public int count() {
    return offsets.length;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the mapping is closed");
    }
  }

  /// A second time is an error, as that of `munmap` is one of memory that is not mapped; and is
  /// told to the host, for where the error goes unseen.
  @Override
  public void close() {
    if (closed) {
      host.unmappedAgain();
      throw new IllegalStateException("the mapping is closed already");
    }
    closed = true;
    release.run();
    host.mappingClosed();
  }
}
