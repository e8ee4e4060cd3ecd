// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.save.BackChannel;
import org.xenstream.transfer.sim.FaultyHypervisor;
import org.xenstream.transfer.sim.GuestSpec;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// Whatever fails while a guest is restored, its domain is destroyed and gives all its memory back,
/// and the error says what failed and where; where a checkpoint was complete and the sender is
/// gone, the guest goes on from it.
@Timeout(60)
class RestoreFaultsTest {
  private static final long SEED = 0x5EED_0004L;

  static Stream<Arguments> restores() {
    List<Arguments> restores = new ArrayList<>();
    for (Model model : Model.values()) {
      restores.add(Arguments.of(model, Mode.LIVE));
      restores.add(Arguments.of(model, Mode.VERIFY));
      if (model != Model.PVH) {
        restores.add(Arguments.of(model, Mode.REMUS));
      }
      if (!model.kind.isPv()) {
        restores.add(Arguments.of(model, Mode.COLO));
      }
    }
    return restores.stream();
  }

  private static byte[] stream(Model model, Mode mode) throws IOException {
    try (Departure departure = new Departure(model)) {
      SavedStream saved = new SavedStream();
      BackChannel none = mode == Mode.COLO ? into -> {} : null;
      departure.save(departure.host, mode, mode.options(), saved, none);
      return saved.octets();
    }
  }

  private static SimHost host() throws IOException {
    return new SimHost(SimOptions.ofFrames(16384));
  }

  /// Each kind of call fails once: the first, the second, and the last of it.
  @ParameterizedTest
  @MethodSource("restores")
  void eachCallMayFail(Model model, Mode mode) throws IOException, InterruptedException {
    byte[] stream = stream(model, mode);
    GuestSpec spec = model.builder().spec();
    try (SimHost host = host()) {
      Map<String, Integer> counts;
      try (Arrival arrival = new Arrival(host, spec)) {
        FaultyHypervisor counting = new FaultyHypervisor(host);
        arrival.restore(counting.port(), mode, stream);
        counts = counting.counts();
      }
      Leaks before = Leaks.now();
      for (Map.Entry<String, Integer> call : counts.entrySet()) {
        for (int nth : new TreeSet<>(List.of(1, Math.min(2, call.getValue()), call.getValue()))) {
          failAt(host, model, mode, stream, call.getKey(), nth);
        }
      }
      before.assertNoneSince(model + " " + mode);
    }
  }

  private static void failAt(
      SimHost host, Model model, Mode mode, byte[] stream, String call, int nth)
      throws IOException {
    String what = "%s fails at call %d".formatted(call, nth);
    FaultyHypervisor faulty = new FaultyHypervisor(host).fail(call, nth, "EIO");
    try (Arrival arrival = new Arrival(host, model.builder().spec())) {
      try {
        arrival.restore(faulty.port(), mode, stream);
      } catch (HypervisorException failure) {
        assertEquals(call, failure.call(), what);
        assertTrue(failure.toString().contains("injected at call " + nth), what);
        arrival.assertNothingLeft(() -> what);
        return;
      }
      // A superpage that is not to be had is populated page by page.
      assertEquals("populate", call, () -> what + " and nobody noticed");
      assertTrue(faulty.counts().getOrDefault("populate", 0) > 1, what);
      arrival.assertArrived(() -> what);
    }
  }

