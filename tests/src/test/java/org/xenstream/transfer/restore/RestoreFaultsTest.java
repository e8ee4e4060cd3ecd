// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.sim.FaultyHypervisor;

/// What fails on the way: the call's or the stream's own error leaves, and nothing stays mapped
/// ([Receiver] looks at that after every restore).
class RestoreFaultsTest {
  private static final long SEED = 0x5EED;

  private static byte[] pv() {
    return PvStream.end(PvStream.begin().record(1, PvStream.pages().octets()), PvStream.basic());
  }

  private static byte[] hvm() {
    return HvmStream.state(HvmStream.begin().pageData(0x10, 2, 3)).end().octets();
  }

  private static Receiver receiver(boolean hvm) throws IOException {
    return hvm ? Receiver.hvm() : Receiver.pv();
  }

  /// Each call of the port fails once.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anyCallMayFail(boolean hvm) throws IOException {
    byte[] stream = hvm ? hvm() : pv();
    int calls;
    try (Receiver receiver = receiver(hvm)) {
      FaultyHypervisor counting = new FaultyHypervisor(receiver.host);
      receiver.port = counting.port();
      receiver.restore(StreamType.PLAIN, stream);
      calls = counting.calls();
    }
    assertTrue(calls > 10);
    for (int call = 1; call <= calls; call++) {
      try (Receiver receiver = receiver(hvm)) {
        receiver.port =
            new FaultyHypervisor(receiver.host).fail(FaultyHypervisor.ANY, call, "EIO").port();
        HypervisorException failed =
            assertThrows(
                HypervisorException.class,
                () -> receiver.restore(StreamType.PLAIN, stream),
                "call " + call);
        assertEquals("EIO", failed.errno());
      }
    }
  }

  /// A frame that cannot be mapped is refused, wherever it is; the page of a host's side that is
  /// cleared is passed over.
  @Test
  void framesThatCannotBeMapped() throws IOException {
    // PAGE_DATA, shared info, start_info, p2m.
    for (int map = 1; map <= 4; map++) {
      try (Receiver receiver = Receiver.pv()) {
        receiver.port = new FaultyHypervisor(receiver.host).refuseFrame(map, 0, 22).port();
        HypervisorException failed =
            assertThrows(HypervisorException.class, () -> receiver.restore(StreamType.PLAIN, pv()));
        assertEquals("map", failed.call());
      }
    }
    try (Receiver receiver = Receiver.hvm()) {
      receiver.port = new FaultyHypervisor(receiver.host).refuseFrame(2, 0, 22).port();
      RestoreResult result = receiver.restore(StreamType.PLAIN, hvm());
      assertEquals(1, result.cleared());
      assertEquals(2, receiver.memory().get(2L));
      assertEquals(0, receiver.memory().get(3L));
    }
  }

  /// A plain stream that is cut anywhere is refused as such.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStreamMayEndAnywhere(boolean hvm) throws IOException {
    byte[] whole = hvm ? hvm() : pv();
    for (int cut = 0; cut < whole.length; cut += cut < 256 ? 1 : 509) {
      byte[] stream = Arrays.copyOf(whole, cut);
      try (Receiver receiver = receiver(hvm)) {
        assertThrows(
            StreamFormatException.class,
            () -> receiver.restore(StreamType.PLAIN, stream),
            "cut at " + cut);
      }
    }
  }

  /// Octets that were changed bring out an `IOException`, or a guest.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anyOctetsMayCome(boolean hvm) throws IOException {
    RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    byte[] whole = hvm ? hvm() : pv();
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      byte[] stream = whole.clone();
      for (int faults = chance.nextInt(1, 4); faults > 0; faults--) {
        // Half of them where numbers are, in front of the pages.
        int at = chance.nextInt(chance.nextBoolean() ? 100 : stream.length);
        stream[at] ^= (byte) (1 << chance.nextInt(8));
      }
      try (Receiver receiver = receiver(hvm)) {
        receiver.restore(chance.nextBoolean() ? StreamType.PLAIN : StreamType.REMUS, stream);
      } catch (IOException expected) {
        refused++;
      }
    }
    assertTrue(refused > 50 && refused < 400, refused + " refused");
  }

  @Test
  void coloIsForHvmGuests() throws IOException {
    try (Receiver receiver = receiver(false)) {
      receiver.backChannel = record -> {};
      RefusedStreamException refused =
          assertThrows(RefusedStreamException.class, () -> receiver.restore(StreamType.COLO, pv()));
      assertEquals(
          "a @0x18 (domain header.type): expected x86 HVM for COLO, found x86 PV",
          refused.getMessage());
    }
  }

  @Test
  void coloWantsABackChannel() throws IOException {
    try (Receiver receiver = Receiver.hvm()) {
      assertThrows(IllegalArgumentException.class, () -> receiver.restore(StreamType.COLO, hvm()));
    }
  }
}
