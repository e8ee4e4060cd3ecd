// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// The states of an image, one after the other, and what becomes of them.
///
/// The memory of the first state is given as it comes: it is needed whatever follows. That of each
/// further state waits in a scratch file until that state is complete, so that nothing is ever
/// given of one that is not. For a plain stream each tail waits until it is known that no other
/// state follows.
final class Translation implements AutoCloseable {
  /// What is done next.
  private enum Step {
    HEAD,
    BODY,
    TAIL,
    STATE_ENDS,
    HELD_PAGES,
    HELD_TAIL,
    END,
    OVER
  }

  private final LegacyOptions options;
  private final Notes notes;
  private final Framer framer;
  private final LegacyCursor in;
  private final Layout layout;
  private final Deque<Framed> head;
  private final GuestState guest;
  private final Scratch scratch;
  private final CompressedPages compressed;
  private final StateReader body;

  private Step step = Step.HEAD;
  private @Nullable Tail tail;
  private @Nullable Journal heldPages;
  private @Nullable HeldRecords heldTail;
  private @Nullable HeldRecords newTail;
  private @Nullable Journal shownFrom;
  private @Nullable DeviceModel heldDeviceModel;
  private @Nullable DeviceModel deviceModel;
  private boolean more;
  private boolean leftOut;
  private int completed;
  private boolean compressionMet;
  private long stateBegin;

  /// Where a page stands in a later state though the pages of the image are for comparison; −1
  /// where none does.
  private long compared = -1;

  /// @param head what was read already
  /// @param arena where buffers live
  Translation(ImageHead.Read head, LegacyOptions options, Notes notes, Framer framer, Arena arena) {
    this.options = options;
    this.notes = notes;
    this.framer = framer;
    this.in = head.in();
    this.layout = head.layout();
    this.head = new ArrayDeque<>(head.records());
    this.guest = new GuestState(layout, notes, options.deviceModel());
    this.scratch =
        new Scratch(options.scratchFolder(), options.scratchLimit(), layout.p2mSize(), notes);
    PageFrames frames = new PageFrames(arena);
    this.compressed =
        new CompressedPages(
            in,
            frames,
            new PageStore(scratch, layout.p2mSize()),
            earlierPages(in, layout, options.limits()),
            options.keepPages(),
            arena);
    this.body = new StateReader(in, layout, guest, framer, frames, notes, compressed);
  }

  private static EarlierPages earlierPages(LegacyCursor in, Layout layout, Limits limits) {
    return in.input() instanceof MappedInput file
        ? new RereadPages(file.channel(), file.name(), file.position(), layout, limits)
        : EarlierPages.NONE;
  }

  LegacyFacts facts() {
    return new LegacyFacts(
        layout.toolstack(),
        layout.kind(),
        layout.guest(),
        layout.p2mSize(),
        layout.extendedInfo(),
        completed > 0 ? guest.online().cardinality() : -1,
        completed,
        compressionMet,
        body.isVerifying());
  }

  @Nullable DeviceModel deviceModel() {
    return deviceModel;
  }

  long scratchWritten() {
    return scratch.written();
  }

  /// The next record, or null behind END.
  @Nullable Framed next() throws IOException {
    shownFrom = null;
    DeviceModel given = deviceModel;
    deviceModel = null;
    if (given != null && step != Step.OVER) {
      given.close();
    }
    while (step != Step.OVER) {
      Framed framed = advance();
      if (framed != null) {
        return framed;
      }
    }
    deviceModel = heldDeviceModel;
    return null;
  }

  /// Tells whether the pages of the record given last are the next octets of the input.
  boolean pagesAreNext() {
    return shownFrom == null && body.pagesAreNext();
  }

  /// Moves the next pages of the record given last into memory.
  void takePages(MemoryRuns into) throws IOException {
    if (shownFrom != null) {
      shownFrom.takePages(into, compressed);
    } else {
      body.takePages(into);
    }
  }

  private @Nullable Framed advance() throws IOException {
    try {
      return switch (step) {
        case HEAD -> head();
        case BODY -> body();
        case TAIL -> tail();
        case STATE_ENDS -> stateEnds();
        case HELD_PAGES -> heldPages();
        case HELD_TAIL -> heldTail();
        case END -> end();
        case OVER -> null;
      };
    } catch (StreamFormatException e) {
      boolean reading = step == Step.BODY || step == Step.TAIL || step == Step.STATE_ENDS;
      if (!reading || completed == 0 || e.fault() != Fault.TRUNCATED) {
        throw e;
      }
      discard(e);
      return null;
    }
  }

