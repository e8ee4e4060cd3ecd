// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Hypervisor.LogDirtyOp;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.LogDirtyStats;
import org.xenstream.transfer.PfnBitmap;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.TransferEvent.Pass;
import org.xenstream.transfer.XenVersion;

/// Saves a guest: the common part, whatever its kind (`xg_sr_save.c`).
///
/// The guest stays the toolstack's: it is suspended and let go by [SaveCallbacks] alone, and a save
/// that fails leaves it as it is, with log-dirty off and nothing mapped. What a save changes is
/// undone exactly once, however it ends.
///
/// One object saves once, on one thread.
public final class Saver {
  private static final Logger LOG = System.getLogger(Saver.class.getName());

  private final Hypervisor hypervisor;
  private final int domid;
  private final SaveCallbacks callbacks;
  private final SaveOptions options;
  private final SaveOutput out;
  private final @Nullable BackChannel backChannel;
  private final long begun;
  private final DowntimeForecast forecast;

  private boolean logDirtyAsked;
  private @Nullable GuestSave guest;
  private int rounds;
  private int checkpoints;
  private long suspendedAt;
  private long suspendedNanos;

  private Saver(
      Hypervisor hypervisor,
      int domid,
      SaveCallbacks callbacks,
      SaveOptions options,
      SaveOutput out,
      @Nullable BackChannel backChannel) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.callbacks = callbacks;
    this.options = options;
    this.out = out;
    this.backChannel = backChannel;
    this.begun = options.nanoTime.getAsLong();
    this.forecast = new DowntimeForecast(options.fixedDowntime.toNanos());
  }

  /// Saves a guest.
  ///
  /// @param backChannel what the receiver tells of its dirty pages: in COLO, and there only
  /// @return what was done, when nothing failed
  /// @throws SaveException when the guest is in a state that cannot be saved, or the toolstack or
  ///   the policy gives up
  /// @throws org.xenstream.transfer.TransferCancelledException when that was asked for
  /// @throws org.xenstream.transfer.DeadlineException when the guest would be suspended for too
  ///   long
  /// @throws HypervisorException when a call fails
  /// @throws IOException when the stream cannot be written, or the back channel read
  public static SaveReport save(
      Hypervisor hypervisor,
      int domid,
      SaveCallbacks callbacks,
      SaveOptions options,
      SaveOutput out,
      @Nullable BackChannel backChannel)
      throws IOException {
    if ((options.type == StreamType.COLO) != (backChannel != null)) {
      throw new IllegalArgumentException("a back channel belongs to COLO, and COLO has one");
    }
    Saver saver = new Saver(hypervisor, domid, callbacks, options, out, backChannel);
    SaveReport report;
    try (Arena arena = Arena.ofConfined()) {
      report = saver.run(arena);
    } catch (Throwable failure) {
      saver.cleanUp(failure);
      throw failure;
    }
    saver.cleanUp(null);
    return report;
  }

  private SaveReport run(Arena arena) throws IOException {
    DomainInfo info = hypervisor.domainInfo(domid);
    if (options.type == StreamType.COLO && !info.hvm()) {
      // libxl refuses it, too (`libxl_colo_save.c`); a secondary's page tables would
      // be pinned while they are written again.
      throw new SaveException(domid, "expected an HVM guest for COLO, found a PV one");
    }
    GuestSave kind =
        info.hvm()
            ? new HvmSave(hypervisor, domid, callbacks)
            : new PvSave(hypervisor, domid, info);
    guest = kind;
    kind.setup();
    try (PageSender sender = new PageSender(arena, hypervisor, domid, kind, out, options)) {
      return run(arena, kind, sender);
    }
  }

  private SaveReport run(Arena arena, GuestSave kind, PageSender sender) throws IOException {
    PfnBitmap dirty = new PfnBitmap(arena, kind.pfnCount());
    Passes passes = new Passes(sender, out, options, forecast);

    writeHead(kind, arena);
    SaveReport.Ending ending;
    boolean live = options.live;
    while (true) {
      kind.startOfCheckpoint(out);
      kind.checkState();
      if (live) {
        sendLive(kind, passes, sender, dirty);
      } else if (options.type != StreamType.PLAIN) {
        suspendAndSendDirty(passes, sender, dirty, 0, false);
      } else {
        suspend(sender);
        dirty.setAll();
        passes.send(Pass.SUSPENDED, 0, dirty, dirty.pfns(), 0);
      }
      kind.endOfCheckpoint(out, currentInfo());
      if (options.type == StreamType.PLAIN) {
        out.accept(new StreamRecord.End());
        ending = SaveReport.Ending.COMPLETE;
        break;
      }
      live = false;
      if (!finishCheckpoint(sender)) {
        ending = SaveReport.Ending.CHECKPOINTS_ENDED;
        break;
      }
    }
    long now = options.nanoTime.getAsLong();
    if (ending == SaveReport.Ending.COMPLETE) {
      suspendedNanos = now - suspendedAt;
    }
    return new SaveReport(
        ending,
        rounds,
        checkpoints,
        sender.entriesSent(),
        sender.pagesSent(),
        out.written(),
        suspendedNanos,
        now - begun);
  }

  private void writeHead(GuestSave kind, Arena arena) throws IOException {
    XenVersion version = hypervisor.version();
    out.begin(
        ImageHeader.of(ImageHeader.V3, ByteOrder.LITTLE_ENDIAN),
        DomainHeader.of(kind.domainType(), version.major(), version.minor()));
    kind.staticData(out);
    String cpu = options.savingCpu;
    if (cpu != null) {
      byte[] name = cpu.getBytes(StandardCharsets.US_ASCII);
      MemorySegment octets = arena.allocate(name.length, 8);
      MemorySegment.copy(MemorySegment.ofArray(name), 0, octets, 0, name.length);
      out.accept(new StreamRecord.SavingCpu(octets));
    }
    out.accept(new StreamRecord.StaticDataEnd());
    kind.startOfStream(out);
  }

  /// Memory of a guest that runs (`send_domain_memory_live`).
  private void sendLive(GuestSave kind, Passes passes, PageSender sender, PfnBitmap dirty)
      throws IOException {
    rehearse(kind);
    enableLogDirty();
    Precopy precopy = new Precopy(hypervisor, domid, passes, dirty, forecast, options.nanoTime);
    precopy.run(options.policy);
    rounds = precopy.roundsSent();
    suspendAndSendDirty(passes, sender, dirty, precopy.dirtyPagesPerSecond(), true);
    if (options.verify && options.type == StreamType.PLAIN) {
      out.accept(new StreamRecord.Verify());
      options.listener.on(new TransferEvent.Verifying(elapsed()));
      dirty.setAll();
      passes.send(Pass.VERIFY, rounds + 1, dirty, dirty.pfns(), 0);
      // The reference looks once more and does nothing with it; so does whoever debugs a log.
      LogDirtyStats stats = hypervisor.readLogDirty(domid, LogDirtyOp.PEEK, dirty, false);
      LOG.log(Level.DEBUG, "domain {0}: {1} pages dirty after the verify pass", domid, stats);
    }
  }

  /// What code costs that runs for the first time would be downtime otherwise. The second time
  /// shows what it costs then. Nobody needs what it says, so that nothing depends on it.
  private void rehearse(GuestSave kind) {
    try {
      kind.rehearse(StreamWriter.resume(new Nowhere(), ByteOrder.LITTLE_ENDIAN));
      Nowhere counting = new Nowhere();
      long from = options.nanoTime.getAsLong();
      kind.rehearse(StreamWriter.resume(counting, ByteOrder.LITTLE_ENDIAN));
      forecast.stateRead(options.nanoTime.getAsLong() - from, counting.taken());
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "domain " + domid + ": its state cannot be read as it runs", e);
    }
  }

  /// The juggling is needed where log-dirty is on already, to track video memory.
  private void enableLogDirty() throws IOException {
    logDirtyAsked = true;
    try {
      hypervisor.enableLogDirty(domid);
    } catch (HypervisorException on) {
      try {
        hypervisor.disableLogDirty(domid);
        hypervisor.enableLogDirty(domid);
      } catch (HypervisorException again) {
        again.addSuppressed(on);
        throw again;
      }
    }
  }

  /// The last pass of a live save, and each checkpoint's (`suspend_and_send_dirty`).
  private void suspendAndSendDirty(
      Passes passes, PageSender sender, PfnBitmap dirty, double dirtyRate, boolean live)
      throws IOException {
    suspend(sender);
    LogDirtyStats stats = hypervisor.readLogDirty(domid, LogDirtyOp.CLEAN, dirty, true);
    long expected = stats.dirtyCount() + sender.takeDeferred(dirty);
    if (!live && backChannel != null) {
      backChannel.mergeDirtyPfns(dirty);
    }
    passes.send(Pass.SUSPENDED, live ? rounds : 0, dirty, expected, dirtyRate);
  }

  private void suspend(PageSender sender) throws IOException {
    options.cancellation.check();
    if (!callbacks.suspend()) {
      throw new SaveException(domid, "the toolstack could not suspend it");
    }
    suspendedAt = options.nanoTime.getAsLong();
    if (options.suspendLimit != null) {
      options.deadline.set(options.suspendLimit.toNanos());
    }
    currentInfo();
    sender.setSuspended(true);
    options.listener.on(new TransferEvent.Suspended(elapsed()));
  }

  private DomainInfo currentInfo() throws IOException {
    DomainInfo info = hypervisor.domainInfo(domid);
    if (!info.isSuspended()) {
      throw new SaveException(
          domid,
          "expected it to be suspended, found %s"
              .formatted(
                  info.shutdown() ? "shutdown reason " + info.shutdownReason() : "it running"));
    }
    return info;
  }

  /// Ends a checkpoint and lets the guest go on, in the order of the reference.
  ///
  /// @return false when the toolstack wants no more
  private boolean finishCheckpoint(PageSender sender) throws IOException {
    out.accept(new StreamRecord.Checkpoint());
    checkpoints++;
    suspendedNanos = options.nanoTime.getAsLong() - suspendedAt;
    options.listener.on(new TransferEvent.Checkpoint(checkpoints, out.written(), suspendedNanos));
    boolean colo = options.type == StreamType.COLO;
    if (colo && !callbacks.checkpoint()) {
      throw new SaveException(domid, "the toolstack could not end checkpoint " + checkpoints);
    }
    // The toolstack may have waited for its peer, and knows of no limit.
    options.deadline.check();
    if (!callbacks.resume()) {
      return false;
    }
    options.deadline.clear();
    sender.setSuspended(false);
    suspendedNanos = options.nanoTime.getAsLong() - suspendedAt;
    options.listener.on(new TransferEvent.Resumed(suspendedNanos));
    return colo ? callbacks.waitCheckpoint() : callbacks.checkpoint();
  }

  private long elapsed() {
    return options.nanoTime.getAsLong() - begun;
  }

  /// Undoes what the save has changed. That it cannot be undone does not make a save fail whose
  /// stream is complete, as in the reference.
  ///
  /// @param failure why the save ends, or null when it is complete
  private void cleanUp(@Nullable Throwable failure) {
    options.deadline.clear();
    if (logDirtyAsked) {
      undo(() -> hypervisor.disableLogDirty(domid), failure);
    }
    GuestSave kind = guest;
    if (kind != null) {
      undo(kind::cleanup, failure);
    }
    undo(
        () ->
            options.listener.on(new TransferEvent.Ended(failure == null, out.written(), elapsed())),
        failure);
  }

  private interface Undoing {
    void run() throws IOException;
  }

  private void undo(Undoing step, @Nullable Throwable failure) {
    try {
      step.run();
    } catch (IOException | RuntimeException e) {
      if (failure != null) {
        failure.addSuppressed(e);
      } else {
        LOG.log(Level.WARNING, "cleaning up after domain " + domid + " was saved", e);
      }
    }
  }
}
