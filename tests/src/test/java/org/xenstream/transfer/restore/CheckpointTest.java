// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.transfer.restore.HvmStream.CHECKPOINT;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.reflect.Proxy;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.restore.RestoreCallbacks.CheckpointResult;
import org.xenstream.transfer.sim.FaultyHypervisor;
import org.xenstream.transfer.sim.SimHost;

/// Restores of checkpointed streams.
class CheckpointTest {
  /// A first checkpoint with pages 0x10 and 0x11 (1, 2).
  private static StreamBuilder firstCheckpoint() {
    return HvmStream.state(HvmStream.begin().pageData(0x10, 0x11)).record(CHECKPOINT);
  }

  /// A second one with pages 0x11, 0x12 (1, 2).
  private static StreamBuilder secondCheckpoint() {
    return HvmStream.state(firstCheckpoint().pageData(0x11, 0x12)).record(CHECKPOINT);
  }

  /// In memory, in the scratch file, with pages in view or left in the input: all the same.
  @ParameterizedTest
  @CsvSource({
    "IN_VIEW, 268435456",
    "LEFT_IN_INPUT, 268435456",
    "IN_VIEW, 0",
    "LEFT_IN_INPUT, 0",
    "IN_VIEW, 4194304",
    "LEFT_IN_INPUT, 4194304"
  })
  void theLastCompleteCheckpointCounts(PagesShown pages, long memory, @TempDir Path scratch)
      throws IOException {
    byte[] stream = HvmStream.state(secondCheckpoint().pageData(0x10, 0x20)).octets();
    try (Receiver receiver = Receiver.hvm()) {
      receiver.pages = pages;
      receiver.bufferMemory = memory;
      receiver.scratch = scratch;
      RestoreResult result = receiver.restore(StreamType.REMUS, stream);
      assertTrue(result.failedOver());
      assertEquals(2, result.checkpoints());
      assertEquals(Map.of(0x10L, 1, 0x11L, 1, 0x12L, 2), receiver.memory());
      assertEquals(
          List.of(
              "static data, missing 3",
              "checkpoint?",
              "checkpoint 1",
              "checkpoint?",
              "checkpoint 2",
              "failover"),
          receiver.toolstack.log);
    }
    try (Stream<Path> left = Files.list(scratch)) {
      assertEquals(List.of(), left.toList(), "the scratch file is gone");
    }
  }

  /// Wherever the sender dies, the guest is that of the last complete checkpoint.
  @Test
  void anyCutBehindTheFirstCheckpointFailsOver() throws IOException {
    byte[] whole = secondCheckpoint().octets();
    int first = firstCheckpoint().size();
    for (int cut = first; cut < whole.length; cut += cut % 8 == 0 ? 5 : 3 + cut % 1000) {
      try (Receiver receiver = Receiver.hvm()) {
        RestoreResult result = receiver.restore(StreamType.REMUS, Arrays.copyOf(whole, cut));
        assertTrue(result.failedOver());
        assertEquals(Map.of(0x10L, 1, 0x11L, 2), receiver.memory(), "cut at " + cut);
      }
    }
  }

  @Test
  void beforeTheFirstCheckpointThereIsNothingToFailOverTo() throws IOException {
    byte[] whole = firstCheckpoint().octets();
    try (Receiver receiver = Receiver.hvm()) {
      assertThrows(
          StreamFormatException.class,
          () -> receiver.restore(StreamType.REMUS, Arrays.copyOf(whole, whole.length - 8)));
    }
  }

  /// C drops what came behind the last CHECKPOINT; the text lets a set of records end with END.
  @Test
  void endCompletesTheRecordsBeforeIt() throws IOException {
    byte[] stream = HvmStream.state(firstCheckpoint().pageData(0x11, 0x12)).end().octets();
    try (Receiver receiver = Receiver.hvm()) {
      RestoreResult result = receiver.restore(StreamType.REMUS, stream);
      assertFalse(result.failedOver());
      assertEquals(Map.of(0x10L, 1, 0x11L, 1, 0x12L, 2), receiver.memory());
    }
  }

