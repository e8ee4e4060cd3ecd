// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.EndlessChannel;
import org.xenstream.testkit.FailingChannel;
import org.xenstream.testkit.PoisonedInput;

class ChannelInputTest extends OctetInputContract {
  @Override
  protected OctetInput over(byte[] octets) {
    return new ChannelInput("test", Channels.newChannel(new ByteArrayInputStream(octets)));
  }

  @Override
  protected boolean knowsItsSize() {
    return false;
  }

  @Nested
  class InChunks extends OctetInputContract {
    @Override
    protected OctetInput over(byte[] octets) {
      return new ChannelInput("test", ChunkedChannel.of(octets, 70_000, 3));
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }
  }

  @Nested
  class OneByOne extends OctetInputContract {
    @Override
    protected OctetInput over(byte[] octets) {
      return new ChannelInput("test", ChunkedChannel.oneByOne(octets));
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }
  }

  /// A channel that hands some octets on and others not, in steps of any length.
  private static final class Passing implements PassingChannel {
    private final ReadableByteChannel octets;
    private final Random chance = new Random(2);
    private final long mostPassed;
    private int longestRead;
    private long passed;

    Passing(byte[] octets, long mostPassed) {
      this.octets = Channels.newChannel(new ByteArrayInputStream(octets));
      this.mostPassed = mostPassed;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      longestRead = Math.max(longestRead, into.remaining());
      return octets.read(into);
    }

    @Override
    public long passTo(WritableByteChannel to, long most) throws IOException {
      int step = (int) Math.min(Math.min(most, mostPassed - passed), chance.nextInt(100_000));
      ByteBuffer some = ByteBuffer.allocate(step);
      octets.read(some);
      passed += some.position();
      return to.write(some.flip());
    }

    @Override
    public boolean isOpen() {
      return octets.isOpen();
    }

    @Override
    public void close() throws IOException {
      octets.close();
    }
  }

  @Nested
  class HandedOn extends OctetInputContract {
    @Override
    protected OctetInput over(byte[] octets) {
      return new ChannelInput("test", new Passing(octets, Long.MAX_VALUE));
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }
  }

  @Nested
  class HandedOnInPart extends OctetInputContract {
    @Override
    protected OctetInput over(byte[] octets) {
      return new ChannelInput("test", new Passing(octets, 150_000));
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }
  }

  /// What is read ahead has to be copied, so it is little; not where octets are copied anyway.
  @Test
  void readsLittleAheadWhereOctetsAreHandedOn() throws IOException {
    Passing channel = new Passing(new byte[3_000_000], 1_000_000);
    WritableByteChannel nowhere = Channels.newChannel(OutputStream.nullOutputStream());
    try (OctetInput input = new ChannelInput("test", channel)) {
      assertEquals(8, input.near(8).byteSize());
      assertEquals(256 << 10, channel.longestRead);
      assertEquals(500_000, input.moveTo(nowhere, 500_000));
      channel.longestRead = 0;
      assertEquals(8, input.near(8).byteSize());
      assertEquals(16 << 10, channel.longestRead);
      assertEquals(1_500_000, input.moveTo(nowhere, 1_500_000));
      assertEquals(1_000_000, channel.passed);
      assertEquals(256 << 10, channel.longestRead);
    }
  }

  /// The input by which the other tests find who keeps a view must itself be one.
  @Nested
  class Poisoned extends OctetInputContract {
    @Override
    protected OctetInput over(byte[] octets) {
      return new PoisonedInput(ChannelInputTest.this.over(octets));
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }

    @Test
    void takesItsViewsAway() throws IOException {
      try (OctetInput input = over(new byte[16])) {
        MemorySegment first = input.peek(8);
        MemorySegment second = input.peek(8);
        assertThrows(IllegalStateException.class, () -> first.get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(0, second.get(ValueLayout.JAVA_BYTE, 0));
        input.advance(1);
        assertThrows(IllegalStateException.class, () -> second.get(ValueLayout.JAVA_BYTE, 0));
      }
    }
  }

  @Test
  void passesOnThatTheLineBroke() throws IOException {
    try (OctetInput input = new ChannelInput("test", new FailingChannel(new byte[64], 40))) {
      assertEquals(40, input.peek(40).byteSize());
      assertEquals(
          "the line broke at octet 40",
          assertThrows(IOException.class, () -> input.peek(41)).getMessage());
      assertEquals(40, input.advance(40));
      assertEquals(
          "the line broke at octet 40",
          assertThrows(IOException.class, () -> input.advance(1)).getMessage());
    }
  }

  @Test
  void readsNoFurtherThanItsBufferBeforeAViewIsAskedFor() throws IOException {
    EndlessChannel endless = new EndlessChannel(new byte[0], new byte[] {1, 2, 3});
    try (OctetInput input = new ChannelInput("test", endless)) {
      assertEquals(0, endless.given());
      assertArrayEquals(new byte[] {1, 2, 3, 1}, input.peek(4).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(256 << 10, endless.given());
    }
  }

  @Test
  void closesItsChannelOnceMoreThanOnce() throws IOException {
    ChunkedChannel channel = ChunkedChannel.oneByOne(new byte[4]);
    OctetInput input = new ChannelInput("test", channel);
    MemorySegment view = input.peek(4);
    input.close();
    input.close();
    assertFalse(channel.isOpen());
    assertFalse(view.scope().isAlive());
  }
}
