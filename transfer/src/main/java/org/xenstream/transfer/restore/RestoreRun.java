// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.restore.RestoreCallbacks.CheckpointResult;

/// One restore on its way: takes record after record to its place, and knows when to hold them
/// (`restore`, `process_record`, `handle_checkpoint` of `xg_sr_restore.c`).
final class RestoreRun {
  private final Hypervisor hypervisor;
  private final RestoreRequest request;
  private final RestoreCallbacks callbacks;
  private final RestoreListener listener;
  private final Cancellation cancellation;
  private final RecordSource source;
  private final GuestRestore guest;
  private final CheckpointBuffer buffer;
  private final StaticData staticData;
  private final PageLoader loader;
  private final @Nullable ColoSecondary colo;
  private final ViewedPages viewed = new ViewedPages();
  private boolean buffering;
  private long records;
  private long tscInfos;
  private long checkpoints;
  private long end;

  RestoreRun(
      Hypervisor hypervisor,
      RestoreRequest request,
      RestoreCallbacks callbacks,
      RestoreListener listener,
      Cancellation cancellation,
      @Nullable RecordSink backChannel,
      RecordSource source,
      GuestRestore guest,
      CheckpointBuffer buffer,
      Arena arena) {
    this.hypervisor = hypervisor;
    this.request = request;
    this.callbacks = callbacks;
    this.listener = listener;
    this.cancellation = cancellation;
    this.source = source;
    this.guest = guest;
    this.buffer = buffer;
    this.end = source.headers().end();
    this.staticData = new StaticData(hypervisor, request.domid(), source.name());
    this.loader =
        new PageLoader(
            hypervisor, request.domid(), source.name(), guest, listener, cancellation, arena);
    this.colo =
        backChannel == null || request.type() != StreamType.COLO
            ? null
            : new ColoSecondary(hypervisor, request.domid(), callbacks, backChannel);
  }

  RestoreResult run() throws IOException {
    guest.setUp();
    IOException failure = takeRecords();
    if (failure != null) {
      listener.failover(failure);
    }
    // COLO has completed the guest at each checkpoint.
    if (failure == null || colo == null) {
      complete();
    }
    return new RestoreResult(
        guest.storeFrame(),
        guest.consoleFrame(),
        records,
        loader.pages(),
        loader.populator().populated(),
        loader.populator().superpages(),
        guest.cleared(),
        loader.mismatches(),
        tscInfos,
        staticData.missing(),
        checkpoints,
        failure);
  }

  /// Takes records up to END.
  ///
  /// @return null there; why the sender is taken for dead where a complete checkpoint is there to
  ///   fail over to
  private @Nullable IOException takeRecords() throws IOException {
    while (true) {
      cancellation.check();
      Framed framed;
      try {
        framed = next();
        if (buffering && isHeld(framed)) {
          buffer.add(source, framed);
          continue;
        }
      } catch (TransferCancelledException | ScratchException e) {
        throw e;
      } catch (IOException e) {
        if (buffering) {
          return e;
        }
        throw e;
      }
      switch (framed.record()) {
        case StreamRecord.End _ -> {
          replay();
          return null;
        }
        case StreamRecord.Checkpoint _ -> {
          IOException failure = checkpoint(framed.frame());
          if (failure != null) {
            return failure;
          }
        }
        default -> process(framed, runs -> source.takePages(framed, runs));
      }
    }
  }

  private static boolean isHeld(Framed framed) {
    int type = framed.frame().type();
    return type != RecordType.END.code() && type != RecordType.CHECKPOINT.code();
  }

  private Framed next() throws IOException {
    Framed framed = source.next();
    if (framed == null) {
      throw new StreamFormatException(
          Fault.TRUNCATED,
          Location.of(source.name(), end, "libxc", "record header", null),
          "a record, END at the latest",
          "the end");
    }
    end = framed.frame().end();
    records++;
    return framed;
  }

