// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Octets that arrive in chunks as a pipe or a socket gives them: as many as it pleases, now and
/// then none.
public final class ChunkedChannel implements ReadableByteChannel {
  private final ByteBuffer octets;
  private final int longest;
  private final RandomGenerator chance;
  private boolean open = true;

  private ChunkedChannel(byte[] octets, int longest, long seed) {
    this.octets = ByteBuffer.wrap(octets);
    this.longest = longest;
    this.chance = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /// One octet at a time.
  public static ChunkedChannel oneByOne(byte[] octets) {
    return new ChunkedChannel(octets, 1, 0);
  }

  /// Chunks of 0 to `longest` octets, the same for the same seed.
  public static ChunkedChannel of(byte[] octets, int longest, long seed) {
    return new ChunkedChannel(octets, longest, seed);
  }

  @Override
  public int read(ByteBuffer into) {
    if (!octets.hasRemaining()) {
      return -1;
    }
    int some = longest == 1 ? 1 : chance.nextInt(longest + 1);
    int count = Math.min(some, Math.min(octets.remaining(), into.remaining()));
    into.put(octets.slice(octets.position(), count));
    octets.position(octets.position() + count);
    return count;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
  }
}
