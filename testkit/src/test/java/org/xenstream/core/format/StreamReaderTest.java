// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.StreamBuilder;

class StreamReaderTest {
  private static OctetInput input(byte[] octets) {
    return new ChannelInput("a.img", ChunkedChannel.of(octets, 99, 7));
  }

  private static StreamReader open(StreamBuilder stream) throws IOException {
    return StreamReader.open(input(stream.octets()), Limits.DEFAULT);
  }

  private static StreamBuilder headers(ByteOrder order) {
    return StreamBuilder.stream().order(order).imageHeader(3).domainHeader(1);
  }

  @Test
  void readsLittleEndianHeaders() throws IOException {
    StreamBuilder stream =
        StreamBuilder.stream()
            .imageHeader(-1, 0x58454E46, 2, 0x8002, new byte[] {1, 2, 3, 4, 5, 6})
            .domainHeader(0x01020304, 0x0506, 0x0708, 0x090a0b0c, 0x0d0e0f10);
    try (StreamReader reader = open(stream)) {
      assertEquals(
          new StreamHeaders(
              0,
              new ImageHeader(2, 0x8002, 0x010203040506L),
              new DomainHeader(0x01020304, 0x0506, 0x0708, 0x090a0b0c, 0x0d0e0f10)),
          reader.headers());
      assertEquals(LITTLE_ENDIAN, reader.headers().order());
      assertEquals("a.img", reader.name());
    }
  }

  @Test
  void readsABigEndianDomainHeader() throws IOException {
    StreamBuilder stream =
        StreamBuilder.stream()
            .order(BIG_ENDIAN)
            .imageHeader(3)
            .domainHeader(0x01020304, 0x0506, 0x0708, 0x090a0b0c, 0x0d0e0f10);
    try (StreamReader reader = open(stream)) {
      assertEquals(BIG_ENDIAN, reader.headers().order());
      assertEquals(
          new DomainHeader(0x01020304, 0x0506, 0x0708, 0x090a0b0c, 0x0d0e0f10),
          reader.headers().domain());
    }
  }

  @Test
  void readsFromWhereTheInputStands() throws IOException {
    OctetInput input =
        input(
            headers(LITTLE_ENDIAN)
                .part()
                .u32(7)
                .raw(headers(LITTLE_ENDIAN).end().octets())
                .octets());
    input.advance(4);
    try (StreamReader reader = StreamReader.open(input, Limits.DEFAULT)) {
      assertEquals(4, reader.headers().offset());
      Framed end = reader.next();
      assertNotNull(end);
      assertEquals(44, end.frame().offset());
      assertEquals(52, end.frame().end());
    }
  }

  private static void refused(Fault fault, String message, StreamBuilder stream) {
    Expect.fault(fault, message, () -> open(stream).close());
  }

  @Test
  void refusesAnotherMarker() {
    refused(
        Fault.MARKER,
        "a.img @0x0 (image header.marker): expected 0xffffffffffffffff, found 0xfffffffffffffffe",
        StreamBuilder.stream().imageHeader(-2, 0x58454E46, 3, 0, new byte[6]).domainHeader(1));
  }

