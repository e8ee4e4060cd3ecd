// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.xenstream.transfer.restore.HvmStream.VERIFY;
import static org.xenstream.transfer.restore.HvmStream.XALLOC;
import static org.xenstream.transfer.restore.HvmStream.XTAB;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xenstream.core.format.PagesShown;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.sim.FaultyHypervisor;

/// Restores of plain streams.
class RestorerTest {
  @ParameterizedTest
  @EnumSource(PagesShown.class)
  void pagesAreWhereTheStreamSays(PagesShown pages) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.pages = pages;
      StreamBuilder stream =
          HvmStream.begin().pageData(0x10, XALLOC | 0x12, XTAB | 0x13, 0x11).pageData(0x11);
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, HvmStream.state(stream).end().octets());
      assertEquals(Map.of(0x10L, 1, 0x11L, 1, 0x12L, 0), receiver.memory());
      assertEquals(3, result.pages());
      assertEquals(3, result.populated());
      assertEquals(2, result.storeFrame());
      assertEquals(3, result.consoleFrame());
      assertEquals(List.of("static data, missing 3"), receiver.toolstack.log);
    }
  }

  /// Of a pfn that comes twice in a batch the later page counts.
  @Test
  void theLaterOfTwoPagesCounts() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.restore(
          StreamType.PLAIN,
          HvmStream.state(HvmStream.begin().pageData(0x10, 0x11, 0x10)).end().octets());
      assertEquals(Map.of(0x10L, 3, 0x11L, 2), receiver.memory());
    }
  }

  /// A record of more entries than any saver writes.
  @ParameterizedTest
  @EnumSource(PagesShown.class)
  void aLongBatchGoesPieceByPiece(PagesShown pages) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.pages = pages;
      long[] entries = LongStream.range(0, 6000).map(pfn -> XALLOC | pfn).toArray();
      entries[0] = 0;
      entries[5999] = 5999;
      RestoreResult result =
          receiver.restore(
              StreamType.PLAIN,
              HvmStream.state(HvmStream.begin().pageData(entries)).end().octets());
      assertEquals(6000, result.populated());
      assertEquals(1, receiver.memory().get(0L));
      assertEquals(2, receiver.memory().get(5999L));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 512, -1, 1", // all of it
    "512, 1024, -1, 2",
    "1, 512, -1, 0", // not aligned
    "0, 512, 100, 0", // a hole
    "0, 1024, 100, 1",
    "0, 511, -1, 0", // too short
  })
  void superpagesWhereThereIsRoom(int from, int count, int hole, int superpages)
      throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      long[] entries =
          LongStream.range(from, from + count)
              .map(pfn -> (pfn == hole ? XTAB : XALLOC) | pfn)
              .toArray();
      RestoreResult result =
          receiver.restore(
              StreamType.PLAIN,
              HvmStream.state(HvmStream.begin().pageData(entries)).end().octets());
      assertEquals(superpages, result.superpages());
      assertEquals(superpages, receiver.domain.outcome().superpages());
      assertEquals(hole < 0 ? count : count - 1, receiver.domain.outcome().pages());
    }
  }

  /// What is there already makes no superpage, and neither does a hypervisor that has none.
  @Test
  void smallPagesWhereThereIsNoSuperpage() throws IOException {
    long[] entries = LongStream.range(0, 512).map(pfn -> XALLOC | pfn).toArray();
    StreamBuilder stream = HvmStream.begin().pageData(XALLOC | 511).pageData(entries);
    try (Receiver receiver = Receiver.hvm()) {
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, HvmStream.state(stream).end().octets());
      assertEquals(0, result.superpages());
      assertEquals(512, receiver.domain.outcome().pages());
    }
    try (Receiver receiver = Receiver.hvm()) {
      receiver.port = new FaultyHypervisor(receiver.host).fail("populate", 1, "ENOMEM").port();
      RestoreResult result =
          receiver.restore(
              StreamType.PLAIN,
              HvmStream.state(HvmStream.begin().pageData(entries)).end().octets());
      assertEquals(0, result.superpages());
      assertEquals(512, receiver.domain.outcome().pages());
    }
  }

  /// Pages behind VERIFY are compared, reported one by one, and not put in place. One that comes
  /// first there is given a frame and no content.
  @ParameterizedTest
  @EnumSource(PagesShown.class)
  void aVerifyPassComparesAndChangesNothing(PagesShown pages) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.pages = pages;
      StreamBuilder stream =
          HvmStream.begin()
              .pageData(0x10, 0x11, 0x12)
              .record(VERIFY)
              .pageData(0x10, 0x12, 0x11)
              .pageData(0x14);
      RestoreResult result =
          receiver.restore(StreamType.PLAIN, HvmStream.state(stream).end().octets());
      assertEquals(Map.of(0x10L, 1, 0x11L, 2, 0x12L, 3, 0x14L, 0), receiver.memory());
      assertEquals(3, result.mismatches());
      assertEquals(
          List.of(
              "static data, missing 3",
              "mismatch at pfn 12 of type NOTAB",
              "mismatch at pfn 11 of type NOTAB",
              "mismatch at pfn 14 of type NOTAB"),
          receiver.toolstack.log);
    }
  }

  @Test
  void recordsThatNoRestoreKnowsAreRefusedByName() throws IOException {
    refused(
        HvmStream.begin().record(0x0B, new byte[8]),
        "a @0x30 (record #1 TOOLSTACK): expected a record that a restore handles, found TOOLSTACK");
    refused(
        HvmStream.begin().record(0x0F, new byte[8]),
        "a @0x30 (record #1 CHECKPOINT_DIRTY_PFN_LIST): expected a record that a restore handles,"
            + " found CHECKPOINT_DIRTY_PFN_LIST");
    refused(
        HvmStream.begin().record(0x13),
        "a @0x30 (record #1 MANDATORY_0x00000013): expected a record that a restore handles, found"
            + " MANDATORY_0x00000013");
    refused(
        HvmStream.begin().record(0x07, StreamBuilder.page(1)),
        "a @0x30 (record #1 SHARED_INFO): expected a record of an x86 HVM guest, found"
            + " SHARED_INFO");
    refused(
        HvmStream.begin().record(0x0E),
        "a @0x30 (record #1 CHECKPOINT): expected no CHECKPOINT in a plain stream, found one");
    refused(
        HvmStream.begin().record(0x10),
        "a @0x30 (record #1 STATIC_DATA_END): expected one such record, found a second");
    refused(
        HvmStream.begin().pageData(0x0100_0000_0000L),
        "a @0x40 (record #1 PAGE_DATA.pfn[0]): expected a pfn up to 0xffffffffff, found"
            + " 0x10000000000");
    refused(
        HvmStream.begin()
            .record(
                0x0A,
                StreamBuilder.join(
                    StreamBuilder.stream().u32(1).u32(0).u64(1L << 32).u64(0).octets())),
        "a @0x40 (record #1 HVM_PARAMS.param[0].index): expected the index of an HVM parameter,"
            + " found 0x100000000");
    refused(
        StreamBuilder.stream().imageHeader(3).domainHeader(1),
        "a @0x18 (domain header.type): expected x86 HVM, the kind of domain 1, found x86 PV");
    refused(
        StreamBuilder.stream().order(java.nio.ByteOrder.BIG_ENDIAN).imageHeader(3).domainHeader(2),
        "a @0x10 (image header.options): expected a little-endian stream, found a big-endian one");
    refused(
        HvmStream.begin().record(0x11, new byte[4097 * 24]),
        "a @0x34 (record #1 X86_CPUID_POLICY.body_length): expected at most 4096 entries of 24,"
            + " found 98328");
    refused(
        HvmStream.begin().record(0x12, new byte[4097 * 16]),
        "a @0x34 (record #1 X86_MSR_POLICY.body_length): expected at most 4096 entries of 16,"
            + " found 65552");
    refused(
        HvmStream.begin().record(0x09, new byte[(16 << 20) + 8]),
        "a @0x34 (record #1 HVM_CONTEXT.body_length): expected at most 16777216, found 16777224");
    refused(
        HvmStream.begin().end(),
        "a @0x38 (end of the records): expected a record HVM_CONTEXT, found none");
  }

  private static void refused(StreamBuilder stream, String message) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      RefusedStreamException refused =
          assertThrows(
              RefusedStreamException.class,
              () -> receiver.restore(StreamType.PLAIN, stream.octets()));
      assertEquals(message, refused.getMessage());
    }
  }

  /// What the hypervisor refuses is told with what asked for it, and with the hypervisor's words.
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "populate; 1; @0x30 (record #1 PAGE_DATA)",
        "map; 1; @0x30 (record #1 PAGE_DATA)",
        "setTscInfo; 1; @0x1048 (record #2 X86_TSC_INFO)",
        "setHvmParam; 1; @0x10a0 (record #4 HVM_PARAMS.param[0])",
        "setHvmParam; 2; @0x10b0 (record #4 HVM_PARAMS.param[1])",
        "setHvmParam; 3; @0x10c8 (end of the records)",
        "setHvmContext; 1; @0x1070 (record #3 HVM_CONTEXT)",
        "seedGrantTable; 1; @0x10c8 (end of the records)",
      })
  void whatTheHypervisorRefusesHasAPlace(String call, int nth, String place) throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.port = new FaultyHypervisor(receiver.host).fail(call, nth, "EIO").port();
      StreamBuilder stream = HvmStream.state(HvmStream.begin().pageData(0x10)).end();
      HypervisorException refused =
          assertThrows(
              HypervisorException.class, () -> receiver.restore(StreamType.PLAIN, stream.octets()));
      assertEquals(
          "a %s: %s failed: EIO (injected at call %d)".formatted(place, call, nth),
          refused.getMessage());
      assertEquals(call, refused.call());
      assertEquals("EIO", refused.errno());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "setVcpuState; record #5 X86_PV_VCPU_BASIC.context",
        "pinTables; end of the records",
        "map; record #3 PAGE_DATA"
      })
  void soItHasOfAPvGuest(String call, String place) throws IOException {
    try (Receiver receiver = Receiver.pv()) {
      receiver.port = new FaultyHypervisor(receiver.host).fail(call, 1, "EIO").port();
      StreamBuilder stream = PvStream.begin().record(1, PvStream.pages().octets());
      byte[] octets = PvStream.end(stream, PvStream.basic());
      HypervisorException refused =
          assertThrows(HypervisorException.class, () -> receiver.restore(StreamType.PLAIN, octets));
      assertEquals(
          "a (%s): %s failed: EIO (injected at call 1)".formatted(place, call),
          String.valueOf(refused.getMessage()).replaceFirst("@0x[0-9a-f]+ ", ""));
    }
  }

  @Test
  void optionalRecordsArePassedOver() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      StreamBuilder stream =
          HvmStream.begin()
              .record(0x80000000, new byte[5])
              .record(0x80000099, new byte[16])
              .pageData(0x10);
      receiver.restore(StreamType.PLAIN, HvmStream.state(stream).end().octets());
      assertEquals(Map.of(0x10L, 1), receiver.memory());
    }
  }

  /// The end of the static data of a version 2 stream is inferred.
  @Test
  void versionTwoIsRead() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      receiver.restore(StreamType.PLAIN, Samples.hvm(2, java.nio.ByteOrder.LITTLE_ENDIAN, false));
      assertEquals(List.of("static data, missing 3"), receiver.toolstack.log);
    }
  }

  @Test
  void aCancelledRestoreEnds() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      FaultyHypervisor faulty = new FaultyHypervisor(receiver.host);
      faulty.after("populate", 1, receiver.cancellation::cancel);
      receiver.port = faulty.port();
      StreamBuilder stream = HvmStream.begin().pageData(0x10).pageData(0x11);
      assertThrows(
          TransferCancelledException.class,
          () -> receiver.restore(StreamType.PLAIN, HvmStream.state(stream).end().octets()));
      assertEquals(Map.of(0x10L, 1), receiver.memory());
    }
  }
}
