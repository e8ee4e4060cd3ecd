// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

class BackChannelReaderTest {
  /// A record as the specification has it (`stray` 0) or as Xen writes it since 4.18 (8).
  private static byte[] record(int stray, long... pfns) {
    return Layers.dirtyPfnList(stray, pfns);
  }

  private static BackChannelReader over(byte[]... records) {
    return new BackChannelReader(
        new ChannelInput("back", ChunkedChannel.of(StreamBuilder.join(records), 11, 3)),
        Limits.DEFAULT);
  }

  private static List<String> lists(BackChannelReader reader) throws IOException {
    List<String> lists = new ArrayList<>();
    for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
      var list = assertInstanceOf(StreamRecord.CheckpointDirtyPfnList.class, framed.record());
      List<Long> pfns = new ArrayList<>();
      for (int i = 0; i < list.count(); i++) {
        pfns.add(list.pfn(i));
      }
      Frame frame = framed.frame();
      lists.add("#%d @%d +%d %s".formatted(frame.index(), frame.offset(), frame.length(), pfns));
    }
    return lists;
  }

  @Test
  void readsTheSpecifiedForm() throws IOException {
    try (BackChannelReader reader = over(record(0, 5, 6), record(0), record(0, 7))) {
      assertEquals(-1, reader.strayOctets());
      assertEquals(List.of("#0 @0 +16 [5, 6]", "#1 @24 +0 []", "#2 @32 +8 [7]"), lists(reader));
      assertEquals(0, reader.strayOctets());
    }
  }

  @Test
  void readsTheFormOfXenSince418() throws IOException {
    try (BackChannelReader reader = over(record(8, 5, 6), record(8), record(8, 7))) {
      assertEquals(List.of("#0 @0 +16 [5, 6]", "#1 @32 +0 []", "#2 @48 +8 [7]"), lists(reader));
      assertEquals(8, reader.strayOctets());
    }
  }

  /// The octets after the header are zero in both: only the next record tells.
  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void tellsTheFormsApartWhereTheFirstPfnIsZero(int stray) throws IOException {
    try (BackChannelReader reader = over(record(stray, 0, 9), record(stray, 3))) {
      assertEquals(
          List.of("#0 @0 +16 [0, 9]", "#1 @%d +8 [3]".formatted(24 + stray)), lists(reader));
      assertEquals(stray, reader.strayOctets());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void tellsTheFormsApartByTheEnd(int stray) throws IOException {
    try (BackChannelReader reader = over(record(stray, 0, 9))) {
      assertEquals(List.of("#0 @0 +16 [0, 9]"), lists(reader));
      assertEquals(stray, reader.strayOctets());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void readsAnEmptyList(int stray) throws IOException {
    try (BackChannelReader reader = over(record(stray))) {
      assertEquals(List.of("#0 @0 +0 []"), lists(reader));
    }
  }

  /// What libxl's receiver sends holds its hand-shake too, which no list may be taken for.
  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void readsTheListsBetweenLibxlsHandShake(int stray) throws IOException {
    long[][][] channels = {
      {{5, 6}, {7}, {}}, {{0, 9}, {3}}, {{0, 15}}, {{15}, {1}}, {{}, {4}}, {{0}}, {{}}, {}
    };
    for (long[][] lists : channels) {
      try (BackChannelReader reader = over(Layers.backChannel(stray, lists))) {
        List<String> expected = new ArrayList<>();
        long at = 32;
        for (int i = 0; i < lists.length; i++) {
          at += 16;
          long length = 8L * lists[i].length;
          expected.add(
              "#%d @%d +%d %s".formatted(i, at, length, LongStream.of(lists[i]).boxed().toList()));
          at += 8 + stray + length + 32;
        }
        assertEquals(expected, lists(reader));
      }
    }
  }

  @Test
  void saysThatAHandShakeIsCut() throws IOException {
    byte[] cut = java.util.Arrays.copyOf(Layers.backChannel(0), 29);
    try (BackChannelReader reader = over(cut)) {
      Expect.fault(
          Fault.TRUNCATED,
          "back @0x1d (libxl CHECKPOINT_STATE): expected 16 octets of header, body and padding, "
              + "found 13 octets before the end",
          reader::next);
    }
  }

  /// A frame leaves the stray octets out, so that a copy has the specified form.
  @Test
  void framesHaveTheSpecifiedForm() throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    StreamWriter writer = StreamWriter.resume(out, ByteOrder.LITTLE_ENDIAN);
    try (BackChannelReader reader = over(record(8, 5, 6), record(8, 7))) {
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        writer.copy(framed.frame());
      }
    }
    assertArrayEquals(StreamBuilder.join(record(0, 5, 6), record(0, 7)), out.octets());
  }

  @Test
  void anEmptySourceHasNoRecord() throws IOException {
    try (BackChannelReader reader = over()) {
      assertEquals(List.of(), lists(reader));
    }
  }

  @Test
  void refusesAnyOtherRecord() throws IOException {
    try (BackChannelReader reader = over(record(0, 5), StreamBuilder.stream().end().octets())) {
      Expect.fault(
          Fault.MISPLACED,
          "back @0x10 (back channel record #1 CHECKPOINT_DIRTY_PFN_LIST.type): expected "
              + "CHECKPOINT_DIRTY_PFN_LIST or libxl's CHECKPOINT_STATE, found END",
          () -> lists(reader));
    }
  }

  @Test
  void refusesALengthOverTheLimit() throws IOException {
    try (BackChannelReader reader = over(StreamBuilder.stream().u32(0x0F).u32(-8).octets())) {
      Expect.fault(
          Fault.TOO_LONG,
          "back @0x4 (back channel record #0 CHECKPOINT_DIRTY_PFN_LIST.body_length): expected at "
              + "most 134217728, found 4294967288",
          reader::next);
    }
  }

  @Test
  void saysThatAHeaderIsCut() throws IOException {
    try (BackChannelReader reader = over(new byte[] {0x0F, 0, 0})) {
      Expect.fault(
          Fault.TRUNCATED,
          "back @0x3 (back channel record #0 CHECKPOINT_DIRTY_PFN_LIST): expected 8 octets, "
              + "found 3 octets before the end",
          reader::next);
    }
  }

  @Test
  void saysThatABodyIsCut() throws IOException {
    byte[] cut = java.util.Arrays.copyOf(record(0, 5, 6), 20);
    try (BackChannelReader reader = over(cut)) {
      Expect.fault(
          Fault.TRUNCATED,
          "back @0x14 (back channel record #0 CHECKPOINT_DIRTY_PFN_LIST): expected 24 octets of "
              + "header and body, found 20 octets before the end",
          reader::next);
    }
  }

  @Test
  void namesAListThatIsNoWholeNumberOfPfns() throws IOException {
    byte[] odd =
        StreamBuilder.stream().record(0x0F, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9}).octets();
    try (BackChannelReader reader = over(odd)) {
      Framed framed = reader.next();
      assertTrue(framed != null);
      var record = assertInstanceOf(StreamRecord.Malformed.class, framed.record());
      assertEquals(
          "back @0x4 (record #0 CHECKPOINT_DIRTY_PFN_LIST.body_length): expected whole pfn entries "
              + "of 8 octets, found 9 octets",
          record.why().getMessage());
    }
  }

  @Test
  void recognisesItsFirstOctets() {
    assertTrue(BackChannelReader.recognises(MemorySegment.ofArray(record(0, 5))));
    assertTrue(BackChannelReader.recognises(MemorySegment.ofArray(record(0))));
    for (int id = 0; id < 4; id++) {
      assertTrue(
          BackChannelReader.recognises(
              MemorySegment.ofArray(Layers.checkpointState(ByteOrder.LITTLE_ENDIAN, id))));
    }
    assertFalse(
        BackChannelReader.recognises(
            MemorySegment.ofArray(Layers.checkpointState(ByteOrder.LITTLE_ENDIAN, 4))));
    assertFalse(
        BackChannelReader.recognises(
            MemorySegment.ofArray(Layers.checkpointState(ByteOrder.BIG_ENDIAN, 2))));
    assertFalse(BackChannelReader.recognises(MemorySegment.ofArray(new byte[7])));
    assertFalse(
        BackChannelReader.recognises(
            MemorySegment.ofArray(StreamBuilder.stream().u32(0x0F).u32(9).octets())));
    assertFalse(
        BackChannelReader.recognises(
            MemorySegment.ofArray(StreamBuilder.stream().u32(0x0E).u32(8).octets())));
  }
}