  /// C refuses the optional one, which the specification lets anyone pass over.
  @Test
  void recordsThatWereHeldAreJudgedLikeOthers() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      StreamBuilder stream = firstCheckpoint().record(0x80000077, new byte[3]);
      receiver.restore(StreamType.REMUS, stream.pageData(0x12).record(CHECKPOINT).octets());
      assertEquals(Map.of(0x10L, 1, 0x11L, 2, 0x12L, 1), receiver.memory());
    }
    try (Receiver receiver = Receiver.hvm()) {
      byte[] stream = firstCheckpoint().record(0x77, new byte[3]).record(CHECKPOINT).octets();
      RefusedStreamException refused =
          assertThrows(
              RefusedStreamException.class, () -> receiver.restore(StreamType.REMUS, stream));
      assertEquals(
          "a @0x%x (record #6 MANDATORY_0x00000077): expected a record that a restore handles, found MANDATORY_0x00000077"
              .formatted(firstCheckpoint().size()),
          refused.getMessage());
    }
    // One that never was complete is not looked at.
    try (Receiver receiver = Receiver.hvm()) {
      byte[] stream = firstCheckpoint().record(0x77, new byte[3]).octets();
      assertTrue(receiver.restore(StreamType.REMUS, stream).failedOver());
    }
  }

  @Test
  void theToolstackDecides() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.toolstack.answering(CheckpointResult.SUCCESS, CheckpointResult.FAILOVER);
      RestoreResult result = receiver.restore(StreamType.REMUS, secondCheckpoint().octets());
      assertTrue(result.failedOver());
      assertEquals(Map.of(0x10L, 1, 0x11L, 2), receiver.memory());
    }
    for (CheckpointResult answer : List.of(CheckpointResult.FAILOVER, CheckpointResult.ERROR)) {
      try (Receiver receiver = Receiver.hvm()) {
        receiver.toolstack.answering(answer);
        assertThrows(
            IOException.class,
            () -> receiver.restore(StreamType.REMUS, secondCheckpoint().octets()));
      }
    }
  }

  /// Records of 8 octets, many more than the heap has room for objects.
  @Test
  void recordsTakeNoMoreMemoryForBeingMany(@TempDir Path scratch) throws IOException {
    byte[] verify = StreamBuilder.stream().record(HvmStream.VERIFY).octets();
    byte[] end = StreamBuilder.stream().record(CHECKPOINT).octets();
    try (Receiver receiver = Receiver.hvm()) {
      receiver.bufferMemory = 8 << 20;
      receiver.scratch = scratch;
      RestoreResult result =
          receiver.restore(
              StreamType.REMUS, repeating(firstCheckpoint().octets(), verify, 8_000_000, end));
      assertEquals(2, result.checkpoints());
      assertEquals(8_000_000 + firstCheckpointRecords() + 1, result.records());
    }
  }

  /// A checkpoint that is too large is its sender's fault: the one before it is taken.
  @ParameterizedTest
  @CsvSource({"0, 0, 1", "4194304, 1048576, 218453", "0, 65536, 2731"})
  void aSenderOfTooMuchIsGivenUp(long memory, long limit, int record, @TempDir Path scratch)
      throws IOException {
    byte[] verify = StreamBuilder.stream().record(HvmStream.VERIFY).octets();
    try (Receiver receiver = Receiver.hvm()) {
      receiver.bufferMemory = memory;
      receiver.scratch = scratch;
      receiver.scratchLimit = limit;
      RestoreResult result =
          receiver.restore(
              StreamType.REMUS,
              repeating(firstCheckpoint().octets(), verify, 1_000_000, new byte[0]));
      assertEquals(
          "a @0x%x (record #%d VERIFY): expected records of a checkpoint that fit into %d octets of memory and %d of a scratch file, found more"
              .formatted(
                  firstCheckpoint().size() + 8L * (record - 1),
                  firstCheckpointRecords() + record - 1,
                  memory,
                  limit),
          requireNonNull(result.failure()).getMessage());
      assertEquals(Map.of(0x10L, 1, 0x11L, 2), receiver.memory());
    }
    try (Stream<Path> left = Files.list(scratch)) {
      assertEquals(List.of(), left.toList(), "the scratch file is gone");
    }
  }

  /// How many records [#firstCheckpoint] has.
  private static int firstCheckpointRecords() {
    return 6;
  }

  /// @param times a multiple of 1000
  private static OctetInput repeating(byte[] before, byte[] what, int times, byte[] after) {
    byte[] thousand = new byte[1000 * what.length];
    for (int i = 0; i < thousand.length; i++) {
      thousand[i] = what[i % what.length];
    }
    List<InputStream> parts = new ArrayList<>();
    parts.add(new ByteArrayInputStream(before));
    for (int i = 0; i < times / 1000; i++) {
      parts.add(new ByteArrayInputStream(thousand));
    }
    parts.add(new ByteArrayInputStream(after));
    return new ChannelInput(
        "a", Channels.newChannel(new SequenceInputStream(Collections.enumeration(parts))));
  }

  /// A scratch file that cannot be made is no fault of the sender's: no failover.
  @Test
  void withoutScratchFileTheRestoreFails(@TempDir Path scratch) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.bufferMemory = 0;
      receiver.scratch = scratch.resolve("missing");
      IOException failed =
          assertThrows(
              IOException.class,
              () -> receiver.restore(StreamType.REMUS, secondCheckpoint().octets()));
      assertEquals(
          "no scratch file for the records of a checkpoint in " + scratch.resolve("missing"),
          failed.getMessage());
    }
  }

  /// Nor is a limit that somebody here has set.
  @Test
  void beyondOnesOwnLimitTheRestoreFails(@TempDir Path scratch) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.bufferMemory = 0;
      receiver.scratch = scratch;
      receiver.scratchLimit = 16;
      receiver.ownLimit = true;
      ScratchException failed =
          assertThrows(
              ScratchException.class,
              () -> receiver.restore(StreamType.REMUS, secondCheckpoint().octets()));
      assertEquals(
          "the records of a checkpoint need more than 0 octets of memory and the 16 that a scratch file in "
              + scratch
              + " may have",
          failed.getMessage());
    }
  }

  /// What a source of records has no scratch room for fails as well.
  @Test
  void withoutScratchRoomOfItsSourceTheRestoreFails() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      ScratchException none = new ScratchException("no room");
      InputStream failing =
          new InputStream() {
            @Override
            public int read() throws IOException {
              throw none;
            }

            @Override
            public int read(byte[] into, int at, int most) throws IOException {
              throw none;
            }
          };
      InputStream all =
          new SequenceInputStream(new ByteArrayInputStream(firstCheckpoint().octets()), failing);
      ScratchException failed =
          assertThrows(
              ScratchException.class,
              () ->
                  receiver.restore(
                      StreamType.REMUS, new ChannelInput("a", Channels.newChannel(all))));
      assertEquals(none, failed);
    }
  }

  /// The guest runs between checkpoints, and what it dirtied goes back to the sender, as bare
  /// records in the specified form.
  @Test
  void coloRunsTheGuestAndReportsItsPages() throws IOException {
    CapturingChannel back = CapturingChannel.whole();
    try (Receiver receiver = Receiver.hvm()) {
      receiver.backChannel = StreamWriter.resume(back, ByteOrder.LITTLE_ENDIAN);
      // The toolstack switches it on; while it waits for the next checkpoint the guest writes.
      receiver.host.enableLogDirty(receiver.domain.domid());
      receiver.toolstack.onQuestion("wait?", () -> receiver.domain.writeWord(0x11, 0, 0x99));
      RestoreResult result = receiver.restore(StreamType.COLO, secondCheckpoint().octets());
      assertTrue(result.failedOver());
      assertEquals(
          List.of(
              "static data, missing 3",
              "checkpoint?",
              "checkpoint 1",
              "store 2 console 3",
              "resume?",
              "wait?",
              "suspend?",
              "checkpoint?",
              "checkpoint 2",
              "store 2 console 3",
              "resume?",
              "wait?",
              "suspend?",
              "failover"),
          receiver.toolstack.log);
      assertEquals(2, receiver.domain.outcome().grantSeeds().size(), "completed at checkpoints");
      // 0x11 was written by the guest, 0x12 is new to it.
      byte[] last =
          StreamBuilder.stream()
              .record(0x0F, StreamBuilder.stream().u64(0x11).u64(0x12).octets())
              .octets();
      byte[] sent = back.octets();
      assertArrayEquals(last, Arrays.copyOfRange(sent, sent.length - last.length, sent.length));
    }
  }

  /// The primary dies while it is told which pages were dirtied, or before: the guest, which is
  /// complete, takes over.
  @Test
  void coloFailsOverWhereverTheBackChannelIsCut() throws IOException {
    int whole = backOctets(Integer.MAX_VALUE);
    assertEquals(48, whole);
    for (int cut = 0; cut < whole; cut++) {
      assertEquals(cut, backOctets(cut));
    }
  }

  /// Restores, with a back channel that breaks.
  ///
  /// @return how many octets went into it
  private static int backOctets(int breaksAt) throws IOException {
    CapturingChannel back = CapturingChannel.breakingAt(breaksAt);
    try (Receiver receiver = Receiver.hvm()) {
      receiver.backChannel = StreamWriter.resume(back, ByteOrder.LITTLE_ENDIAN);
      receiver.host.enableLogDirty(receiver.domain.domid());
      receiver.toolstack.onQuestion("wait?", () -> receiver.domain.writeWord(0x11, 0, 0x99));
      RestoreResult result = receiver.restore(StreamType.COLO, secondCheckpoint().octets());
      assertTrue(result.failedOver(), "cut at " + breaksAt);
      if (breaksAt != Integer.MAX_VALUE) {
        assertEquals(
            "the pipe broke at octet " + breaksAt, requireNonNull(result.failure()).getMessage());
      }
      assertEquals("failover", receiver.toolstack.log.getLast());
      assertEquals(
          result.checkpoints() == 1
              ? Map.of(0x10L, 1, 0x11L, 0x99)
              : Map.of(0x10L, 1, 0x11L, 0x99, 0x12L, 2),
          receiver.memory());
    }
    return back.octets().length;
  }

  /// As many dirty pages as no record holds: the primary cannot be told, and the guest is complete.
  @Test
  void coloFailsOverWhenItsListIsTooLong() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.backChannel = record -> {};
      SimHost host = receiver.host;
      receiver.port =
          (Hypervisor)
              Proxy.newProxyInstance(
                  Hypervisor.class.getClassLoader(),
                  new Class<?>[] {Hypervisor.class},
                  (proxy, method, arguments) -> {
                    if (method.getName().equals("pfnCount")) {
                      return (128L << 20) / 8 + 64;
                    }
                    if (method.getName().equals("readLogDirty")) {
                      ((PfnBitmap) arguments[2]).setAll();
                      return new LogDirtyStats(0, 0);
                    }
                    return method.invoke(host, arguments);
                  });
      RestoreResult result = receiver.restore(StreamType.COLO, secondCheckpoint().octets());
      assertEquals(
          "16777280 dirty pfns do not fit into a record of 134217728 octets",
          requireNonNull(result.failure()).getMessage());
      assertEquals(1, result.checkpoints());
      assertEquals(Map.of(0x10L, 1, 0x11L, 2), receiver.memory());
    }
  }

  /// Who wants the end gets it, and who cannot ask the hypervisor has no dead sender.
  @Test
  void coloFailsOverForNothingElse() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.backChannel =
          record -> {
            throw new TransferCancelledException();
          };
      assertThrows(
          TransferCancelledException.class,
          () -> receiver.restore(StreamType.COLO, secondCheckpoint().octets()));
    }
    for (String call : List.of("pfnCount", "readLogDirty")) {
      try (Receiver receiver = Receiver.hvm()) {
        receiver.backChannel = record -> {};
        receiver.host.enableLogDirty(receiver.domain.domid());
        receiver.port = new FaultyHypervisor(receiver.host).fail(call, 2, "EIO").port();
        HypervisorException failed =
            assertThrows(
                HypervisorException.class,
                () -> receiver.restore(StreamType.COLO, secondCheckpoint().octets()));
        assertEquals(call, failed.call());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, store 2 console 3|resume?", "2, resume?|wait?", "3, wait?|suspend?"})
  void coloFailsOverWhereverItIsAsked(int question, String last) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.backChannel = record -> {};
      CheckpointResult[] answers = new CheckpointResult[question + 1];
      Arrays.fill(answers, CheckpointResult.SUCCESS);
      answers[question] = CheckpointResult.FAILOVER;
      receiver.toolstack.answering(answers);
      RestoreResult result = receiver.restore(StreamType.COLO, secondCheckpoint().octets());
      assertTrue(result.failedOver());
      List<String> log = receiver.toolstack.log;
      String seen = String.join("|", log.subList(log.size() - 3, log.size() - 1));
      assertEquals(last, seen);
      assertEquals(1, receiver.domain.outcome().grantSeeds().size());
    }
  }
}