  /// The stream breaks off where a record ends, within a record's header, and within its body.
  @ParameterizedTest
  @MethodSource("restores")
  void theSenderMayDieAnywhere(Model model, Mode mode) throws IOException {
    byte[] stream = stream(model, mode);
    long checkpoint =
        mode.isCheckpointed() ? SavedStream.firstCheckpointEnd(stream) : Long.MAX_VALUE;
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0, 7));
    for (long boundary : SavedStream.boundaries(stream)) {
      for (int more : mode == Mode.LIVE ? new int[] {0, 3, 8 + 5} : new int[] {0, 8 + 5}) {
        cuts.add((int) Math.min(boundary + more, stream.length));
      }
    }
    if (!mode.isCheckpointed()) {
      cuts.remove(stream.length);
    }
    int failovers = 0;
    try (SimHost host = host()) {
      for (int cut : cuts) {
        String what = "cut at 0x%x of 0x%x".formatted(cut, stream.length);
        try (Arrival arrival = new Arrival(host, model.builder().spec())) {
          byte[] part = Arrays.copyOf(stream, cut);
          if (cut < checkpoint) {
            StreamFormatException failure =
                assertThrows(StreamFormatException.class, () -> arrival.restore(mode, part), what);
            assertTrue(failure.toString().contains(": stream @0x"), failure::getMessage);
            arrival.assertNothingLeft(() -> what);
          } else {
            RestoreResult result = arrival.restore(mode, part);
            assertTrue(result.failedOver(), what);
            SimGuest guest = arrival.assertArrived(() -> what);
            if (failovers++ % 4 == 0) {
              arrival.assertRunsOn(guest, () -> what);
            }
          }
        }
      }
    }
  }

  /// Somebody wants the end, at calls drawn by chance: no failover then.
  @ParameterizedTest
  @MethodSource("restores")
  void mayBeCancelledAtAnyCall(Model model, Mode mode) throws IOException {
    SplittableRandom chance = new SplittableRandom(SEED + model.seed);
    byte[] stream = stream(model, mode);
    GuestSpec spec = model.builder().spec();
    try (SimHost host = host()) {
      int calls;
      try (Arrival arrival = new Arrival(host, spec)) {
        FaultyHypervisor counting = new FaultyHypervisor(host);
        arrival.restore(counting.port(), mode, stream);
        calls = counting.calls();
      }
      int cancelled = 0;
      for (int i = 0; i < 12; i++) {
        int call = chance.nextInt(1, calls + 1);
        String what = "seed %#x: cancelled at call %d of %d".formatted(SEED, call, calls);
        Cancellation cancellation = new Cancellation();
        try (Arrival arrival = new Arrival(host, spec, cancellation)) {
          FaultyHypervisor cancelling =
              new FaultyHypervisor(host).before(FaultyHypervisor.ANY, call, cancellation::cancel);
          try {
            RestoreResult result = arrival.restore(cancelling.port(), mode, stream);
            assertEquals(mode.isCheckpointed(), result.failedOver(), what);
            arrival.assertRunsOn(arrival.assertArrived(() -> what), () -> what);
          } catch (TransferCancelledException e) {
            cancelled++;
            arrival.assertNothingLeft(() -> what);
          }
        }
      }
      assertTrue(cancelled > 0, "seed %#x: nothing was cancelled".formatted(SEED));
    }
  }

  /// The toolstack fails, refuses, or wants a failover, at each of its calls.
  @ParameterizedTest
  @MethodSource("restores")
  void theToolstackMayFail(Model model, Mode mode) throws IOException {
    byte[] stream = stream(model, mode);
    try (SimHost host = host()) {
      int calls = Integer.MAX_VALUE;
      for (int call = 0; call <= calls; call++) {
        for (Refusing.Answer answer : Refusing.Answer.values()) {
          String what = "the toolstack's call %d: %s".formatted(call, answer);
          try (Arrival arrival = new Arrival(host, model.builder().spec())) {
            Refusing toolstack = new Refusing(arrival.toolstack(mode), call, answer);
            RecordSink back = mode == Mode.COLO ? record -> {} : null;
            try {
              RestoreResult result = arrival.restore(host, mode, stream, toolstack, back);
              boolean asked = answer == Refusing.Answer.FAILOVER && call > 0;
              assertEquals(mode.isCheckpointed(), result.failedOver(), what);
              assertTrue(toolstack.due == null || asked, () -> what + " and nobody noticed");
              arrival.assertArrived(() -> what);
            } catch (IOException failure) {
              assertTrue(toolstack.due != null, () -> what + ": " + failure);
              if (answer == Refusing.Answer.EXCEPTION) {
                assertEquals("no", failure.getMessage(), what);
              }
              arrival.assertNothingLeft(() -> what);
            }
            calls = call == 0 ? toolstack.calls : calls;
          }
        }
      }
      assertTrue(calls >= (mode.isCheckpointed() ? 1 + Mode.CHECKPOINTS : 1), calls + " calls");
    }
  }

  /// COLO: the primary dies as it is told of dirty pages.
  @ParameterizedTest
  @EnumSource(
      value = Model.class,
      names = {"HVM", "PVH"})
  void theBackChannelMayBreakAnywhere(Model model) throws IOException {
    byte[] stream = stream(model, Mode.COLO);
    try (SimHost host = host()) {
      long whole = backOctets(host, model, stream, Long.MAX_VALUE);
      for (long cut : new long[] {0, 1, 7, 8, 15, 16, whole / 2, whole - 8, whole - 1}) {
        assertEquals(cut, backOctets(host, model, stream, cut));
      }
    }
  }

  /// Restores with a back channel that breaks, and looks at the guest.
  ///
  /// @return how many octets went into it
  private static long backOctets(SimHost host, Model model, byte[] stream, long breaksAt)
      throws IOException {
    String what = "the back channel breaks at octet " + breaksAt;
    CapturingChannel back = CapturingChannel.breakingAt(breaksAt);
    try (Arrival arrival = new Arrival(host, model.builder().spec())) {
      RestoreResult result =
          arrival.restore(
              host,
              Mode.COLO,
              stream,
              arrival.toolstack(Mode.COLO),
              StreamWriter.resume(back, ByteOrder.LITTLE_ENDIAN));
      assertTrue(result.failedOver(), what);
      arrival.assertRunsOn(arrival.assertArrived(() -> what), () -> what);
    }
    return back.octets().length;
  }

  /// The host has not enough memory for the guest.
  @ParameterizedTest
  @MethodSource("restores")
  void theHostMayBeFull(Model model, Mode mode) throws IOException {
    byte[] stream = stream(model, mode);
    try (SimHost host = new SimHost(SimOptions.ofFrames(1200));
        Arrival arrival = new Arrival(host, model.builder().spec())) {
      HypervisorException failure =
          assertThrows(HypervisorException.class, () -> arrival.restore(mode, stream));
      assertEquals("populate", failure.call());
      // What libxc makes of a count that falls short (`xc_domain_populate_physmap_exact`).
      assertEquals("EBUSY", failure.errno());
      assertFalse(arrival.domain.isDestroyed());
      arrival.assertNothingLeft(() -> "the host is full");
    }
  }

  /// A toolstack of which one call fails.
  private static final class Refusing implements RestoreCallbacks {
    enum Answer {
      EXCEPTION,
      ERROR,
      FAILOVER
    }

    private final RestoreCallbacks real;
    private final int nth;
    private final Answer answer;
    private int calls;
    private @Nullable Answer due;

    Refusing(RestoreCallbacks real, int nth, Answer answer) {
      this.real = real;
      this.nth = nth;
      this.answer = answer;
    }

    /// A call that gives nothing can only throw.
    private void mayThrow() throws IOException {
      if (++calls == nth && answer == Answer.EXCEPTION) {
        due = answer;
        throw new IOException("no");
      }
    }

    private CheckpointResult or(CheckpointResult normal) throws IOException {
      mayThrow();
      if (calls != nth) {
        return normal;
      }
      due = answer;
      return answer == Answer.ERROR ? CheckpointResult.ERROR : CheckpointResult.FAILOVER;
    }

    @Override
    public void staticDataDone(int missing) throws IOException {
      mayThrow();
      real.staticDataDone(missing);
    }

    @Override
    public CheckpointResult checkpoint() throws IOException {
      return or(real.checkpoint());
    }

    @Override
    public void restoreResults(long storeFrame, long consoleFrame) throws IOException {
      mayThrow();
      real.restoreResults(storeFrame, consoleFrame);
    }

    @Override
    public CheckpointResult resume() throws IOException {
      return or(real.resume());
    }

    @Override
    public CheckpointResult waitCheckpoint() throws IOException {
      return or(real.waitCheckpoint());
    }

    @Override
    public CheckpointResult suspend() throws IOException {
      return or(real.suspend());
    }
  }
}
