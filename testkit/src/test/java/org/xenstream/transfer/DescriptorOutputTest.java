// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.testkit.CapturingChannel;

/// A stream arrives whole through any line, and nothing that the reader does, or does not, holds
/// the writer longer than it may be held. Each test would hang otherwise.
class DescriptorOutputTest {
  private static final LongSupplier CLOCK = System::nanoTime;
  private static final DomainHeader HVM = new DomainHeader(Wire.DOMAIN_X86_HVM, 12, 0, 4, 17);

  @TempDir Path folder = Path.of("");
  private final Arena arena = Arena.ofShared();
  private final Cancellation cancellation = new Cancellation();

  @AfterEach
  void free() {
    arena.close();
  }

  private static ImageHeader image(ByteOrder order) {
    return new ImageHeader(3, order == ByteOrder.BIG_ENDIAN ? Wire.OPT_BIG_ENDIAN : 0, 0);
  }

  private Patience endless() {
    return Patience.endless(cancellation, CLOCK);
  }

  /// Batches of all sizes: none, one page, runs, and more runs than one call takes; and records of
  /// other kinds between them, one longer than what is gathered.
  private void writeStream(SaveOutput out, ByteOrder order) throws IOException {
    Random chance = new Random(5);
    MemorySegment memory = arena.allocate(3000L * Wire.PAGE_SIZE, Wire.PAGE_SIZE);
    for (long at = 0; at < memory.byteSize(); at += 8) {
      memory.set(ValueLayout.JAVA_LONG, at, at * 0x9E3779B97F4A7C15L);
    }
    PageBatch batch = new PageBatch(arena, 1400);
    out.begin(image(order), HVM);
    out.accept(new StreamRecord.StaticDataEnd());
    out.accept(batch);
    for (int count : new int[] {1, 7, 1024, 1400, 1022, 1023}) {
      batch.clear();
      batch.addEntry(PageType.XTAB, 99);
      for (int i = 0; i < count - 1; i++) {
        batch.addEntry(PageType.NOTAB, i);
        // Far from each other, or in runs.
        long page = count == 7 ? i : count > 1000 ? 2L * i : chance.nextInt(3000);
        batch.addPage(memory, page % 3000 * Wire.PAGE_SIZE);
      }
      out.accept(batch);
      out.accept(new StreamRecord.HvmContext(memory.asSlice(13, 3 + 100_000L * (count % 3))));
    }
    out.accept(new StreamRecord.HvmParams(MemorySegment.ofArray(new long[] {1, 2, 3, 4})));
    out.accept(new StreamRecord.End());
  }

  private byte[] expected(ByteOrder order) throws IOException {
    CapturingChannel channel = CapturingChannel.shortWrites(100_000, 7);
    ChannelOutput out = new ChannelOutput(channel, endless(), null);
    writeStream(out, order);
    assertEquals(channel.octets().length, out.written());
    return channel.octets();
  }