  @Test
  void refusesAnotherId() {
    refused(
        Fault.ID,
        "a.img @0x8 (image header.id): expected 0x58454e46, found 0x46454e58",
        StreamBuilder.stream().imageHeader(-1, 0x46454E58, 3, 0, new byte[6]).domainHeader(1));
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,1", "4,4", "-1,4294967295", "33554432,33554432"})
  void refusesAnotherVersion(int version, String found) {
    refused(
        Fault.VERSION,
        "a.img @0xc (image header.version): expected 2 or 3, found " + found,
        StreamBuilder.stream().imageHeader(version).domainHeader(1));
  }

  /// A version that cannot be read is named even where the stream ends before the domain header.
  @Test
  void namesAVersionBeforeATruncation() {
    refused(
        Fault.VERSION,
        "a.img @0xc (image header.version): expected 2 or 3, found 4",
        StreamBuilder.stream().imageHeader(4));
  }

  @Test
  void saysWhichHeaderIsCut() {
    refused(
        Fault.TRUNCATED,
        "a.img @0x0 (image header): expected 24 octets, found 0 octets before the end",
        StreamBuilder.stream());
    refused(
        Fault.TRUNCATED,
        "a.img @0x17 (image header): expected 24 octets, found 23 octets before the end",
        StreamBuilder.stream().imageHeader(-1, 0x58454E46, 3, 0, new byte[5]));
    refused(
        Fault.TRUNCATED,
        "a.img @0x18 (domain header): expected 16 octets, found 0 octets before the end",
        StreamBuilder.stream().imageHeader(3));
    refused(
        Fault.TRUNCATED,
        "a.img @0x27 (domain header): expected 16 octets, found 15 octets before the end",
        StreamBuilder.stream().imageHeader(3).raw(new byte[15]));
  }

  /// Page shifts are judged by rules; the reader follows the stream whatever they say.
  @ParameterizedTest
  @ValueSource(ints = {0, 13, 44, 63, 64, 0xFFFF})
  void takesAnyPageShift(int shift) throws IOException {
    StreamBuilder stream =
        StreamBuilder.stream().imageHeader(3).domainHeader(2, shift, 0, 4, 17).pageData(1).end();
    try (StreamReader reader = open(stream)) {
      Framed pages = reader.next();
      assertTrue(pages != null && pages.record() instanceof StreamRecord.PageData);
      Framed end = reader.next();
      assertTrue(end != null && end.record() instanceof StreamRecord.End);
      assertNull(reader.next());
      assertEquals(shift, reader.headers().domain().pageShift());
    }
  }

  @Test
  void numbersRecordsAndKeepsTheirPlaces() throws IOException {
    StreamBuilder stream =
        headers(BIG_ENDIAN)
            .record(0x0B, new byte[9])
            .record(0x0D)
            .record(0x80000009, new byte[8])
            .end();
    try (StreamReader reader = open(stream)) {
      assertEquals("0 TOOLSTACK @40 +9 24", place(reader));
      assertEquals("1 VERIFY @64 +0 8", place(reader));
      assertEquals("2 OPTIONAL_0x80000009 @72 +8 16", place(reader));
      assertEquals("3 END @88 +0 8", place(reader));
      assertNull(reader.next());
      assertNull(reader.next());
    }
  }

  private static String place(StreamReader reader) throws IOException {
    Framed framed = reader.next();
    assertNotNull(framed);
    Frame frame = framed.frame();
    assertEquals(frame.type(), framed.record().type());
    return "%d %s @%d +%d %d"
        .formatted(
            frame.index(),
            frame.typeName(),
            frame.offset(),
            frame.length(),
            frame.octets().byteSize());
  }

  @Test
  void leavesWhatIsBehindEnd() throws IOException {
    OctetInput input = input(headers(LITTLE_ENDIAN).end().raw((byte) 9).octets());
    try (StreamReader reader = StreamReader.open(input, Limits.DEFAULT)) {
      assertNotNull(reader.next());
      assertNull(reader.next());
      assertEquals(48, input.position());
      assertEquals(1, input.peek(99).byteSize());
    }
  }

  private static void stops(Fault fault, String message, StreamBuilder stream) throws IOException {
    try (StreamReader reader = open(stream)) {
      Expect.fault(
          fault,
          message,
          () -> {
            while (reader.next() != null) {
              assertNotNull(reader.name());
            }
          });
      // Asked again it says the same, rather than anything about octets it has passed.
      Expect.fault(fault, message, reader::next);
    }
  }

  @Test
  void aStreamDoesNotJustEnd() throws IOException {
    stops(
        Fault.TRUNCATED,
        "a.img @0x30 (record #1 record header): expected a record, END at the latest, found the"
            + " end",
        headers(LITTLE_ENDIAN).record(0x0D));
  }

  @Test
  void saysThatARecordHeaderIsCut() throws IOException {
    stops(
        Fault.TRUNCATED,
        "a.img @0x2f (record #0 record header): expected 8 octets, found 7 octets before the end",
        headers(LITTLE_ENDIAN).raw(new byte[7]));
  }

  @Test
  void saysThatABodyIsCut() throws IOException {
    stops(
        Fault.TRUNCATED,
        "a.img @0x3a (record #0 TOOLSTACK): expected 24 octets of header, body and padding, "
            + "found 18 octets before the end",
        headers(LITTLE_ENDIAN).record(0x0B, 11, new byte[10], new byte[0]));
  }

  @Test
  void saysThatPaddingIsCut() throws IOException {
    stops(
        Fault.TRUNCATED,
        "a.img @0x3f (record #0 TOOLSTACK): expected 24 octets of header, body and padding, "
            + "found 23 octets before the end",
        headers(BIG_ENDIAN).record(0x0B, 11, new byte[11], new byte[4]));
  }

  @ParameterizedTest
  @ValueSource(longs = {0x0800_0001L, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFF8L, 0xFFFF_FFFFL})
  void refusesALengthOverTheLimitWhateverFollows(long length) throws IOException {
    stops(
        Fault.TOO_LONG,
        "a.img @0x2c (record #0 PAGE_DATA.body_length): expected at most 134217728, found "
            + length,
        headers(BIG_ENDIAN).record(0x01, length, new byte[64], new byte[0]));
  }

  @Test
  void takesALengthAtTheLimit() throws IOException {
    stops(
        Fault.TRUNCATED,
        "a.img @0x31 (record #0 TOOLSTACK): expected 134217736 octets of header, body and padding, "
            + "found 9 octets before the end",
        headers(LITTLE_ENDIAN).record(0x0B, 0x0800_0000, new byte[1], new byte[0]));
  }

  @Test
  void holdsLengthsAgainstTheLimitThatItIsGiven() throws IOException {
    Limits limits = new Limits(16, 16, 16);
    byte[] octets =
        headers(LITTLE_ENDIAN).record(0x0B, new byte[16]).record(0x0B, new byte[17]).octets();
    try (StreamReader reader = StreamReader.open(input(octets), limits)) {
      assertNotNull(reader.next());
      Expect.fault(
          Fault.TOO_LONG,
          "a.img @0x44 (record #1 TOOLSTACK.body_length): expected at most 16, found 17",
          reader::next);
    }
  }

  @Test
  void aCheckpointedStreamMayEndBehindACheckpoint() throws IOException {
    try (StreamReader reader = open(headers(LITTLE_ENDIAN).record(0x0E))) {
      assertNotNull(reader.next());
      assertNull(reader.next());
      assertNull(reader.next());
    }
  }

  @Test
  void aCheckpointedStreamMayNotEndWithinAHeader() throws IOException {
    stops(
        Fault.TRUNCATED,
        "a.img @0x31 (record #1 record header): expected 8 octets, found 1 octets before the end",
        headers(LITTLE_ENDIAN).record(0x0E).raw((byte) 0));
  }

  @Test
  void goesOnBehindAMalformedRecord() throws IOException {
    try (StreamReader reader = open(headers(LITTLE_ENDIAN).record(0x02, new byte[7]).end())) {
      Framed odd = reader.next();
      assertTrue(odd != null && odd.record() instanceof StreamRecord.Malformed);
      Framed end = reader.next();
      assertTrue(end != null && end.record() instanceof StreamRecord.End);
    }
  }
}
