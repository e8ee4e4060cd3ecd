// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
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
