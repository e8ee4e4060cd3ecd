// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.Wire;
import org.xenstream.os.Descriptor;
import org.xenstream.os.SystemCallException;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.migrate.BackInput;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.save.DirtyPfnListReader;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.xen.LibxlChannel.Level;

/// What a save helper does between its start and its end (`tools/libs/light/libxl_save_helper.c`):
/// one save or one restore for libxl, told to it as the C helper tells.
final class HelperSession {
  /// By which its messages are known in libxl's log.
  static final String PROGRAM = "xenstream-save-helper";

  private static final int DONE = 0;

  /// `exit(-1)`.
  static final int EXIT_FAILED = 255;

  private final LibxlChannel libxl;
  private final HostOpener opener;
  private final Cancellation cancellation;
  private final Duration stall;
  private final LongSupplier nanoTime;

  /// Finds the hypervisor.
  interface HostOpener {
    /// Opens it.
    ///
    /// @throws IOException when there is none; says what is missing
    Hypervisor open() throws IOException;
  }

  /// @param cancellation makes a save fail, and clean up
  /// @param stall how long a save waits for a reader that takes nothing
  HelperSession(
      LibxlChannel libxl,
      HostOpener opener,
      Cancellation cancellation,
      Duration stall,
      LongSupplier nanoTime) {
    this.libxl = libxl;
    this.opener = opener;
    this.cancellation = cancellation;
    this.stall = stall;
    this.nanoTime = nanoTime;
  }

  /// Does what is asked for. A save or a restore that fails is told to libxl, and is no failure of
  /// the process.
  ///
  /// @return how the process has to end
  /// @throws LibxlGoneException when there is nobody to tell
  int run(HelperArguments arguments) throws LibxlGoneException {
    log(
        Level.DEBUG,
        "starting " + (arguments instanceof HelperArguments.Save ? "save" : "restore"));
    Hypervisor hypervisor;
    try {
      hypervisor = opener.open();
    } catch (IOException | RuntimeException e) {
      libxl.log(Level.ERROR, errno(e), PROGRAM, text(e));
      return EXIT_FAILED;
    }
    switch (arguments) {
      case HelperArguments.Save save -> {
        Outcome outcome = save(hypervisor, save);
        complete(outcome);
      }
      case HelperArguments.Restore restore -> {
        Outcome outcome = restore(hypervisor, restore);
        libxl.restoreResults(outcome.storeFrame, outcome.consoleFrame);
        complete(outcome);
      }
    }
    return DONE;
  }

  /// @param returned what the reference's function would return
  private record Outcome(int returned, int errno, long storeFrame, long consoleFrame) {}

  private Outcome save(Hypervisor hypervisor, HelperArguments.Save save) throws LibxlGoneException {
    LibxlSource source = new LibxlSource(libxl, save.domid());
    LibxlProgress progress = new LibxlProgress(libxl);
    Patience patience = new Patience(cancellation, new Deadline(nanoTime), stall, nanoTime);
    try (DescriptorOutput out =
            new DescriptorOutput("stream", Descriptor.borrow(save.stream()), patience, null);
        BackInput back =
            save.type() == StreamType.COLO
                ? new BackInput(
                    Descriptor.borrow(save.backChannel()), Patience.endless(cancellation, nanoTime))
                : null) {
      boolean hvm = hypervisor.domainInfo(save.domid()).hvm();
      progress.saving(
          save.domid(),
          DomainHeader.of(hvm ? Wire.DOMAIN_X86_HVM : Wire.DOMAIN_X86_PV, 0, 0).typeName());
      SaveReport report =
          Saver.save(
              hypervisor,
              save.domid(),
              source,
              options(save, progress, patience),
              out,
              back == null ? null : new DirtyPfnListReader("back channel", back));
      return switch (report.ending()) {
        case COMPLETE -> {
          progress.saved();
          yield new Outcome(0, 0, 0, 0);
        }
        case CHECKPOINTS_ENDED -> new Outcome(source.refusal(), 0, 0, 0);
      };
    } catch (Exception | Error e) { // whatever it is: the guest is the toolstack's to let go on
      return failed(e);
    }
  }

