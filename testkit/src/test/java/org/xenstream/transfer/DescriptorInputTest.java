// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.OctetInputContract;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.os.IoVectors;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.Samples;

class DescriptorInputTest {
  private static final LongSupplier CLOCK = System::nanoTime;

  @TempDir Path folder = Path.of("");
  private final Cancellation cancellation = new Cancellation();

  private static Patience endless() {
    return Patience.endless(new Cancellation(), CLOCK);
  }

  /// What every input promises.
  abstract class Contract extends OctetInputContract {
    private final int longest;

    Contract(int longest) {
      this.longest = longest;
    }

    abstract Line line();

    @Override
    protected OctetInput over(byte[] octets) throws IOException {
      DescriptorPair pair = line().open(folder);
      InThread<Void> _ =
          new InThread<Void>(() -> {
            try (Descriptor to = pair.second()) {
              Line.feed(to, octets, longest, 7);
            } catch (IOException readerGone) {
              assertTrue(String.valueOf(readerGone.getMessage()).contains("Broken pipe"));
            }
            return null;
          });
      return new PoisonedInput(new DescriptorInput("test", pair.first(), endless()));
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }
  }

  @Nested
  class FromAPipe extends Contract {
    FromAPipe() {
      super(100_000);
    }

    @Override
    Line line() {
      return Line.PIPE;
    }
  }

  @Nested
  class FromAPipeThatDribbles extends Contract {
    FromAPipeThatDribbles() {
      super(20);
    }

    @Override
    Line line() {
      return Line.PIPE;
    }
  }

  @Nested
  class FromASocket extends Contract {
    FromASocket() {
      super(1 << 20);
    }

    @Override
    Line line() {
      return Line.SOCKETS;
    }
  }

  @Nested
  class FromANamedPipe extends Contract {
    FromANamedPipe() {
      super(50_000);
    }

    @Override
    Line line() {
      return Line.NAMED_PIPE;
    }
  }

  @Nested
  class FromAFile extends OctetInputContract {
    @Override
    protected OctetInput over(byte[] octets) throws IOException {
      Path file = Files.write(folder.resolve("octets"), octets);
      return new DescriptorInput("test", Descriptor.openToRead(file), endless());
    }

