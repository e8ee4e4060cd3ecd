// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.save.DirtyPfnListReader;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// A guest of every kind is saved in every way while it works, and restored from the stream at the
/// other end of a pair of sockets, and again from the same stream and its version 2.
@Timeout(60)
class MoveTest {
  private static final Duration STALL = Duration.ofSeconds(30);

  static Stream<Arguments> moves() {
    List<Arguments> moves = new ArrayList<>();
    for (Model model : Model.values()) {
      for (Mode mode : Mode.values()) {
        // COLO is for HVM guests alone, as libxl has it.
        if (mode != Mode.COLO || !model.kind.isPv()) {
          moves.add(Arguments.of(model, mode));
        }
      }
    }
    return moves.stream();
  }

  @ParameterizedTest
  @MethodSource("moves")
  void arrivesWhole(Model model, Mode mode) throws Exception {
    String what = model + " " + mode;
    Cancellation never = new Cancellation();
    Pipe back = Pipe.open();
    try (Departure departure = new Departure(model);
        SimHost host = new SimHost(SimOptions.ofFrames(16384));
        Arrival arrival = new Arrival(host, departure.guest.spec());
        DescriptorPair line = DescriptorPair.sockets();
        ExecutorService receiving = Executors.newSingleThreadExecutor();
        Pipe.SourceChannel backSource = back.source();
        Pipe.SinkChannel backSink = back.sink()) {
      // The p2m's frames change hands, as on a machine where other guests are.
      host.createHvm(1, 64).balloonIn(7);
      Future<RestoreResult> restore =
          receiving.submit(() ->
              arrival.restore(
                  host,
                  mode,
                  new DescriptorInput("line", line.first(), SavedStream.patience(never, STALL)),
                  mode == Mode.COLO
                      ? StreamWriter.resume(backSink, ByteOrder.LITTLE_ENDIAN)
                      : null));
      departure.runFreely();
      SavedStream saved;
      SaveReport report;
      try (DescriptorOutput out =
          new DescriptorOutput("line", line.second(), SavedStream.patience(never, STALL), null)) {
        saved = new SavedStream(out);
        report =
            departure.save(
                departure.host,
                mode,
                mode.options(),
                saved,
                mode == Mode.COLO ? new DirtyPfnListReader("back", backSource) : null);
      }
      RestoreResult result = result(restore);
      departure.stopWork();
      departure.assertReleased(what);

      assertEquals(mode.isCheckpointed(), result.failedOver(), what);
      assertEquals(mode.isCheckpointed() ? Mode.CHECKPOINTS : 0, report.checkpoints(), what);
      assertEquals(report.checkpoints(), result.checkpoints(), what);
      assertEquals(0, result.mismatches(), what);
      assertEquals(0, result.missing(), what);
      assertTrue(mode == Mode.PLAIN || report.rounds() > 1, what + ": no round was sent live");
      assertEquals(List.of(), saved.findings(), what);

      SimGuest guest = arrival.assertArrived(() -> what);
      if (mode != Mode.COLO) {
        // A secondary has worked on since the checkpoint.
        assertEquals(
            List.of(),
            Likeness.differences(
                departure, host, arrival.domain, saved.octets(), mode != Mode.PLAIN),
            what);
      }
      arrival.assertRunsOn(guest, () -> what);

      restoreAgain(departure, mode, saved.octets(), 0, what + " from the stream kept");
      byte[] old = SavedStream.version2(saved.octets());
      restoreAgain(departure, mode, old, 3, what + " from version 2");
      // The guest that was saved still stands where it was, and may go on if nobody took it.
      departure.assertUnharmed(what);
    }
  }

  private static void restoreAgain(
      Departure departure, Mode mode, byte[] stream, int missing, String what) throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofFrames(16384));
        Arrival arrival = new Arrival(host, departure.guest.spec())) {
      RestoreResult result = arrival.restore(mode, stream);
      assertEquals(missing, result.missing(), what);
      assertEquals(mode.isCheckpointed(), result.failedOver(), what);
      SimGuest guest = arrival.assertArrived(() -> what);
      assertEquals(
          List.of(),
          Likeness.differences(departure, host, arrival.domain, stream, mode != Mode.PLAIN),
          what);
      arrival.assertRunsOn(guest, () -> what);
    }
  }

  private static RestoreResult result(Future<RestoreResult> restore) throws Exception {
    try {
      return restore.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }
}