  private @Nullable Framed head() {
    Framed framed = head.poll();
    if (framed == null) {
      beginState();
    }
    return framed;
  }

  private void beginState() {
    stateBegin = in.position();
    step = Step.BODY;
  }

  private boolean keeps() {
    return options.checkpoints() instanceof Checkpoints.Keep;
  }

  /// Whether the state that is read is the last one that is asked for.
  private boolean isLastWanted() {
    return options.checkpoints() instanceof Checkpoints.Nth(int n) && completed + 1 == n;
  }

  private @Nullable Framed body() throws IOException {
    boolean holds = completed > 0;
    Framed framed = body.next(holds ? PagesShown.IN_VIEW : options.pages());
    compressionMet |= body.isCompressing();
    if (framed == null) {
      tail = Tail.of(in, layout, guest, framer, notes);
      step = Step.TAIL;
      return null;
    }
    if (!holds) {
      return framed;
    }
    hold(framed);
    return null;
  }

  private void hold(Framed framed) throws IOException {
    switch (framed.record()) {
      case StreamRecord.PageData(var entries, _) -> {
        if (body.isVerifying() && compared < 0 && entries.withData() > 0) {
          compared = framed.frame().offset();
        }
        Journal journal = heldPages;
        if (journal == null) {
          journal = new Journal(scratch, in.at(stateBegin, "checkpoint", null));
          heldPages = journal;
        }
        if (body.isCompressing()) {
          journal.addStored(framed.frame().offset(), entries.octets());
        } else {
          journal.add(framed);
        }
      }
      case StreamRecord.Verify _ ->
          throw in.fault(
              Fault.MISPLACED,
              framed.frame().offset(),
              Chunk.ENABLE_VERIFY_MODE.name(),
              null,
              "no pass for comparison behind a checkpoint",
              "one");
      default -> newTail().add(framed, in.at(stateBegin, "checkpoint", null));
    }
  }

  private HeldRecords newTail() {
    HeldRecords there = newTail;
    if (there == null) {
      there = new HeldRecords(scratch);
      newTail = there;
    }
    return there;
  }

  /// Whether the tail that is read is given at once: nothing can replace it.
  private boolean givesTail() {
    return completed == 0 && (keeps() || guest.isLastCheckpoint() || isLastWanted());
  }

  private @Nullable Framed tail() throws IOException {
    Tail reading = tail;
    Framed framed = reading == null ? null : reading.next();
    if (framed == null) {
      tail = null;
      step = Step.STATE_ENDS;
      return null;
    }
    if (givesTail()) {
      return framed;
    }
    newTail().add(framed, in.at(stateBegin, "checkpoint", null));
    return null;
  }

  /// Behind a tail: the device model, and whether another state follows.
  private @Nullable Framed stateEnds() throws IOException {
    boolean gave = givesTail();
    boolean enough = isLastWanted();
    boolean last = readDeviceModel(guest.isLastCheckpoint());
    holdTaken();
    completed++;
    close(heldTail);
    heldTail = newTail;
    newTail = null;
    more = !last && !enough && anotherFollows();
    if (enough && !last) {
      leaveOutRest();
    }
    if (gave && keeps()) {
      return keepOn();
    }
    step = gave ? Step.END : Step.HELD_PAGES;
    return null;
  }

  /// Nothing behind the state that was asked for is looked at.
  private void leaveOutRest() throws IOException {
    Location at = in.at(in.position(), "checkpoint", null);
    long octets = in.input().advance(Long.MAX_VALUE);
    leftOut = octets > 0;
    if (leftOut) {
      notes.add(
          LegacyNote.Kind.CHECKPOINTS,
          at,
          "the state of checkpoint %d is carried: what follows, %s, is left out"
              .formatted(completed, LegacyCursor.octets(octets)));
    }
  }

  /// Refuses pages of a later state behind a pass for comparison: nothing ends that, in either
  /// format, so that a restore compares them and has states without their memory (`pagebuf.verify`
  /// in `xc_domain_restore.c`, `restore.verify` in `xg_sr_restore.c`). Of a state that is not
  /// complete nothing is taken anyway.
  private void holdTaken() throws StreamFormatException {
    if (compared >= 0) {
      throw in.fault(
          Fault.MISPLACED,
          compared,
          "batch",
          null,
          "no page of a later checkpoint behind %s (--checkpoints 1 takes the first)"
              .formatted(Chunk.ENABLE_VERIFY_MODE),
          "pages that a restore would compare and not take");
    }
  }