    @Override
    protected boolean knowsItsSize() {
      return false;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWriterThatStopsForTooLongCountsAsDead(Line line) throws IOException {
    Patience patience =
        new Patience(cancellation, new Deadline(CLOCK), Duration.ofMillis(30), CLOCK);
    try (DescriptorPair pair = line.open(folder);
        DescriptorInput input = new DescriptorInput("in", pair.first(), patience);
        Arena arena = Arena.ofConfined()) {
      Line.feed(pair.second(), new byte[100], 100, 1);
      assertEquals(100, input.peek(100).byteSize());
      assertEquals(
          "in @0x64: the writer gave nothing for 0.030 s",
          assertThrows(PeerStuckException.class, () -> input.peek(101)).getMessage());
      MemorySegment memory = arena.allocate(200);
      assertEquals(
          "in @0x64: the writer gave nothing for 0.030 s",
          assertThrows(PeerStuckException.class, () -> input.take(memory)).getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlineEndsTheWaiting(Line line) throws IOException {
    Deadline deadline = new Deadline(CLOCK);
    Patience patience =
        new Patience(cancellation, deadline, Duration.ofNanos(Long.MAX_VALUE), CLOCK);
    try (DescriptorPair pair = line.open(folder);
        DescriptorInput input = new DescriptorInput("in", pair.first(), patience)) {
      deadline.set(20_000_000);
      assertThrows(DeadlineException.class, () -> input.advance(1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCancelledOneIsLeftWhileItWaits(Line line) throws Exception {
    try (DescriptorPair pair = line.open(folder);
        DescriptorInput input =
            new DescriptorInput("in", pair.first(), Patience.endless(cancellation, CLOCK))) {
      Line.feed(pair.second(), new byte[1], 1, 1);
      InThread<Void> canceller =
          new InThread<>(() -> {
            while (pair.first().readable() > 0) {
              Thread.onSpinWait();
            }
            cancellation.cancel();
            return null;
          });
      assertThrows(TransferCancelledException.class, () -> input.peek(2));
      canceller.join();
    }
  }

  /// A peer that resets a connection, as one does that dies with octets unread.
  @Test
  void aWriterThatDiesIsNamed() throws IOException {
    try (DescriptorPair pair = Line.SOCKETS.open(folder);
        DescriptorInput input = new DescriptorInput("in", pair.first(), endless())) {
      Line.feed(pair.first(), new byte[10], 10, 1);
      pair.second().close();
      assertEquals(
          "in @0x0: the writer went away: Connection reset by peer",
          assertThrows(IOException.class, () -> input.peek(1)).getMessage());
    }
  }

  @Test
  void whatIsNoFileIsAnError() throws IOException {
    try (DescriptorInput input =
        new DescriptorInput("in", Descriptor.openToRead(folder), endless())) {
      assertEquals(
          "in @0x0: Is a directory",
          assertThrows(IOException.class, () -> input.peek(1)).getMessage());
    }
  }

  @Test
  void memoryOnTheHeapIsRefusedWhereSeveralPlacesAreFilled() throws IOException {
    Path file = Files.write(folder.resolve("octets"), new byte[10]);
    try (DescriptorInput input =
        new DescriptorInput("in", Descriptor.openToRead(file), endless())) {
      MemoryRuns runs = new MemoryRuns();
      runs.add(MemorySegment.ofArray(new byte[4]), 0, 4);
      assertThrows(IllegalArgumentException.class, () -> input.take(runs));
      assertEquals(4, input.take(MemorySegment.ofArray(new byte[4])));
      assertEquals(4, input.position());
      assertEquals(6, input.take(MemorySegment.ofArray(new byte[40])));
    }
  }

  /// libxl reads on behind CHECKPOINT and END: what is read ahead ends with the next header.
  @ParameterizedTest
  @EnumSource
  void anExactOneReadsNotAnOctetBehindACheckpointOrTheEnd(Line line) throws IOException {
    byte[] stream = Samples.everyRecord(3, ByteOrder.LITTLE_ENDIAN);
    byte[] octets = Arrays.copyOf(stream, stream.length + 500);
    try (DescriptorPair pair = line.open(folder);
        DescriptorInput input = DescriptorInput.exact("in", pair.first(), endless());
        Arena arena = Arena.ofConfined()) {
      Line.feed(pair.second(), octets, octets.length, 1);
      StreamReader reader = StreamReader.open(input, Limits.DEFAULT, PagesShown.LEFT_IN_INPUT);
      int last = 0;
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        if (framed.record() instanceof StreamRecord.PageData(var entries, _)) {
          MemoryRuns pages = new MemoryRuns();
          pages.add(arena.allocate(4096L * entries.withData()), 0, 4096L * entries.withData());
          reader.takePages(framed, pages);
        }
        Frame frame = framed.frame();
        long ahead = octets.length - pair.first().readable() - frame.end();
        boolean stops = List.of(0x00, 0x0E).contains(frame.type());
        assertTrue(ahead <= (stops ? 0 : 8), () -> frame.typeName() + ": " + ahead);
        last = pair.first().readable();
      }
      assertEquals(500, last);
      assertEquals(stream.length, input.position());
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesNoDescriptorBehindAndTheFlagsAlone(Line line) throws IOException {
    long before = Line.openDescriptors();
    for (int i = 0; i < 20; i++) {
      try (DescriptorPair pair = line.open(folder);
          DescriptorInput input = new DescriptorInput("in", pair.first(), endless())) {
        int flags = pair.first().flags();
        assertEquals(0, flags & 0x800, "it is blocking");
        Line.feed(pair.second(), new byte[3], 3, 1);
        assertEquals(3, input.advance(3));
        assertEquals(flags, pair.first().flags());
      }
    }
    assertEquals(before, Line.openDescriptors());
  }

  /// More places than one call takes, in memory of the guest's size; only what was asked for is
  /// touched.
  @Test
  void readsNoFurtherThanIsTakenButForAHeader() throws IOException {
    Path file = Files.write(folder.resolve("octets"), new byte[1 << 20]);
    try (Descriptor descriptor = Descriptor.openToRead(file);
        Descriptor same = Descriptor.borrow(descriptor.number());
        DescriptorInput input = new DescriptorInput("in", descriptor, endless());
        Arena arena = Arena.ofConfined()) {
      input.take(arena.allocate(500_000));
      MemorySegment rest = arena.allocate(1 << 20);
      IoVectors places = new IoVectors(arena);
      places.add(rest.address(), rest.byteSize());
      assertEquals(
          (1 << 20) - 500_000, same.read(places, Long.MAX_VALUE, Long.MAX_VALUE), "read ahead");
    }
  }
}
