// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.TransferEvent.Pass;
import org.xenstream.transfer.TransferListener;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.xen.LibxlChannel.Level;

/// Tells libxl how a save or a restore goes on, as far as the reference does, and with its words:
/// lines for people (INFO), and progress. What the engines tell besides is for debugging.
///
/// While a guest that is moved live stands still, it does so behind the guest's data, or when that
/// takes long.
final class LibxlProgress implements TransferListener, RestoreListener {
  /// The context by which libxl's users know messages of this kind.
  private static final String CONTEXT = "xc";

  private final LibxlChannel libxl;
  private final List<TransferEvent> held = new ArrayList<>();
  private boolean live;
  private boolean holding;
  private int checkpoints;

  LibxlProgress(LibxlChannel libxl) {
    this.libxl = libxl;
  }

  private interface Telling {
    void run() throws IOException;
  }

  private static void tell(Telling telling) {
    try {
      telling.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void single(String what) {
    tell(() -> libxl.progress(CONTEXT, what, 0, 0));
  }

  private void log(Level level, String text) {
    tell(() -> libxl.log(level, LibxlChannel.NO_ERRNO, CONTEXT, text));
  }

  private void info(String text) {
    log(Level.INFO, text);
  }

  private String name(Pass pass, int round) {
    if (pass == Pass.VERIFY) {
      return "Frames verify";
    }
    if (checkpoints > 0) {
      return "Checkpointed save";
    }
    return live ? "Frames iteration " + round : "Frames";
  }

  /// A guest is about to be saved.
  ///
  /// @param type as [DomainHeader#typeName] has it
  void saving(int domid, String type) {
    info("Saving domain %d, type %s".formatted(domid, type));
    single("Start of stream");
  }

  /// A guest is saved, up to END.
  void saved() {
    single("End of stream");
    single("Complete");
  }

  /// A guest is about to be restored, of a stream of which the headers are read.
  void restoring(DomainHeader guest) {
    if (guest.isConverted()) {
      info("Found %s domain, converted from legacy stream format".formatted(guest.typeName()));
    } else {
      info(
          "Found %s domain from Xen %d.%d"
              .formatted(guest.typeName(), guest.xenMajor(), guest.xenMinor()));
    }
    info("Restoring domain");
  }

  /// A guest is restored.
  ///
  /// @param arguments what libxl has asked for
  void restored(RestoreResult result, HelperArguments.Restore arguments) {
    boolean failover = result.failedOver() && arguments.type() == StreamType.COLO;
    info(failover ? "COLO Failover" : "Restore successful");
    page("XenStore", result.storeFrame(), arguments.storeDomid(), arguments.storeEventChannel());
    page(
        "Console",
        result.consoleFrame(),
        arguments.consoleDomid(),
        arguments.consoleEventChannel());
  }

  private void page(String name, long frame, int domid, int eventChannel) {
    String number = frame == 0 ? "0" : "0x%x".formatted(frame); // C's %#lx
    info("%s: mfn %s, dom %d, evt %d".formatted(name, number, domid, eventChannel));
  }

  @Override
  public void on(TransferEvent event) {
    live |= event instanceof TransferEvent.RoundBegun begun && begun.pass() == Pass.LIVE;
    holding |= live && event instanceof TransferEvent.Suspended;
    if (holding
        && (event instanceof TransferEvent.Suspended
            || event instanceof TransferEvent.RoundBegun
            || event instanceof TransferEvent.RoundEnded)) {
      held.add(event);
      return;
    }
    holding = false;
    for (TransferEvent earlier : held) {
      pass(earlier);
    }
    held.clear();
    pass(event);
  }

  private void pass(TransferEvent event) {
    switch (event) {
      case TransferEvent.RoundBegun(Pass pass, int round, long pages, _, _) ->
          tell(() -> libxl.progress(CONTEXT, name(pass, round), 0, pages));
      case TransferEvent.Progress(Pass pass, int round, long sent, long pages, _) ->
          tell(() -> libxl.progress(CONTEXT, name(pass, round), sent, pages));
      case TransferEvent.RoundEnded(Pass pass, int round, long sent, _, _, _) ->
          tell(() -> libxl.progress(CONTEXT, name(pass, round), sent, sent));
      case TransferEvent.Suspended _ -> single("Domain now suspended");
      case TransferEvent.Verifying _ -> {
        // The pass that begins says so.
      }
      case TransferEvent.Checkpoint(int number, long octets, _) -> {
        checkpoints = number;
        log(Level.DEBUG, "checkpoint %d complete at octet %d".formatted(number, octets));
      }
      case TransferEvent.Resumed(long nanos) ->
          log(Level.DEBUG, "the guest stood still for %.3f s".formatted(nanos / 1e9));
      case TransferEvent.Ended(boolean complete, long octets, long nanos) ->
          log(
              Level.DEBUG,
              "%s after %.3f s, %d octets"
                  .formatted(complete ? "complete" : "given up", nanos / 1e9, octets));
    }
  }

  @Override
  public void batch(long pages) {}

  @Override
  public void mismatch(long pfn, int type) {
    log(Level.ERROR, "verify pfn 0x%x failed (type 0x%x)".formatted(pfn, type));
  }

  @Override
  public void checkpoint(long number) {
    log(Level.DEBUG, "checkpoint %d in place".formatted(number));
  }

  @Override
  public void failover(IOException why) {
    log(Level.INFO, "the sender is gone, the last checkpoint is taken: " + why);
  }
}