  /// Reads what the emulator has, and tells whether nothing can follow.
  private boolean readDeviceModel(boolean last) throws IOException {
    if (layout.isPv()) {
      heldDeviceModel = new DeviceModel(guest.xenstoreData(), null, 0);
      return last;
    }
    DeviceModelTail read = DeviceModelTail.read(in, options.deviceModel() ? scratch : null, last);
    EmulatorState state = read.state();
    if (state == null && options.deviceModel()) {
      notes.add(
          LegacyNote.Kind.NO_DEVICE_MODEL,
          in.at(read.offset(), "device model", null),
          "no device model follows the HVM context");
    }
    DeviceModel before = heldDeviceModel;
    heldDeviceModel = new DeviceModel(guest.xenstoreData(), state, read.offset());
    if (before != null) {
      before.close();
    }
    return last || read.isLast();
  }

  private boolean anotherFollows() throws IOException {
    MemorySegment there = in.input().peek(4);
    return there.byteSize() > 0 && (there.byteSize() < 4 || Chunk.canBegin(Wire.u32(there, 0)));
  }

  /// A state is complete and was given: CHECKPOINT where another one was or will be.
  private @Nullable Framed keepOn() throws IOException {
    if (completed == 1 && !more) {
      step = Step.END;
      return null;
    }
    deviceModel = heldDeviceModel;
    heldDeviceModel = null;
    if (more) {
      beginState();
    } else {
      step = Step.END;
    }
    return framer.frame(in.position(), new StreamRecord.Checkpoint());
  }

  private @Nullable Framed heldPages() throws IOException {
    Journal journal = heldPages;
    if (journal != null) {
      Framed framed = journal.next(options.pages(), compressed);
      if (framed != null) {
        shownFrom = journal;
        return framed;
      }
      journal.close();
      heldPages = null;
    }
    if (keeps()) {
      step = Step.HELD_TAIL;
    } else if (more) {
      beginState();
    } else {
      endOfStates();
    }
    return null;
  }

  private void endOfStates() throws StreamFormatException {
    if (options.checkpoints() instanceof Checkpoints.Nth(int n) && completed < n) {
      throw in.malformed(
          in.position(),
          "checkpoint",
          null,
          "checkpoint %d".formatted(n),
          "the end behind %d complete".formatted(completed));
    }
    if (completed > 1 && !leftOut) {
      notes.add(
          LegacyNote.Kind.CHECKPOINTS,
          in.at(stateBegin, "checkpoint", null),
          "%d complete checkpoints: the state of the last is carried".formatted(completed));
    }
    step = Step.HELD_TAIL;
  }

  private @Nullable Framed heldTail() throws IOException {
    HeldRecords records = heldTail;
    Framed framed = records == null ? null : records.next(compressed);
    if (framed == null && keeps()) {
      return keepOn();
    }
    if (framed == null) {
      step = Step.END;
    }
    return framed;
  }

  private Framed end() throws IOException {
    step = Step.OVER;
    return framer.frame(in.position(), new StreamRecord.End());
  }

  /// What came behind the last complete state is no state.
  private void discard(StreamFormatException why) throws IOException {
    notes.addOrRefuse(
        LegacyNote.Kind.INCOMPLETE_CHECKPOINT,
        why.location(),
        "the image ends amid checkpoint %d, which is left out: expected %s, found %s"
            .formatted(completed + 1, why.expected(), why.found()),
        why.fault(),
        why.expected(),
        why.found());
    // What is there of it is not told of once more, as octets behind the image.
    in.input().advance(Long.MAX_VALUE);
    close(newTail);
    newTail = null;
    close(heldPages);
    heldPages = null;
    tail = null;
    if (keeps()) {
      step = Step.END;
    } else {
      endOfStates();
    }
  }

  private static void close(@Nullable AutoCloseable held) throws IOException {
    // No switch: to make one ready takes a start longer than all else that is done here.
    if (held instanceof Journal journal) {
      journal.close();
    } else if (held instanceof HeldRecords records) {
      records.close();
    }
  }

  @Override
  public void close() throws IOException {
    try (compressed) {
      close(heldPages);
      close(heldTail);
      close(newTail);
      for (DeviceModel model : new DeviceModel[] {heldDeviceModel, deviceModel}) {
        if (model != null) {
          model.close();
        }
      }
    }
  }
}
