// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.InferStaticDataEnd;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.Records;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

/// Pages that are left in the input and moved from there are the ones that a reader shows, and a
/// stream that ends amid them is refused in the same words.
class TakenPagesTest {
  static Stream<byte[]> streams() {
    return Stream.of(
        Samples.hvm(),
        Samples.hvm(2, BIG_ENDIAN, true),
        Samples.pv64(3, LITTLE_ENDIAN),
        Samples.everyRecord(3, LITTLE_ENDIAN),
        Samples.everyRecord(2, BIG_ENDIAN),
        Samples.remus(),
        Layers.libxl(Samples.hvm()),
        Layers.xl(Layers.libxl(Samples.pv64(2, LITTLE_ENDIAN))),
        Layers.gzip(Layers.libxl(Samples.hvm())));
  }

  private static OctetInput input(byte[] octets) {
    return new PoisonedInput(new ChannelInput("a.img", ChunkedChannel.of(octets, 999, 7)));
  }

  private interface Opening {
    RecordSource open(OctetInput input, PagesShown pages) throws IOException;
  }

  private static RecordSource layered(OctetInput input, PagesShown pages) throws IOException {
    return new InferStaticDataEnd(LibxcRecords.of(ImageReader.of(input, Limits.DEFAULT, pages)));
  }

  private static RecordSource plain(OctetInput input, PagesShown pages) throws IOException {
    return StreamReader.open(input, Limits.DEFAULT, pages);
  }

  /// How a taker goes about it.
  private enum Taking {
    ALL,
    ONE_BY_ONE,
    SOME,
    NONE
  }

  /// Every record as a line, and how it ended.
  private static List<String> read(Opening opening, byte[] octets, PagesShown mode, Taking taking) {
    List<String> lines = new ArrayList<>();
    try (RecordSource source = opening.open(input(octets), mode)) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        String place =
            framed.frame().offset() + "-" + framed.frame().end() + " #" + framed.frame().index();
        lines.add(place + " " + record(source, framed, mode, taking));
      }
      lines.add("ended");
    } catch (StreamFormatException e) {
      lines.add(e.getMessage());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return lines;
  }

  private static Framed next(RecordSource source) throws IOException {
    Framed framed = source.next();
    if (framed == null) {
      throw new AssertionError("no record");
    }
    return framed;
  }

  private static String record(RecordSource source, Framed framed, PagesShown mode, Taking taking)
      throws IOException {
    if (!(framed.record() instanceof StreamRecord.PageData(var entries, var pages))) {
      return framed.record() instanceof StreamRecord.Malformed malformed
          ? "malformed: " + malformed.why().getMessage()
          : Records.text(framed.record());
    }
    if (mode == PagesShown.LEFT_IN_INPUT) {
      assertEquals(PageRuns.NONE, pages);
    }
    String shown = entries.count() + " entries " + entries.withData() + " with data";
    if (taking == Taking.NONE) {
      return shown;
    }
    int count = taking == Taking.SOME ? entries.withData() / 2 : entries.withData();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(Math.max(1, 2L * count * Wire.PAGE_SIZE));
      MemoryRuns runs = new MemoryRuns();
      StringBuilder hashes = new StringBuilder(shown);
      for (int i = 0; i < count; i++) {
        runs.add(memory, 2L * i * Wire.PAGE_SIZE, Wire.PAGE_SIZE);
        if (taking == Taking.ONE_BY_ONE) {
          source.takePages(framed, runs);
          runs.clear();
        }
      }
      if (taking != Taking.ONE_BY_ONE) {
        source.takePages(framed, runs);
      }
      for (int i = 0; i < count; i++) {
        byte[] page =
            memory
                .asSlice(2L * i * Wire.PAGE_SIZE, Wire.PAGE_SIZE)
                .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        hashes.append(' ').append(Arrays.hashCode(page));
      }
      return hashes.toString();
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void theOnesTakenAreTheOnesShown(byte[] stream) {
    for (Taking taking : Taking.values()) {
      List<String> expected = read(TakenPagesTest::layered, stream, PagesShown.IN_VIEW, taking);
      assertEquals("ended", expected.getLast());
      assertTrue(expected.stream().anyMatch(line -> line.contains(" with data")));
      assertEquals(
          expected, read(TakenPagesTest::layered, stream, PagesShown.LEFT_IN_INPUT, taking));
    }
  }

  /// The record whose pages are cut is shown before that is known: one line more, and the same end.
  @Test
  void aCutAmidThePagesIsToldInTheSameWords() {
    for (Opening opening : List.<Opening>of(TakenPagesTest::plain, TakenPagesTest::layered)) {
      byte[] stream = Samples.pv64(3, BIG_ENDIAN);
      for (int cut = 0; cut < stream.length; cut += cut % 4096 < 200 ? 1 : 61) {
        byte[] octets = Arrays.copyOf(stream, cut);
        List<String> inView = read(opening, octets, PagesShown.IN_VIEW, Taking.NONE);
        for (Taking taking : Taking.values()) {
          List<String> left = read(opening, octets, PagesShown.LEFT_IN_INPUT, taking);
          assertEquals(inView.getLast(), left.getLast(), taking + " cut at " + cut);
        }
      }
    }
  }

  @Test
  void aMalformedOneIsToldInTheSameWords() {
    StreamBuilder headers = StreamBuilder.stream().imageHeader(3).domainHeader(2);
    StreamBuilder entries = headers.part().u32(2).u32(0).u64(1).u64(2);
    for (byte[] body :
        List.of(
            new byte[0],
            new byte[7],
            headers.part().u32(1).u32(0).octets(),
            headers.part().u32(0xFFFF_FFFFL).u32(0).u64(5).octets(),
            entries.octets(),
            StreamBuilder.join(entries.octets(), new byte[4096]),
            StreamBuilder.join(entries.octets(), new byte[3 * 4096]))) {
      byte[] octets =
          StreamBuilder.stream().imageHeader(3).domainHeader(2).record(1, body).end().octets();
      List<String> inView = read(TakenPagesTest::plain, octets, PagesShown.IN_VIEW, Taking.ALL);
      assertEquals(3, inView.size());
      assertTrue(inView.getFirst().contains("expected"), inView.getFirst());
      assertEquals(
          inView, read(TakenPagesTest::plain, octets, PagesShown.LEFT_IN_INPUT, Taking.ALL));
    }
  }

  @Test
  void noMoreAreTakenThanTheRecordHas() throws IOException {
    byte[] octets =
        StreamBuilder.stream().imageHeader(3).domainHeader(2).pageData(5, 6).end().octets();
    try (RecordSource source = plain(input(octets), PagesShown.LEFT_IN_INPUT);
        Arena arena = Arena.ofConfined()) {
      Framed batch = next(source);
      MemoryRuns runs = new MemoryRuns();
      runs.add(arena.allocate(3 * Wire.PAGE_SIZE), 0, Wire.PAGE_SIZE);
      source.takePages(batch, runs);
      runs.add(arena.allocate(Wire.PAGE_SIZE), 0, Wire.PAGE_SIZE);
      assertEquals(
          "8192 octets of pages wanted, 4096 left",
          assertThrows(IllegalArgumentException.class, () -> source.takePages(batch, runs))
              .getMessage());
      Framed end = next(source);
      assertEquals(
          "END has no pages",
          assertThrows(IllegalArgumentException.class, () -> source.takePages(end, runs))
              .getMessage());
    }
  }
}