  private SaveOptions options(
      HelperArguments.Save save, LibxlProgress progress, Patience patience) {
    SaveOptions options =
        new SaveOptions(XenPolicy.DEFAULT, nanoTime)
            .type(save.type())
            .listener(progress)
            .cancellation(patience.cancellation());
    if ((save.flags() & HelperArguments.Save.LIVE) != 0) {
      options.live();
    }
    if ((save.flags() & HelperArguments.Save.DEBUG) != 0) {
      options.verify();
    }
    return options;
  }

  private Outcome restore(Hypervisor hypervisor, HelperArguments.Restore restore)
      throws LibxlGoneException {
    LibxlProgress progress = new LibxlProgress(libxl);
    RestoreRequest usual =
        RestoreRequest.of(
            restore.domid(),
            restore.type(),
            restore.storeEventChannel(),
            restore.consoleEventChannel());
    RestoreRequest request =
        new RestoreRequest(
            restore.domid(),
            restore.type(),
            restore.storeEventChannel(),
            restore.storeDomid(),
            restore.consoleEventChannel(),
            restore.consoleDomid(),
            usual.bufferMemory(),
            usual.scratchDirectory(),
            usual.scratchLimit(),
            usual.ownLimit());
    Patience patience = Patience.endless(cancellation, nanoTime);
    // Not an octet more than the stream has: libxl reads on from the same descriptor.
    try (DescriptorInput input =
            DescriptorInput.exact("stream", Descriptor.borrow(restore.stream()), patience);
        DescriptorOutput back = backChannel(restore, patience);
        StreamReader stream = StreamReader.open(input, Limits.DEFAULT, PagesShown.LEFT_IN_INPUT)) {
      progress.restoring(stream.headers().domain());
      RestoreResult result =
          new Restorer(
                  hypervisor, request, new LibxlDestination(libxl), progress, cancellation, back)
              .restore(stream);
      progress.restored(result, restore);
      return new Outcome(0, 0, result.storeFrame(), result.consoleFrame());
    } catch (Exception | Error e) { // whatever it is: the domain is the toolstack's to destroy
      return failed(e);
    }
  }

  private static @Nullable DescriptorOutput backChannel(
      HelperArguments.Restore restore, Patience patience) throws IOException {
    if (restore.type() != StreamType.COLO) {
      return null;
    }
    DescriptorOutput back =
        new DescriptorOutput(
            "back channel", Descriptor.borrow(restore.backChannel()), patience, null);
    back.resume(ByteOrder.LITTLE_ENDIAN);
    return back;
  }

  private Outcome failed(Throwable failure) throws LibxlGoneException {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof LibxlGoneException gone) {
        throw gone;
      }
    }
    Throwable e =
        failure instanceof UncheckedIOException wrapped && wrapped.getCause() != null
            ? wrapped.getCause()
            : failure;
    int errno = errno(e);
    libxl.log(Level.ERROR, LibxlChannel.NO_ERRNO, PROGRAM, text(e));
    for (Throwable further : e.getSuppressed()) {
      libxl.log(Level.ERROR, LibxlChannel.NO_ERRNO, PROGRAM, "and then: " + text(further));
    }
    return new Outcome(-1, errno, 0, 0);
  }

  private void complete(Outcome outcome) throws LibxlGoneException {
    libxl.log(Level.DEBUG, outcome.errno, PROGRAM, "complete r=" + outcome.returned);
    libxl.ask(LibxlMessage.COMPLETE, outcome.returned, outcome.errno);
  }

  private void log(Level level, String text) throws LibxlGoneException {
    libxl.log(level, LibxlChannel.NO_ERRNO, PROGRAM, text);
  }

  /// What libxl is to make its message of: the number of the call that failed, as the C helper's
  /// `errno` is; EIO where no call did, but what was read is wrong.
  private static int errno(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      switch (e) {
        case HypervisorException refused -> {
          return XenErrno.numberOf(refused.errno());
        }
        case SystemCallException failed -> {
          return failed.number();
        }
        case TransferCancelledException _ -> {
          return XenErrno.ECANCELED.number;
        }
        case OutOfMemoryError _ -> {
          return XenErrno.ENOMEM.number;
        }
        default -> {
          // What it came from may be known.
        }
      }
    }
    return XenErrno.EIO.number;
  }

  private static String text(Throwable e) {
    String message = e.getMessage();
    return e instanceof IOException && message != null ? message : e.toString();
  }
}
