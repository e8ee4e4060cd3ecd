// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Keeps what is written to it; takes as little at a time as a busy pipe, and breaks when told to.
///
/// Like the system it refuses more than 1024 buffers in one write.
public final class CapturingChannel implements GatheringByteChannel {
  private static final int MOST_BUFFERS = 1024;

  private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
  private final RandomGenerator chance;
  private final int longest;
  private final long breaksAt;

  private CapturingChannel(int longest, long seed, long breaksAt) {
    this.longest = longest;
    this.chance = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    this.breaksAt = breaksAt;
  }

  /// Takes everything at once.
  public static CapturingChannel whole() {
    return new CapturingChannel(Integer.MAX_VALUE, 0, Long.MAX_VALUE);
  }

  /// Takes 0 to `longest` octets at a time, the same for the same seed.
  public static CapturingChannel shortWrites(int longest, long seed) {
    return new CapturingChannel(longest, seed, Long.MAX_VALUE);
  }

  /// Takes `octets` octets; every further write fails.
  public static CapturingChannel breakingAt(long octets) {
    return new CapturingChannel(Integer.MAX_VALUE, 0, octets);
  }

  /// What was written.
  public byte[] octets() {
    return taken.toByteArray();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    if (length > MOST_BUFFERS) {
      throw new IOException(length + " buffers in one write");
    }
    long room = breaksAt - taken.size();
    if (room <= 0) {
      throw new IOException("the pipe broke at octet " + breaksAt);
    }
    room = Math.min(room, longest == Integer.MAX_VALUE ? longest : chance.nextInt(longest + 1));
    long count = 0;
    for (int i = offset; i < offset + length && count < room; i++) {
      byte[] some = new byte[(int) Math.min(room - count, sources[i].remaining())];
      sources[i].get(some);
      taken.writeBytes(some);
      count += some.length;
    }
    return count;
  }

  @Override
  public long write(ByteBuffer[] sources) throws IOException {
    return write(sources, 0, sources.length);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return (int) write(new ByteBuffer[] {source}, 0, 1);
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
