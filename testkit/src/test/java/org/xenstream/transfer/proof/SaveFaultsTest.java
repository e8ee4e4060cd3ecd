// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.FailingChannel;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.save.BackChannel;
import org.xenstream.transfer.save.DirtyPfnListReader;
import org.xenstream.transfer.save.SaveCallbacks;
import org.xenstream.transfer.save.SaveException;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.FaultyHypervisor;

/// Whatever fails while a guest is saved, it goes on where it was and is whole, with log-dirty off
/// and nothing mapped, and the error says what failed. One guest lives through all of it.
@Timeout(60)
class SaveFaultsTest {
  private static final long SEED = 0x5EED_0003L;

  /// How often a save may make fewer calls than the one before it.
  private static final int MOST_RETRIES = 8;

  /// It warns of what cannot be cleaned up, which here is as it should be. Loggers that nobody
  /// holds are forgotten with their level.
  private static final Logger QUIET = Logger.getLogger(Saver.class.getName());

  @BeforeAll
  static void quieten() {
    QUIET.setLevel(Level.OFF);
  }

  @AfterAll
  static void speakAgain() {
    QUIET.setLevel(null);
  }

  static Stream<Arguments> saves() {
    List<Arguments> saves = new ArrayList<>();
    for (Model model : Model.values()) {
      for (Mode mode : List.of(Mode.PLAIN, Mode.VERIFY, Mode.REMUS)) {
        saves.add(Arguments.of(model, mode));
      }
      if (!model.kind.isPv()) {
        saves.add(Arguments.of(model, Mode.COLO));
      }
    }
    return saves.stream();
  }

  /// A secondary that has dirtied nothing.
  private static @Nullable BackChannel back(Mode mode) {
    return mode == Mode.COLO ? into -> {} : null;
  }

  private static Map<String, Integer> counts(Departure departure, Mode mode) throws IOException {
    FaultyHypervisor counting = new FaultyHypervisor(departure.host);
    departure.save(counting.port(), mode, mode.options(), new SavedStream(), back(mode));
    departure.assertUnharmed("nothing has failed");
    return counting.counts();
  }

  /// Each kind of call fails once: the first, the second, and the last of it. Every one of these is
  /// reached.
  @ParameterizedTest
  @MethodSource("saves")
  void eachCallMayFail(Model model, Mode mode) throws IOException, InterruptedException {
    try (Departure departure = new Departure(model)) {
      Map<String, Integer> counts = counts(departure, mode);
      Leaks before = Leaks.now();
      for (Map.Entry<String, Integer> call : counts.entrySet()) {
        for (int nth : new TreeSet<>(List.of(1, Math.min(2, call.getValue()), call.getValue()))) {
          failAt(departure, mode, call.getKey(), nth);
        }
      }
      before.assertNoneSince(model + " " + mode);
    }
  }

  /// The guest works on from save to save, so that the last call of one may be more than the next
  /// one makes: then the last of that one fails.
  private static void failAt(Departure departure, Mode mode, String call, int nth)
      throws IOException {
    int wanted = nth;
    int made = madeWithFault(departure, mode, call, wanted);
    for (int retry = 0; made < wanted; retry++) {
      String what = "%s fails at call %d of %d".formatted(call, wanted, made);
      assertTrue(made > 0 && retry < MOST_RETRIES, () -> what + ": it was not reached");
      wanted = made;
      made = madeWithFault(departure, mode, call, wanted);
    }
  }

  /// @return how many such calls there were
  private static int madeWithFault(Departure departure, Mode mode, String call, int nth)
      throws IOException {
    String what = "%s fails at call %d".formatted(call, nth);
    FaultyHypervisor faulty = new FaultyHypervisor(departure.host);
    AtomicBoolean rehearsal = new AtomicBoolean();
    faulty.before(call, nth, () -> rehearsal.set(isRehearsal(mode, faulty.counts())));
    faulty.fail(call, nth, "EIO");
    boolean saved = false;
    try {
      departure.save(faulty.port(), mode, mode.options(), new SavedStream(), back(mode));
      saved = true;
    } catch (HypervisorException e) {
      assertEquals(call, e.call(), what);
      assertEquals("EIO", e.errno(), what);
      assertTrue(e.toString().contains("injected at call " + nth), e::getMessage);
    }
    int made = faulty.counts().getOrDefault(call, 0);
    boolean reached = made >= nth;
    // Where log-dirty cannot be enabled it may be on for video memory: it is switched off and on.
    // That it cannot be switched off in the end fails no save, and is the one thing that stays.
    boolean mayPass =
        !reached
            || rehearsal.get()
            || call.equals("enableLogDirty")
            || call.equals("disableLogDirty");
    assertTrue(!saved || mayPass, () -> what + " and nobody noticed");
    if (call.equals("disableLogDirty") && departure.guest.domain().outcome().isLogDirty()) {
      assertTrue(reached, what);
      departure.host.disableLogDirty(departure.guest.domain().domid());
    }
    departure.assertUnharmed(what);
    return made;
  }

