// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

/// The writer against octets that were laid by hand.
class StreamWriterTest {
  private static StreamReader reader(byte[] stream) throws IOException {
    return StreamReader.open(
        new ChannelInput("a.img", ChunkedChannel.of(stream, 5000, 1)), Limits.DEFAULT);
  }

  static Stream<Arguments> orders() {
    return Stream.of(
        Arguments.of(2, LITTLE_ENDIAN),
        Arguments.of(2, BIG_ENDIAN),
        Arguments.of(3, LITTLE_ENDIAN),
        Arguments.of(3, BIG_ENDIAN));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void writesEveryRecordAsItWasRead(int version, ByteOrder order) throws IOException {
    byte[] stream = Samples.everyRecord(version, order);
    assertArrayEquals(stream, rewritten(stream, order, CapturingChannel.whole()));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void takesShortWrites(int version, ByteOrder order) throws IOException {
    byte[] stream = Samples.everyRecord(version, order);
    for (long seed = 0; seed < 20; seed++) {
      int most = 1 + (int) seed * 61;
      assertArrayEquals(
          stream,
          rewritten(stream, order, CapturingChannel.shortWrites(most, seed)),
          "seed " + seed);
    }
  }

  @ParameterizedTest
  @MethodSource("orders")
  void writesInTheOtherOrder(int version, ByteOrder order) throws IOException {
    ByteOrder other = order == BIG_ENDIAN ? LITTLE_ENDIAN : BIG_ENDIAN;
    assertArrayEquals(
        Samples.everyRecord(version, other),
        rewritten(Samples.everyRecord(version, order), other, CapturingChannel.whole()));
  }

  private static byte[] rewritten(byte[] stream, ByteOrder order, CapturingChannel out)
      throws IOException {
    try (StreamReader reader = reader(stream)) {
      StreamHeaders headers = reader.headers();
      StreamWriter writer =
          StreamWriter.begin(
              out, ImageHeader.of(headers.image().version(), order), headers.domain());
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        writer.accept(framed.record());
      }
    }
    return out.octets();
  }

  @Test
  void keepsReservedFieldsOfTheHeaders() throws IOException {
    byte[] headers =
        StreamBuilder.stream()
            .order(BIG_ENDIAN)
            .imageHeader(-1, 0x58454E46, 7, 0x8003, new byte[] {1, 2, 3, 4, 5, 6})
            .domainHeader(0x01020304, 0x0506, 0x0708, 0x090a0b0c, 0x0d0e0f10)
            .octets();
    CapturingChannel out = CapturingChannel.whole();
    StreamWriter.begin(
        out,
        new ImageHeader(7, 0x8003, 0x010203040506L),
        new DomainHeader(0x01020304, 0x0506, 0x0708, 0x090a0b0c, 0x0d0e0f10));
    assertArrayEquals(headers, out.octets());
  }

  @Test
  void copiesAFrameToTheOctet() throws IOException {
    byte[] odd =
        StreamBuilder.stream()
            .imageHeader(3)
            .domainHeader(1)
            .record(0x0B, 3, new byte[] {1, 2, 3}, new byte[] {9, 8, 7, 6, 5})
            .record(0x02, 7, new byte[] {1, 2, 3, 4, 5, 6, 7}, new byte[] {1})
            .end()
            .octets();
    CapturingChannel out = CapturingChannel.shortWrites(5, 1);
    try (StreamReader reader = reader(odd)) {
      StreamWriter writer =
          StreamWriter.begin(out, reader.headers().image(), reader.headers().domain());
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        writer.copy(framed.frame());
      }
    }
    assertArrayEquals(odd, out.octets());
  }

  @Test
  void goesOnWithAStream() throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    StreamWriter.resume(out, BIG_ENDIAN).accept(new StreamRecord.Verify());
    assertArrayEquals(StreamBuilder.stream().order(BIG_ENDIAN).record(0x0D).octets(), out.octets());
  }

  @Test
  void refusesWhatItCannotSay() throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    StreamFormatException why =
        new StreamFormatException(
            Fault.MALFORMED_BODY, Location.of("a", 0, "", "x", null), "y", "z");
    StreamRecord odd = new StreamRecord.Malformed(2, MemorySegment.ofArray(new byte[3]), why);
    StreamWriter writer = StreamWriter.resume(out, LITTLE_ENDIAN);
    assertSame(why, assertThrows(StreamFormatException.class, () -> writer.accept(odd)));
    assertEquals(0, out.octets().length);
  }

  /// Three thousand pages that lie apart are more buffers than the system takes at once.
  @Test
  void splitsWritesOfManyPages() throws IOException {
    int count = 3000;
    long[] entries = new long[count];
    List<MemorySegment> pages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries[i] = i;
      pages.add(MemorySegment.ofArray(StreamBuilder.page(i + 1)));
    }
    StreamBuilder numbers = StreamBuilder.stream();
    Arrays.stream(entries).forEach(numbers::u64);
    CapturingChannel out = CapturingChannel.shortWrites(1 << 20, 5);
    StreamWriter.resume(out, LITTLE_ENDIAN)
        .accept(
            new StreamRecord.PageData(
                new PageEntries(MemorySegment.ofArray(numbers.octets())), new PageRuns(pages)));
    assertArrayEquals(StreamBuilder.stream().pageData(entries).octets(), out.octets());
  }

  /// Guest memory may lie in any segment, not only in one of octets.
  @Test
  void writesSegmentsOfAnyKind() throws IOException {
    byte[] expected =
        StreamBuilder.stream()
            .record(0x0F, StreamBuilder.stream().u64(3).u64(4).octets())
            .record(0x0F, StreamBuilder.stream().u64(5).octets())
            .octets();
    CapturingChannel out = CapturingChannel.whole();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment native5 = arena.allocate(8);
      Wire.putU64(native5, 0, 5, LITTLE_ENDIAN);
      StreamWriter writer = StreamWriter.resume(out, LITTLE_ENDIAN);
      writer.accept(
          new StreamRecord.CheckpointDirtyPfnList(MemorySegment.ofArray(new long[] {3, 4})));
      writer.accept(new StreamRecord.CheckpointDirtyPfnList(native5.asReadOnly()));
    }
    assertArrayEquals(expected, out.octets());
  }

  @Test
  void passesOnThatThePipeBroke() throws IOException {
    byte[] stream = Samples.hvm();
    for (int at = 0; at < stream.length; at++) {
      CapturingChannel out = CapturingChannel.breakingAt(at);
      assertEquals(
          "the pipe broke at octet " + at,
          assertThrows(IOException.class, () -> rewritten(stream, LITTLE_ENDIAN, out))
              .getMessage());
      assertArrayEquals(Arrays.copyOf(stream, at), out.octets());
    }
  }

  /// The same page many times, so that the body is too long without taking its memory.
  @Test
  void saysThatABodyHasNoLengthField() {
    CapturingChannel out = CapturingChannel.whole();
    PageRuns runs =
        new PageRuns(Collections.nCopies(1 << 20, MemorySegment.ofArray(new byte[4096])));
    StreamRecord huge =
        new StreamRecord.PageData(new PageEntries(MemorySegment.ofArray(new byte[0])), runs);
    assertEquals(
        "a body of 4294967304 octets has no length field",
        assertThrows(
                IllegalArgumentException.class,
                () -> StreamWriter.resume(out, LITTLE_ENDIAN).accept(huge))
            .getMessage());
    assertEquals(0, out.octets().length);
  }
}
