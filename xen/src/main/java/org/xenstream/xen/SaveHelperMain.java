// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.xenstream.os.Descriptor;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Patience;
import org.xenstream.xen.LibxlChannel.Level;

/// The program that libxl runs in place of `libxl-save-helper`.
///
/// It speaks to libxl on the descriptor that the property `xenstream.messages` names, so that
/// standard output, on which the virtual machine itself may complain, can be what standard error
/// is. It listens on standard input.
///
/// SIGTERM makes a save give up, clean up, and tell libxl, as it does the C helper; a restore just
/// ends.
final class SaveHelperMain {
  static final String MESSAGES = "xenstream.messages";

  /// The environment's word for how long a save waits for a reader that takes nothing. The C helper
  /// waits for ever, and its guest, which may be suspended by then, as long.
  static final String STALL_LIMIT = "XENSTREAM_STALL_LIMIT";

  private static final Duration USUAL_STALL = Duration.ofMinutes(5);
  private static final int STDIN = 0;
  private static final int STDOUT = 1;

  private SaveHelperMain() {}

  public static void main(String[] words) {
    end(serve(words));
  }

  /// Not by `exit`: after a SIGTERM that would wait for the hook, which ends the process itself.
  static void end(int code) {
    System.err.flush();
    Runtime.getRuntime().halt(code);
  }

  /// All that the process does, with the Xen under this kernel.
  ///
  /// @return how the process has to end
  static int serve(String[] words) {
    return serve(words, XenHost::open);
  }

  /// The same.
  ///
  /// @param opener finds the hypervisor
  static int serve(String[] words, HelperSession.HostOpener opener) {
    System.setOut(System.err);
    Cancellation cancellation = new Cancellation();
    CompletableFuture<Integer> ended = new CompletableFuture<>();
    int code;
    try {
      code =
          run(
              words,
              SaveHelperMain::channel,
              opener,
              cancellation,
              () -> giveUpWhenTerminated(cancellation, ended));
    } catch (LibxlGoneException e) {
      System.err.println(HelperSession.PROGRAM + ": " + e.getMessage());
      code = e.exitCode();
    } catch (IOException | RuntimeException | Error e) {
      System.err.println(HelperSession.PROGRAM + ": " + e);
      code = HelperSession.EXIT_FAILED;
    }
    ended.complete(code);
    return code;
  }

  /// The way to libxl, made when it is known what libxl answers.
  interface ChannelOpener {
    /// Opens it.
    ///
    /// @param callbacks see [LibxlMessage#bit]
    LibxlChannel open(int callbacks) throws IOException;
  }

  /// Does what libxl asks for by a command line.
  ///
  /// @param beforeSave runs before a save begins
  /// @return how the process has to end
  static int run(
      String[] words,
      ChannelOpener channel,
      HelperSession.HostOpener opener,
      Cancellation cancellation,
      Runnable beforeSave)
      throws IOException {
    HelperArguments arguments;
    Duration stall;
    try {
      arguments = HelperArguments.parse(words);
      stall = stallLimit(System.getenv(STALL_LIMIT));
    } catch (IllegalArgumentException e) {
      try (LibxlChannel libxl = channel.open(0)) {
        libxl.log(
            Level.ERROR,
            LibxlChannel.NO_ERRNO,
            HelperSession.PROGRAM,
            String.valueOf(e.getMessage()));
      }
      return HelperSession.EXIT_FAILED;
    }
    try (LibxlChannel libxl = channel.open(arguments.callbacks())) {
      if (arguments instanceof HelperArguments.Save) {
        beforeSave.run();
      }
      return new HelperSession(libxl, opener, cancellation, stall, System::nanoTime).run(arguments);
    }
  }

  /// What the environment says of [#STALL_LIMIT].
  ///
  /// @param seconds up to nine digits, 0 for ever; null and nothing for the usual limit
  /// @throws IllegalArgumentException says what is wrong with it
  static Duration stallLimit(@Nullable String seconds) {
    if (seconds == null || seconds.isEmpty()) {
      return USUAL_STALL;
    }
    if (!seconds.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException(
          "%s: expected a number of seconds, found \"%s\"".formatted(STALL_LIMIT, seconds));
    }
    int limit = Integer.parseInt(seconds);
    return limit == 0 ? Patience.ENDLESS : Duration.ofSeconds(limit);
  }

  private static LibxlChannel channel(int callbacks) throws IOException {
    return new LibxlChannel(
        Descriptor.borrow(STDIN),
        Descriptor.borrow(Integer.getInteger(MESSAGES, STDOUT)),
        callbacks);
  }

  private static void giveUpWhenTerminated(
      Cancellation cancellation, CompletableFuture<Integer> ended) {
    Runtime.getRuntime().addShutdownHook(new GivingUp(cancellation, ended));
  }

  /// The virtual machine runs this when a SIGTERM comes, beside the save, and would end when it
  /// returns.
  private static final class GivingUp extends Thread {
    private final Cancellation cancellation;
    private final CompletableFuture<Integer> ended;

    GivingUp(Cancellation cancellation, CompletableFuture<Integer> ended) {
      this.cancellation = cancellation;
      this.ended = ended;
    }

    @Override
    public void run() {
      cancellation.cancel();
      Runtime.getRuntime().halt(ended.join());
    }
  }
}