  /// Whether a call is made for nothing but that its code has run: the guest's state is read before
  /// log-dirty is on, its clock first.
  private static boolean isRehearsal(Mode mode, Map<String, Integer> counts) {
    return mode != Mode.PLAIN
        && counts.containsKey("tscInfo")
        && !counts.containsKey("enableLogDirty");
  }

  /// The stream cannot be written any further, at each of its records.
  @ParameterizedTest
  @MethodSource("saves")
  void theOutputMayFailAtEachRecord(Model model, Mode mode) throws IOException {
    try (Departure departure = new Departure(model)) {
      SavedStream whole = new SavedStream();
      departure.save(departure.host, mode, mode.options(), whole, back(mode));
      departure.assertUnharmed("nothing has failed");
      int failed = 0;
      for (int record = 0; record < whole.records(); record++) {
        SavedStream stream = SavedStream.failingAt(record);
        String what = "the output fails at record " + record;
        try {
          departure.save(departure.host, mode, mode.options(), stream, back(mode));
        } catch (IOException e) {
          failed++;
          assertEquals("no room for record " + record, e.getMessage());
        }
        departure.assertUnharmed(what);
      }
      assertTrue(failed >= whole.records() - 3, "the stream got much shorter: " + failed);
    }
  }

  /// The toolstack refuses, or fails, at each of its calls.
  @ParameterizedTest
  @CsvSource({
    "HVM, REMUS",
    "PVH, REMUS",
    "PV64_TREE, REMUS",
    "PV64_LIST, REMUS",
    "PV32_TREE, REMUS",
    "PV32_LIST, REMUS",
    "HVM, COLO",
    "PVH, COLO"
  })
  void theToolstackMayFail(Model model, Mode mode) throws IOException {
    try (Departure departure = new Departure(model)) {
      for (int call = 1; call <= (mode == Mode.COLO ? 11 : 8); call++) {
        for (boolean refusal : new boolean[] {true, false}) {
          Refusing toolstack = new Refusing(departure.new Toolstack(mode), mode, call, refusal);
          String what = "the toolstack's call %d, refusal %s".formatted(call, refusal);
          IOException failure = null;
          try {
            departure.save(
                departure.host, toolstack, mode.options(), new SavedStream(), back(mode));
          } catch (IOException e) {
            failure = e;
          }
          if (toolstack.hit && !refusal) {
            assertTrue(failure != null && "no".equals(failure.getMessage()), what);
          } else if (toolstack.hit && toolstack.failing) {
            assertTrue(failure instanceof SaveException, what);
          } else {
            assertEquals(null, failure, what);
          }
          departure.assertUnharmed(what);
        }
      }
    }
  }

  /// Somebody wants the end, at calls drawn by chance.
  @ParameterizedTest
  @MethodSource("saves")
  void mayBeCancelledAtAnyCall(Model model, Mode mode) throws IOException {
    SplittableRandom chance = new SplittableRandom(SEED + model.seed);
    try (Departure departure = new Departure(model)) {
      int calls = counts(departure, mode).values().stream().mapToInt(Integer::intValue).sum();
      int cancelled = 0;
      for (int i = 0; i < 12; i++) {
        int call = chance.nextInt(1, calls + 1);
        String what = "seed %#x: cancelled at call %d of %d".formatted(SEED, call, calls);
        Cancellation cancellation = new Cancellation();
        Hypervisor port =
            new FaultyHypervisor(departure.host)
                .before(FaultyHypervisor.ANY, call, cancellation::cancel)
                .port();
        try {
          departure.save(
              port, mode, mode.options().cancellation(cancellation), new SavedStream(), back(mode));
        } catch (TransferCancelledException e) {
          cancelled++;
        }
        departure.assertUnharmed(what);
      }
      assertTrue(cancelled > 0, "seed %#x: nothing was cancelled".formatted(SEED));
    }
  }