  /// Puts what was held in its place.
  private void replay() throws IOException {
    buffer.rewind();
    for (Framed framed = buffer.next(); framed != null; framed = buffer.next()) {
      if (framed.record() instanceof StreamRecord.PageData(_, var pages)) {
        viewed.show(pages);
      }
      process(framed, viewed);
    }
    buffer.clear();
  }

  private @Nullable IOException checkpoint(Frame at) throws IOException {
    if (request.type() == StreamType.PLAIN) {
      throw RefusedStreamException.of(
          source.name(), at, "no " + RecordType.CHECKPOINT + " in a plain stream", "one");
    }
    checkpoints++;
    CheckpointResult answer;
    try {
      answer = callbacks.checkpoint();
    } catch (StreamFormatException e) {
      if (buffering && (e.fault() == Fault.TRUNCATED || e.fault() == Fault.TOO_LONG)) {
        return e;
      }
      throw e;
    }
    if (answer == CheckpointResult.FAILOVER && buffering) {
      return new IOException("the toolstack asks for a failover");
    }
    if (answer != CheckpointResult.SUCCESS) {
      throw new IOException(
          answer == CheckpointResult.FAILOVER
              ? "the toolstack asks for a failover before any checkpoint is complete"
              : "the toolstack refuses the checkpoint");
    }
    replay();
    buffering = true;
    listener.checkpoint(checkpoints);
    if (colo == null) {
      return null;
    }
    complete();
    return colo.runUntilNextCheckpoint(guest);
  }

  private void complete() throws IOException {
    try {
      loader.localiseWaiting();
      guest.complete(end);
    } catch (HypervisorException e) {
      throw e.at(Location.of(source.name(), end, "libxc", "end of the records", null));
    }
  }

  /// Takes a record that is no END or CHECKPOINT. What the hypervisor refuses of it is told with
  /// its place.
  ///
  /// @param supply where the pages of a PAGE_DATA come from
  private void process(Framed framed, PageLoader.Supply supply) throws IOException {
    try {
      if (framed.record() instanceof StreamRecord.PageData(var entries, _)) {
        staticData.needEnd(framed.frame());
        loader.load(framed.frame(), entries, supply);
      } else {
        process(framed);
      }
    } catch (HypervisorException e) {
      Frame at = framed.frame();
      throw e.at(Location.of(source.name(), at, at.offset(), null));
    }
  }

  private void process(Framed framed) throws IOException {
    Frame at = framed.frame();
    switch (framed.record()) {
      case StreamRecord.CpuidPolicy(var leaves) -> staticData.cpuid(at, leaves);
      case StreamRecord.MsrPolicy(var entries) -> staticData.msrs(at, entries);
      case StreamRecord.StaticDataEnd _ -> staticData.end(at, callbacks);
      case StreamRecord.TscInfo tsc -> {
        hypervisor.setTscInfo(request.domid(), tsc);
        tscInfos++;
      }
      case StreamRecord.Verify _ -> loader.verifyFromNowOn();
      case StreamRecord.PvP2mFrames _ -> {
        staticData.needEnd(at);
        guest.accept(framed);
      }
      case StreamRecord.PvInfo _,
          StreamRecord.PvVcpu _,
          StreamRecord.SharedInfo _,
          StreamRecord.HvmContext _,
          StreamRecord.HvmParams _ ->
          guest.accept(framed);
      case StreamRecord.Toolstack _, StreamRecord.CheckpointDirtyPfnList _ -> throw unhandled(at);
      case StreamRecord.SavingCpu _ -> {}
      case StreamRecord.Unknown unknown -> {
        if (unknown.mandatory()) {
          throw unhandled(at);
        }
      }
      case StreamRecord.Malformed malformed -> throw malformed.why();
      case StreamRecord.End _, StreamRecord.Checkpoint _, StreamRecord.PageData _ ->
          throw new IllegalStateException(at.typeName() + " is taken elsewhere");
    }
  }

  private RefusedStreamException unhandled(Frame at) {
    return RefusedStreamException.of(
        source.name(), at, "a record that a restore handles", at.typeName());
  }
}
