// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.os.Descriptor.Readiness;

/// Each test would hang where a transfer waits that must not.
class DescriptorTest {
  private static final long FOREVER = Long.MAX_VALUE;
  private static final int MIB = 1 << 20;

  @TempDir Path folder = Path.of("");
  private final Native here = new Native();

  @AfterEach
  void free() {
    here.close();
  }

  /// The ways in which two processes may be joined.
  enum Line {
    PIPE,
    SOCKETS,
    NAMED_PIPE
  }

  private DescriptorPair open(Line line) throws IOException {
    return switch (line) {
      case PIPE -> DescriptorPair.pipe();
      case SOCKETS -> DescriptorPair.sockets();
      case NAMED_PIPE -> {
        Path fifo = Native.fifo(folder);
        try (RandomAccessFile _ = new RandomAccessFile(fifo.toFile(), "rw")) {
          yield new DescriptorPair(Descriptor.openToRead(fifo), Descriptor.openToWrite(fifo));
        }
      }
    };
  }

  /// Writes until nothing more fits.
  private long fill(Descriptor out) throws IOException {
    MemorySegment some = here.some(MIB);
    long sum = 0;
    while (true) {
      // What cannot be asked not to wait is given a little time, and stops when it is full.
      long moved = out.write(here.over(some), MIB, 20_000_000);
      if (moved == -Errno.EAGAIN) {
        return sum;
      }
      assertTrue(moved > 0, () -> "error " + moved);
      sum += moved;
    }
  }

  @Test
  void knowsWhatLiesBehindIt() throws IOException {
    try (DescriptorPair pipe = DescriptorPair.pipe();
        DescriptorPair sockets = DescriptorPair.sockets();
        Descriptor file = Descriptor.openToWrite(folder.resolve("file"));
        Descriptor device = Descriptor.openToRead(Path.of("/dev/zero"))) {
      assertEquals(Descriptor.Kind.PIPE, pipe.first().kind());
      assertEquals(Descriptor.Kind.PIPE, pipe.second().kind());
      assertEquals(Descriptor.Kind.SOCKET, sockets.first().kind());
      assertEquals(Descriptor.Kind.FILE, file.kind());
      assertEquals(Descriptor.Kind.OTHER, device.kind());
    }
  }