  /// COLO: what the receiver tells breaks off, at any octet of two lists.
  @Test
  void theBackChannelMayEndAnywhere() throws IOException {
    CapturingChannel lists = CapturingChannel.whole();
    StreamWriter writer = StreamWriter.resume(lists, ByteOrder.LITTLE_ENDIAN);
    MemorySegment pfns = MemorySegment.ofArray(new long[] {3, 5});
    for (int i = 1; i < Mode.CHECKPOINTS; i++) {
      writer.accept(new StreamRecord.CheckpointDirtyPfnList(pfns));
    }
    byte[] octets = lists.octets();
    try (Departure departure = new Departure(Model.HVM)) {
      for (int cut = 0; cut <= octets.length; cut++) {
        String what = "the back channel breaks at octet " + cut;
        BackChannel back = new DirtyPfnListReader("back", new FailingChannel(octets, cut));
        IOException failure = null;
        try {
          departure.save(departure.host, Mode.COLO, Mode.COLO.options(), new SavedStream(), back);
        } catch (IOException e) {
          failure = e;
        }
        String expected = cut < octets.length ? "the line broke at octet " + cut : "none";
        assertEquals(expected, failure == null ? "none" : failure.getMessage(), what);
        departure.assertUnharmed(what);
      }
    }
  }

  /// COLO: what the receiver tells is no list, or never comes.
  @ParameterizedTest
  @EnumSource(
      value = Model.class,
      names = {"HVM", "PVH"})
  void theBackChannelMayFail(Model model) throws IOException {
    try (Departure departure = new Departure(model)) {
      IOException failure =
          assertThrows(
              IOException.class,
              () ->
                  departure.save(
                      departure.host,
                      Mode.COLO,
                      Mode.COLO.options(),
                      new SavedStream(),
                      into -> {
                        throw new IOException("the peer is gone");
                      }));
      assertEquals("the peer is gone", failure.getMessage());
      departure.assertUnharmed("the back channel fails");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Model.class,
      names = {"HVM", "PVH"},
      mode = EnumSource.Mode.EXCLUDE)
  void coloIsForHvmGuestsAlone(Model model) throws IOException {
    try (Departure departure = new Departure(model)) {
      IOException failure =
          assertThrows(
              IOException.class,
              () ->
                  departure.save(
                      departure.host,
                      Mode.COLO,
                      Mode.COLO.options(),
                      new SavedStream(),
                      into -> {}));
      assertEquals(
          "domain %d: expected an HVM guest for COLO, found a PV one"
              .formatted(departure.guest.domain().domid()),
          failure.getMessage());
      departure.assertUnharmed("it was refused");
    }
  }

  /// A toolstack of which one call fails.
  private static final class Refusing implements SaveCallbacks {
    private final SaveCallbacks real;
    private final Mode mode;
    private final int nth;
    private final boolean refusal;
    private int calls;
    private boolean hit;

    /// Whether its refusal is no wish to end, but a failure.
    private boolean failing;

    Refusing(SaveCallbacks real, Mode mode, int nth, boolean refusal) {
      this.real = real;
      this.mode = mode;
      this.nth = nth;
      this.refusal = refusal;
    }

    private boolean due() throws IOException {
      if (++calls == nth) {
        hit = true;
        if (!refusal) {
          throw new IOException("no");
        }
        return true;
      }
      return false;
    }

    @Override
    public boolean suspend() throws IOException {
      if (due()) {
        failing = true;
        return false;
      }
      return real.suspend();
    }

    @Override
    public boolean resume() throws IOException {
      return !due() && real.resume();
    }

    @Override
    public boolean checkpoint() throws IOException {
      if (due()) {
        failing = mode == Mode.COLO;
        return false;
      }
      return real.checkpoint();
    }

    @Override
    public boolean waitCheckpoint() throws IOException {
      return !due() && real.waitCheckpoint();
    }

    @Override
    public void switchQemuLogDirty(boolean enable) throws IOException {
      real.switchQemuLogDirty(enable);
    }
  }
}
