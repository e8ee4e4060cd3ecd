// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

/// Times saves of two simulated guests that have written all their memory, an HVM one and a PV one
/// of 64 bits of whose pages one in twenty is a page table, beside what the system itself does with
/// the same octets: `SaveRate MEBIBYTES ROUNDS FOLDER [huge]`, FOLDER on a tmpfs.
///
/// In turn, A B A B …: `cat FILE | cat >/dev/null` for each guest, the save of each into a pipe
/// that `cat` empties, `cp` of the file of each within the folder, the save of each into a file of
/// the folder. FILE is the first save, in the folder. With `huge` the guests' memory lies in pages
/// of 2 MiB.
public final class SaveRate {
  private static final long PAGES_IN_MEBIBYTE = 256;
  private static final int PAGES_FOR_A_TABLE = 20;

  private final GuestKind kind;
  private final SimGuest guest;
  private final Path file;
  private final Path copy;
  private final double[] cat;
  private final double[] toPipe;
  private final double[] cp;
  private final double[] toFile;
  private long octets;

  private SaveRate(GuestKind kind, SimGuest guest, Path folder, int rounds) {
    this.kind = kind;
    this.guest = guest;
    this.file = folder.resolve("save-rate-%s.img".formatted(kind));
    this.copy = folder.resolve("save-rate-%s-copy.img".formatted(kind));
    this.cat = new double[rounds];
    this.toPipe = new double[rounds];
    this.cp = new double[rounds];
    this.toFile = new double[rounds];
  }

  /// Prints a line for each measure.
  public static void main(String... arguments) throws IOException, InterruptedException {
    if (arguments.length < 3) {
      System.err.println("usage: SaveRate MEBIBYTES ROUNDS FOLDER [huge]");
      System.exit(2);
    }
    long pages = Long.parseLong(arguments[0]) * PAGES_IN_MEBIBYTE;
    int rounds = Integer.parseInt(arguments[1]);
    Path folder = Path.of(arguments[2]);
    SimOptions options = SimOptions.ofFrames(2 * (pages + pages / 8 + 4096));
    boolean huge = arguments.length > 3;
    List<SaveRate> both = new ArrayList<>();
    try (SimHost host = new SimHost(huge ? options.withHugePages() : options)) {
      for (GuestKind kind : List.of(GuestKind.HVM, GuestKind.PV64)) {
        int tables = kind.isPv() ? (int) (pages / PAGES_FOR_A_TABLE) : 0;
        SimGuest guest = GuestBuilder.of(kind).memory(pages << 12).userTables(tables).build(host);
        writeAll(guest, pages);
        both.add(new SaveRate(kind, guest, folder, rounds));
      }
      run(both, rounds);
    } finally {
      for (SaveRate one : both) {
        Files.deleteIfExists(one.file);
        Files.deleteIfExists(one.copy);
      }
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

  private static void run(List<SaveRate> both, int rounds)
      throws IOException, InterruptedException {
    for (SaveRate one : both) {
      one.save(Descriptor.openToWrite(one.file));
      one.octets = Files.size(one.file);
    }
    // One round of each to warm up.
    for (int round = -1; round < rounds; round++) {
      int at = Math.max(round, 0);
      for (SaveRate one : both) {
        one.cat[at] =
            Turns.rate(
                one.octets, () -> Turns.shell("cat '%s' | cat >/dev/null".formatted(one.file)));
      }
      for (SaveRate one : both) {
        one.toPipe[at] = Turns.rate(one.octets, one::toPipe);
      }
      for (SaveRate one : both) {
        Files.deleteIfExists(one.copy);
        one.cp[at] =
            Turns.rate(one.octets, () -> Turns.shell("cp '%s' '%s'".formatted(one.file, one.copy)));
        Files.deleteIfExists(one.copy);
      }
      for (SaveRate one : both) {
        one.toFile[at] = Turns.rate(one.octets, () -> one.save(Descriptor.openToWrite(one.copy)));
        // Each suspend draws other registers, so that only the lengths must be the same.
        if (Files.size(one.copy) != one.octets) {
          throw new IOException(
              "a save of %d octets after one of %d".formatted(Files.size(one.copy), one.octets));
        }
        Files.delete(one.copy);
      }
    }
    for (SaveRate one : both) {
      Turns.tell(one.kind + ": cat FILE | cat >/dev/null", one.cat, one.cat);
      Turns.tell(one.kind + ": save | cat >/dev/null", one.toPipe, one.cat);
      Turns.tell(one.kind + ": cp FILE COPY", one.cp, one.cp);
      Turns.tell(one.kind + ": save into a file", one.toFile, one.cp);
    }
    SaveRate hvm = both.getFirst();
    SaveRate pv = both.getLast();
    Turns.tellRatio("save | cat >/dev/null, pv64 / hvm", pv.toPipe, hvm.toPipe);
    Turns.tellRatio("save into a file, pv64 / hvm", pv.toFile, hvm.toFile);
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
              new SaveOptions(XenPolicy.DEFAULT, System::nanoTime),
              out,
              null);
      source.goOn();
      if (report.ending() != SaveReport.Ending.COMPLETE) {
        throw new IOException("the save ended as " + report.ending());
      }
    }
  }
}