  @Test
  void saysWhyItCannotBeOpened() {
    Path none = folder.resolve("none");
    assertEquals(
        none + ": No such file or directory",
        assertThrows(IOException.class, () -> Descriptor.openToRead(none)).getMessage());
    assertEquals(
        "statx of descriptor 99999: Bad file descriptor",
        assertThrows(IOException.class, () -> Descriptor.borrow(99999)).getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void movesOctetsBothInPieces(Line line) throws IOException {
    try (DescriptorPair pair = open(line)) {
      MemorySegment sent = here.some(1000);
      here.places.clear();
      here.places.add(sent.address(), 1);
      here.places.add(sent.address() + 1, 599);
      here.places.add(sent.address() + 600, 400);
      assertEquals(7, pair.second().write(here.places, 7, FOREVER));
      assertEquals(993, pair.second().write(here.places, 5000, FOREVER));
      assertEquals(0, here.places.left());
      assertEquals(1000, pair.first().readable());
      MemorySegment got = here.arena.allocate(1200);
      here.places.clear();
      here.places.add(got.address() + 3, 10);
      here.places.add(got.address() + 13, 1100);
      assertEquals(12, pair.first().read(here.places, 12, FOREVER));
      assertEquals(988, pair.first().read(here.places, 5000, FOREVER));
      assertEquals(110, here.places.left());
      assertEquals(-1, sent.mismatch(got.asSlice(3, 1000)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFullOneTakesNothingAndAnEmptyOneGivesNothing(Line line) throws IOException {
    try (DescriptorPair pair = open(line)) {
      int outFlags = pair.second().flags();
      int inFlags = pair.first().flags();
      MemorySegment memory = here.arena.allocate(MIB);
      assertEquals(-Errno.EAGAIN, pair.first().read(here.over(memory), MIB, FOREVER));
      long held = fill(pair.second());
      assertTrue(held >= 65536, () -> "only " + held);
      assertEquals(-Errno.EAGAIN, pair.second().write(here.over(memory), MIB, FOREVER));
      assertEquals(MIB, here.places.left());
      assertTrue(pair.first().read(here.over(memory), MIB, 20_000_000) > 0);
      assertTrue(pair.second().write(here.over(memory), MIB, 20_000_000) > 0);
      assertEquals(outFlags, pair.second().flags());
      assertEquals(inFlags, pair.first().flags());
      assertEquals(0, outFlags & 0x800, "it is blocking");
    }
  }

  @ParameterizedTest
  @EnumSource
  void tellsThatThePeerIsGone(Line line) throws IOException {
    try (DescriptorPair pair = open(line)) {
      MemorySegment memory = here.some(10);
      pair.first().close();
      assertEquals(-Errno.EPIPE, pair.second().write(here.over(memory), 10, FOREVER));
    }
    try (DescriptorPair pair = DescriptorPair.pipe()) {
      MemorySegment memory = here.some(10);
      assertEquals(10, pair.second().write(here.over(memory), 10, FOREVER));
      pair.second().close();
      assertEquals(10, pair.first().read(here.over(memory), 10, FOREVER));
      assertEquals(0, pair.first().read(here.over(memory), 10, FOREVER));
    }
  }

  @Test
  void aRegularFileTakesAndGivesEverything() throws IOException {
    Path file = folder.resolve("file");
    MemorySegment sent = here.some(3 * MIB);
    try (Descriptor out = Descriptor.openToWrite(file)) {
      assertEquals(3 * MIB, out.write(here.over(sent), FOREVER, FOREVER));
    }
    assertArrayEquals(sent.toArray(ValueLayout.JAVA_BYTE), Files.readAllBytes(file));
    MemorySegment got = here.arena.allocate(4 * MIB);
    try (Descriptor in = Descriptor.openToRead(file)) {
      assertEquals(3 * MIB, in.read(here.over(got), FOREVER, FOREVER));
      assertEquals(0, in.read(here.places, FOREVER, FOREVER));
    }
    assertEquals(3 * MIB, sent.mismatch(got));
  }

  @Test
  void aDeviceIsAsked() throws IOException {
    try (Descriptor zero = Descriptor.openToRead(Path.of("/dev/zero"));
        Descriptor full = Descriptor.openToWrite(Path.of("/dev/full"))) {
      MemorySegment memory = here.some(100);
      assertEquals(-28, full.write(here.over(memory), 100, FOREVER), "ENOSPC");
      assertEquals(100, zero.read(here.over(memory), 100, FOREVER));
      assertEquals(-1, memory.mismatch(here.arena.allocate(100)));
    }
  }

  @Test
  void memoryThatIsNotThereIsAnError() throws IOException {
    try (DescriptorPair pair = DescriptorPair.pipe()) {
      here.places.clear();
      here.places.add(4096, 10);
      assertEquals(-Errno.EFAULT, pair.second().write(here.places, 10, FOREVER));
    }
  }

  /// A named pipe cannot be asked not to wait: the call itself gets stuck, and is left.
  @Test
  void aStuckCallEndsInTime() throws IOException {
    try (DescriptorPair pair = open(Line.NAMED_PIPE)) {
      long moved = pair.second().write(here.over(here.some(MIB)), MIB, 30_000_000);
      assertTrue(moved > 0 && moved < MIB, () -> moved + " octets");
      assertEquals(MIB - moved, here.places.left());
    }
  }

  @Test
  void aStuckCallEndsWhenAnotherThreadCutsIt() throws Exception {
    try (DescriptorPair pair = open(Line.NAMED_PIPE)) {
      AtomicBoolean over = new AtomicBoolean();
      Thread cutter =
          Thread.ofPlatform()
              .start(() -> {
                while (!over.get()) {
                  pair.second().cut();
                  Thread.onSpinWait();
                }
              });
      try {
        long sum = 0;
        MemorySegment memory = here.some(MIB);
        while (true) {
          long moved = pair.second().write(here.over(memory), MIB, FOREVER);
          if (moved == -Errno.EAGAIN) {
            break;
          }
          sum += moved == -Errno.EINTR ? 0 : moved;
        }
        assertTrue(sum >= 65536);
      } finally {
        over.set(true);
        cutter.join();
      }
    }
  }

  /// The signal goes to a thread that may be any: a virtual one stands on a carrier.
  @Test
  void aStuckCallOfAVirtualThreadEndsInTime() throws Exception {
    try (DescriptorPair pair = open(Line.NAMED_PIPE)) {
      AtomicLong moved = new AtomicLong();
      MemorySegment memory = here.some(MIB);
      Thread.ofVirtual()
          .start(() -> {
            try {
              moved.set(pair.second().write(here.over(memory), MIB, 30_000_000));
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          })
          .join();
      assertTrue(moved.get() > 0 && moved.get() < MIB, () -> moved + " octets");
    }
  }

  @Test
  void waitsUntilItIsReadyOrWokenOrTheTimeIsUp() throws Exception {
    try (DescriptorPair pair = DescriptorPair.pipe();
        WakeUp wakeUp = WakeUp.open()) {
      assertFalse(pair.first().await(Readiness.READ, wakeUp, 0));
      assertFalse(pair.first().await(Readiness.READ, wakeUp, 5_000_000));
      assertTrue(pair.second().await(Readiness.WRITE, wakeUp, FOREVER));
      pair.second().write(here.over(here.some(1)), 1, FOREVER);
      assertTrue(pair.first().await(Readiness.READ, wakeUp, FOREVER));
      fill(pair.second());
      CountDownLatch waiting = new CountDownLatch(1);
      Thread waker =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  waiting.await();
                  wakeUp.wake();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
      waiting.countDown();
      assertFalse(pair.second().await(Readiness.WRITE, wakeUp, FOREVER));
      assertFalse(pair.second().await(Readiness.WRITE, wakeUp, FOREVER), "it stays awake");
      waker.join();
      pair.first().close();
      assertTrue(pair.second().await(Readiness.WRITE, wakeUp, FOREVER), "broken is ready");
    }
  }

  @Test
  void aWakeUpThatIsClosedWakesNobody() throws IOException {
    long before = Native.open();
    WakeUp wakeUp = WakeUp.open();
    wakeUp.wake();
    wakeUp.close();
    wakeUp.wake();
    wakeUp.close();
    assertEquals(before, Native.open());
  }

  @Test
  void aPipeGrowsAsFarAsItMay() throws IOException {
    try (DescriptorPair pair = DescriptorPair.pipe();
        DescriptorPair sockets = DescriptorPair.sockets()) {
      assertEquals(MIB, pair.second().growPipe(MIB));
      assertEquals(MIB, pair.second().growPipe(4096), "it never shrinks");
      assertEquals(MIB, pair.first().growPipe(MIB));
      assertEquals(-1, sockets.first().growPipe(MIB));
      assertEquals(MIB, fill(pair.second()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesNoDescriptorBehind(Line line) throws IOException {
    open(line).close(); // what is loaded once stays
    Files.deleteIfExists(folder.resolve("fifo"));
    long before = Native.open();
    try (DescriptorPair pair = open(line);
        WakeUp wakeUp = WakeUp.open()) {
      pair.second().await(Readiness.WRITE, wakeUp, 0);
      try (Descriptor borrowed = Descriptor.borrow(pair.second().number())) {
        borrowed.write(here.over(here.some(10)), 10, FOREVER);
      }
      assertEquals(before + 3, Native.open(), "a borrowed one stays open");
      pair.second().close();
      pair.second().close();
    }
    assertEquals(before, Native.open());
  }
}