  @ParameterizedTest
  @CsvSource({
    "PIPE,LITTLE",
    "PIPE,BIG",
    "SOCKETS,LITTLE",
    "SOCKETS,BIG",
    "NAMED_PIPE,LITTLE",
  })
  void aStreamArrivesWhole(Line line, String order) throws Exception {
    ByteOrder octets = order.equals("BIG") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    try (DescriptorPair pair = line.open(folder)) {
      InThread<byte[]> reader = new InThread<>(() -> Line.drain(pair.first(), 3));
      int flags = pair.second().flags();
      try (DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), null)) {
        writeStream(out, octets);
        assertEquals(expected(octets).length, out.written());
        assertEquals(flags, pair.second().flags());
      }
      assertEquals(0, flags & 0x800, "it is blocking");
      assertArrayEquals(expected(octets), reader.join());
    }
  }

  @Test
  void aFileHoldsTheSame() throws IOException {
    Path file = folder.resolve("stream");
    Files.writeString(file, "what was there before");
    try (DescriptorOutput out =
        new DescriptorOutput("out", Descriptor.openToWrite(file), endless(), null)) {
      writeStream(out, ByteOrder.LITTLE_ENDIAN);
    }
    assertArrayEquals(expected(ByteOrder.LITTLE_ENDIAN), Files.readAllBytes(file));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(0);
      writeStream(new ChannelOutput(channel, endless(), null), ByteOrder.LITTLE_ENDIAN);
    }
    assertArrayEquals(expected(ByteOrder.LITTLE_ENDIAN), Files.readAllBytes(file));
  }

  /// Slow enough that the strides are cut into pages, by a clock that runs with the stream.
  @Test
  void aLimitedStreamIsTheSame() throws Exception {
    BandwidthLimit[] limits = new BandwidthLimit[2];
    for (int i = 0; i < 2; i++) {
      long[] now = {0};
      limits[i] = new BandwidthLimit(100_000, () -> now[0] += 30_000_000);
    }
    byte[] whole = expected(ByteOrder.LITTLE_ENDIAN);
    CapturingChannel channel = CapturingChannel.shortWrites(100_000, 7);
    writeStream(new ChannelOutput(channel, endless(), limits[0]), ByteOrder.LITTLE_ENDIAN);
    assertArrayEquals(whole, channel.octets());
    try (DescriptorPair pair = Line.PIPE.open(folder)) {
      InThread<byte[]> reader = new InThread<>(() -> Line.drain(pair.first(), 3));
      try (DescriptorOutput out =
          new DescriptorOutput("out", pair.second(), endless(), limits[1])) {
        writeStream(out, ByteOrder.LITTLE_ENDIAN);
      }
      assertArrayEquals(whole, reader.join());
    }
  }

  @Test
  void aBackChannelHasNoHeaders() throws IOException {
    try (DescriptorPair pair = Line.SOCKETS.open(folder)) {
      try (DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), null)) {
        assertEquals(
            "a record before the headers",
            assertThrows(
                    IllegalStateException.class, () -> out.accept(new StreamRecord.Checkpoint()))
                .getMessage());
        out.resume(ByteOrder.LITTLE_ENDIAN);
        out.accept(
            new StreamRecord.CheckpointDirtyPfnList(MemorySegment.ofArray(new long[] {5, 6})));
        assertEquals(24, out.written());
      }
      byte[] expected = new byte[24];
      expected[0] = 0x0F;
      expected[4] = 16;
      expected[8] = 5;
      expected[16] = 6;
      assertArrayEquals(expected, Line.drain(pair.first(), 1));
    }
  }

  /// On the real clock, over some seconds: never more than five hundredths above the rate, however
  /// busy the machine is. Below it, a busy machine decides.
  @ParameterizedTest
  @EnumSource(
      value = Line.class,
      names = {"PIPE", "SOCKETS"})
  void aLimitHoldsByTheClock(Line line) throws Exception {
    long rate = 24_000_000;
    try (DescriptorPair pair = line.open(folder)) {
      InThread<Long> reader = new InThread<>(() -> Line.discard(pair.first()));
      long written;
      double seconds;
      BandwidthLimit limit = new BandwidthLimit(rate, CLOCK);
      try (DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), limit)) {
        PageBatch batch = batch(64);
        long began = CLOCK.getAsLong();
        out.begin(image(ByteOrder.LITTLE_ENDIAN), HVM);
        do {
          out.accept(batch);
          seconds = (CLOCK.getAsLong() - began) / 1e9;
        } while (seconds < 3);
        written = out.written();
      }
      assertEquals(written, reader.join());
      double part = written / seconds / rate;
      assertTrue(part <= 1.05, () -> part + " of the rate");
      assertTrue(part >= 0.5, () -> part + " of the rate");
    }
  }

  /// What nobody has read yet: of a pipe to the octet; a socket of this machine counts its own
  /// overhead as well.
  @ParameterizedTest
  @EnumSource
  void tellsWhatStillLiesOnTheWay(Line line) throws IOException {
    try (DescriptorPair pair = line.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), null)) {
      out.begin(image(ByteOrder.LITTLE_ENDIAN), HVM);
      out.accept(new StreamRecord.StaticDataEnd());
      out.accept(new StreamRecord.HvmParams(MemorySegment.ofArray(new long[2000])));
      long onTheWay = out.unread();
      if (line == Line.SOCKETS) {
        assertTrue(onTheWay >= out.written(), () -> onTheWay + " of " + out.written());
      } else {
        assertEquals(out.written(), onTheWay);
      }
      out.accept(new StreamRecord.End());
      Line.skip(pair.first(), out.written());
      assertEquals(0, out.unread());
    }
  }

  private PageBatch batch(int pages) {
    PageBatch batch = new PageBatch(arena, pages);
    MemorySegment memory = arena.allocate((long) pages * Wire.PAGE_SIZE);
    for (int i = 0; i < pages; i++) {
      batch.addEntry(PageType.NOTAB, i);
      batch.addPage(memory, (long) i * Wire.PAGE_SIZE);
    }
    return batch;
  }

  /// Writes until somebody has enough.
  private void pour(DescriptorOutput out) throws IOException {
    PageBatch batch = batch(64);
    out.begin(image(ByteOrder.LITTLE_ENDIAN), HVM);
    while (true) {
      out.accept(batch);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReaderThatStopsDoesNotHoldASuspendedGuest(Line line) throws IOException {
    Deadline deadline = new Deadline(CLOCK);
    Patience patience =
        new Patience(cancellation, deadline, Duration.ofNanos(Long.MAX_VALUE), CLOCK);
    try (DescriptorPair pair = line.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), patience, null)) {
      deadline.set(30_000_000);
      assertThrows(DeadlineException.class, () -> pour(out));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReaderThatStopsForTooLongCountsAsDead(Line line) throws IOException {
    Patience patience =
        new Patience(cancellation, new Deadline(CLOCK), Duration.ofMillis(30), CLOCK);
    try (DescriptorPair pair = line.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), patience, null)) {
      String message = assertThrows(PeerStuckException.class, () -> pour(out)).getMessage();
      assertEquals(
          "out @0x%x: the reader took nothing for 0.030 s".formatted(out.written()), message);
      assertTrue(out.written() >= 65536, message);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCancelledOneIsLeftWhereverItIs(Line line) throws Exception {
    try (DescriptorPair pair = line.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), null)) {
      InThread<Void> canceller =
          new InThread<>(() -> {
            // Stuck or about to be: nothing reads.
            while (pair.first().readable() < 65536) {
              Thread.onSpinWait();
            }
            cancellation.cancel();
            return null;
          });
      assertThrows(TransferCancelledException.class, () -> pour(out));
      canceller.join();
      assertThrows(TransferCancelledException.class, () -> out.accept(new StreamRecord.End()));
    }
  }

  @Test
  void aCancelledOneIsLeftWhileItSleeps() throws Exception {
    BandwidthLimit limit = new BandwidthLimit(1, CLOCK);
    try (DescriptorPair pair = Line.PIPE.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), limit)) {
      InThread<Void> canceller =
          new InThread<>(() -> {
            while (pair.first().readable() == 0) {
              Thread.onSpinWait();
            }
            cancellation.cancel();
            return null;
          });
      assertThrows(TransferCancelledException.class, () -> pour(out));
      canceller.join();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReaderThatDiesIsNamed(Line line) throws Exception {
    try (DescriptorPair pair = line.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), null)) {
      InThread<Void> death =
          new InThread<>(() -> {
            while (pair.first().readable() < 65536) {
              Thread.onSpinWait();
            }
            pair.first().close();
            return null;
          });
      String message = assertThrows(IOException.class, () -> pour(out)).getMessage();
      assertEquals(
          "out @0x%x: the reader went away: Broken pipe".formatted(out.written()), message);
      death.join();
    }
  }

  @Test
  void aFullDeviceIsNamed() throws IOException {
    try (DescriptorOutput out =
        new DescriptorOutput(
            "out", Descriptor.openToWrite(Path.of("/dev/full")), endless(), null)) {
      assertEquals(
          "out @0x0: No space left on device",
          assertThrows(IOException.class, () -> pour(out)).getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesNoDescriptorBehind(Line line) throws IOException {
    long before = Line.openDescriptors();
    for (int i = 0; i < 20; i++) {
      try (DescriptorPair pair = line.open(folder);
          DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), null)) {
        out.begin(image(ByteOrder.LITTLE_ENDIAN), HVM);
        pair.first().close();
        assertThrows(IOException.class, () -> pour(out));
      }
    }
    assertEquals(before, Line.openDescriptors());
  }

  /// An object has sixteen octets at least: less than that for a page is none for each page. What a
  /// batch makes, an object or two where the compiler does not do without them, is not asked about.
  @ParameterizedTest
  @EnumSource
  void aPageMakesNoGarbage(Line line) throws IOException {
    int pages = 14;
    int batches = 1000;
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    PageBatch batch = new PageBatch(arena, pages);
    MemorySegment memory = arena.allocate(2L * pages * Wire.PAGE_SIZE);
    MemoryRuns runs = new MemoryRuns();
    for (int page = 0; page < pages; page++) {
      runs.add(memory, (2L * page + 1) * Wire.PAGE_SIZE, Wire.PAGE_SIZE);
    }
    BandwidthLimit limit = new BandwidthLimit(Long.MAX_VALUE, CLOCK);
    try (DescriptorPair pair = line.open(folder);
        DescriptorOutput out = new DescriptorOutput("out", pair.second(), endless(), limit);
        DescriptorInput in = new DescriptorInput("in", pair.first(), endless())) {
      out.begin(image(ByteOrder.LITTLE_ENDIAN), HVM);
      in.advance(out.written());
      long made = Long.MAX_VALUE;
      for (int round = 0; round < 100 && made >= 16L * pages * batches; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < batches; i++) {
          batch.clear();
          for (int page = 0; page < pages; page++) {
            batch.addEntry(PageType.NOTAB, page);
            batch.addPage(memory, 2L * page * Wire.PAGE_SIZE);
          }
          out.accept(batch);
          in.advance(16 + 8L * pages); // the head of the record, the count, the pfns
          in.take(runs);
        }
        made = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertTrue(made < 16L * pages * batches, made + " octets in " + batches + " batches");
    }
  }
}
