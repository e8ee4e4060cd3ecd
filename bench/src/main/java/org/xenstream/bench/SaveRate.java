// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;
import org.xenstream.transfer.sim.Workload;

/// Times saves of a simulated guest that has written all its memory, beside what the system itself
/// does with the same octets: `SaveRate KIND MEBIBYTES ROUNDS FOLDER [huge]`, KIND being hvm, pv64
/// or pv32, FOLDER on a tmpfs.
///
/// In turn, A B A B …: `cat FILE | cat >/dev/null`, the save into a pipe that `cat` empties, `cp`
/// of the file within the folder, the save into a file of the folder. FILE is the first save, in
/// the folder. With `huge` the guest's memory lies in pages of 2 MiB.
public final class SaveRate {
  private static final long PAGES_IN_MEBIBYTE = 256;

  private final SimGuest guest;
  private final Path file;
  private final Path copy;
  private long octets;

  private SaveRate(SimGuest guest, Path folder) {
    this.guest = guest;
    this.file = folder.resolve("save-rate.img");
    this.copy = folder.resolve("save-rate-copy.img");
  }

  /// Prints a line for each measure.
  public static void main(String... arguments) throws IOException, InterruptedException {
    if (arguments.length < 4) {
      System.err.println("usage: SaveRate KIND MEBIBYTES ROUNDS FOLDER [huge]");
      System.exit(2);
    }
    GuestKind kind = GuestKind.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    long pages = Long.parseLong(arguments[1]) * PAGES_IN_MEBIBYTE;
    int rounds = Integer.parseInt(arguments[2]);
    SimOptions options = SimOptions.ofFrames(pages + pages / 8 + 4096);
    boolean huge = arguments.length > 4;
    try (SimHost host = new SimHost(huge ? options.withHugePages() : options)) {
      SimGuest guest = GuestBuilder.of(kind).memory(pages << 12).build(host);
      writeAll(guest, pages);
      new SaveRate(guest, Path.of(arguments[3])).run(rounds);
    }
  }

  private static void writeAll(SimGuest guest, long pages) throws IOException {
    double rate = 1e6;
    long end = (long) (pages / rate * 1e9);
    try (GuestLoad load =
        GuestLoad.inVirtualTime(guest, new Workload.Sweep(Workload.ALL), rate, () -> 0)) {
      load.advanceTo(end);
    }
  }

  private void run(int rounds) throws IOException, InterruptedException {
    try {
      save(Descriptor.openToWrite(file));
      octets = Files.size(file);
      double[] cat = new double[rounds];
      double[] toPipe = new double[rounds];
      double[] cp = new double[rounds];
      double[] toFile = new double[rounds];
      // One round of each to warm up.
      for (int round = -1; round < rounds; round++) {
        int at = Math.max(round, 0);
        cat[at] =
            Turns.rate(octets, () -> Turns.shell("cat '%s' | cat >/dev/null".formatted(file)));
        toPipe[at] = Turns.rate(octets, this::toPipe);
        Files.deleteIfExists(copy);
        cp[at] = Turns.rate(octets, () -> Turns.shell("cp '%s' '%s'".formatted(file, copy)));
        Files.deleteIfExists(copy);
        toFile[at] = Turns.rate(octets, () -> save(Descriptor.openToWrite(copy)));
      }
      // Each suspend draws other registers, so that only the lengths must be the same.
      if (Files.size(copy) != octets) {
        throw new IOException(
            "a save of %d octets after one of %d".formatted(Files.size(copy), octets));
      }
      Turns.tell("cat FILE | cat >/dev/null", cat, cat);
      Turns.tell("save | cat >/dev/null", toPipe, cat);
      Turns.tell("cp FILE COPY", cp, cp);
      Turns.tell("save into a file", toFile, cp);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(copy);
    }
  }

  private void toPipe() throws IOException, InterruptedException {
    try (DescriptorPair pipe = DescriptorPair.pipe()) {
      String reading =
          "/proc/%d/fd/%d".formatted(ProcessHandle.current().pid(), pipe.first().number());
      Process cat =
          new ProcessBuilder("sh", "-c", "cat <%s >/dev/null".formatted(reading))
              .inheritIO()
              .start();
      // Whoever opened it holds it from here on; the pipe ends when the output is closed.
      save(pipe.second());
      cat.waitFor();
    }
  }

  private void save(Descriptor to) throws IOException {
    Patience patience = Patience.endless(new Cancellation(), System::nanoTime);
    try (DescriptorOutput out = new DescriptorOutput("save", to, patience, null);
        SimSource source = new SimSource(guest)) {
      SaveReport report =
          Saver.save(
              guest.host(),
              guest.domain().domid(),
              source,
              SaveOptions.plain(XenPolicy.DEFAULT, System::nanoTime),
              out,
              null);
      source.goOn();
      if (report.ending() != SaveReport.Ending.COMPLETE) {
        throw new IOException("the save ended as " + report.ending());
      }
    }
  }
}
