// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// Times restores into memory that was touched before, beside what the system itself does with the
/// same octets: `RestoreRate HVM_FILE PV_FILE LINUX_FILE ROUNDS`, the files being bare streams of
/// an HVM and of two PV guests of [MakeImage], which have one page table in twenty pages.
///
/// In turn, A B A B …, each for all guests: read(2) of the file into the same memory; the same from
/// where the first pages stand in the file, which is no multiple of 64 octets, so that the
/// processor copies them more slowly; the restore from the file, `cat FILE | cat >/dev/null`, the
/// restore from a pipe that `cat` fills, a larger one than the system's usual. A domain is restored
/// once before; after that the hypervisor has nothing to populate.
public final class RestoreRate {
  /// As much as a process may have without privileges.
  private static final int PIPE = 1 << 20;

  private static final int READ_AT_ONCE = Wire.MAX_BATCH;

  private final Path file;
  private final long octets;

  /// Where in the file the first pages stand.
  private final long pagesAt;

  private final SimHost host;
  private final SimDomain domain;
  private final boolean hvm;

  /// Those of a PV guest, by pfn; none until they are wanted.
  private long[] frames = {};

  private final double[] read;
  private final double[] readPages;
  private final double[] fromFile;
  private final double[] cat;
  private final double[] fromPipe;

  private RestoreRate(Path file, SimHost host, boolean hvm, long pages, long pagesAt, int rounds)
      throws IOException {
    this.file = file;
    this.octets = Files.size(file);
    this.pagesAt = pagesAt;
    this.host = host;
    this.hvm = hvm;
    this.domain = hvm ? host.createHvm(1, pages) : host.createPv(1, pages);
    this.read = new double[rounds];
    this.readPages = new double[rounds];
    this.fromFile = new double[rounds];
    this.cat = new double[rounds];
    this.fromPipe = new double[rounds];
  }

  /// Prints a line for each measure: least, median and highest rate in 10^9 octets a second, and
  /// the median of the ratios of neighbours.
  public static void main(String... arguments) throws IOException, InterruptedException {
    if (arguments.length != 4) {
      System.err.println("usage: RestoreRate HVM_FILE PV_FILE LINUX_FILE ROUNDS");
      System.exit(2);
    }
    int rounds = Integer.parseInt(arguments[3]);
    try (SimHost first = hostFor(Path.of(arguments[0]));
        SimHost second = hostFor(Path.of(arguments[1]));
        SimHost third = hostFor(Path.of(arguments[2]))) {
      RestoreRate hvm = of(Path.of(arguments[0]), first, true, rounds);
      RestoreRate pv = of(Path.of(arguments[1]), second, false, rounds);
      RestoreRate linux = of(Path.of(arguments[2]), third, false, rounds);
      run(List.of(hvm, pv, linux), rounds);
      hvm.tell("hvm");
      pv.tell("pv64");
      linux.tell("linux");
      tellRatios("pv64", pv, hvm);
      tellRatios("linux", linux, hvm);
    }
  }

  private static void tellRatios(String guest, RestoreRate pv, RestoreRate hvm) {
    Turns.tellRatio("restore from the file, %s / hvm".formatted(guest), pv.fromFile, hvm.fromFile);
    Turns.tellRatio("restore from a pipe, %s / hvm".formatted(guest), pv.fromPipe, hvm.fromPipe);
  }

  private static long pages(Path file) throws IOException {
    return Files.size(file) / Wire.PAGE_SIZE + READ_AT_ONCE;
  }

  private static SimHost hostFor(Path file) throws IOException {
    return new SimHost(SimOptions.ofFrames(2 * pages(file)).withChecks(SimOptions.Checks.RECORDED));
  }

  private static RestoreRate of(Path file, SimHost host, boolean hvm, int rounds)
      throws IOException {
    try (StreamReader reader = StreamReader.open(MappedInput.open(file), Limits.DEFAULT)) {
      if (reader.headers().domain().isHvm() != hvm) {
        throw new IOException(
            "%s: expected the stream of %s guest".formatted(file, hvm ? "an HVM" : "a PV"));
      }
      long pagesAt = -1;
      while (pagesAt < 0) {
        Framed framed = Objects.requireNonNull(reader.next(), "a stream without pages");
        if (framed.record() instanceof StreamRecord.PageData pages) {
          // Behind the record's header, the count of pages and their entries.
          pagesAt = framed.frame().offset() + 16 + 8L * pages.entries().count();
        }
      }
      return new RestoreRate(file, host, hvm, pages(file), pagesAt, rounds);
    }
  }

  private static void run(List<RestoreRate> all, int rounds)
      throws IOException, InterruptedException {
    for (RestoreRate one : all) {
      one.restore(one.port(false), MappedInput.open(one.file));
    }
    // One round of each to warm up.
    for (int round = -1; round < rounds; round++) {
      int at = Math.max(round, 0);
      for (RestoreRate one : all) {
        one.read[at] = Turns.rate(one.octets, () -> one.read(0));
      }
      for (RestoreRate one : all) {
        one.readPages[at] = Turns.rate(one.octets - one.pagesAt, () -> one.read(one.pagesAt));
      }
      for (RestoreRate one : all) {
        one.fromFile[at] = Turns.rate(one.octets, () -> one.restore(one.port(true), one.timed()));
      }
      for (RestoreRate one : all) {
        one.cat[at] =
            Turns.rate(
                one.octets, () -> Turns.shell("cat '%s' | cat >/dev/null".formatted(one.file)));
      }
      for (RestoreRate one : all) {
        one.fromPipe[at] = Turns.rate(one.octets, one::fromPipe);
      }
    }
  }

  private void tell(String guest) {
    Turns.tell(guest + ": read(2) into the same memory", read, read);
    Turns.tell(guest + ": read(2) from where pages stand", readPages, read);
    Turns.tell(guest + ": restore from the file", fromFile, read);
    Turns.tellRatio(guest + ": restore / read(2) from where pages stand", fromFile, readPages);
    Turns.tell(guest + ": cat FILE | cat >/dev/null", cat, cat);
    Turns.tell(guest + ": restore from cat FILE |", fromPipe, cat);
  }

  /// Reads the file in lumps of 4 MiB to where a restore puts the pages.
  ///
  /// @param start where in the file to begin
  private void read(long start) throws IOException {
    long[] frames = new long[READ_AT_ONCE];
    long count = domain.outcome().lastPfn() + 1;
    try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
      from.position(start);
      long first = 0;
      while (true) {
        int length = (int) Math.min(READ_AT_ONCE, count - first);
        for (int i = 0; i < length; i++) {
          frames[i] = hvm ? first + i : domain.frameOf(first + i);
        }
        try (ForeignMapping mapping =
            host.map(domain.domid(), Hypervisor.Access.WRITE, frames, length)) {
          MemorySegment memory = mapping.memory();
          int run = 0;
          while (run < length) {
            int end = run + 1;
            while (end < length
                && mapping.offset(end) == mapping.offset(end - 1) + Wire.PAGE_SIZE) {
              end++;
            }
            ByteBuffer into =
                memory
                    .asSlice(mapping.offset(run), (long) (end - run) * Wire.PAGE_SIZE)
                    .asByteBuffer();
            while (into.hasRemaining()) {
              if (from.read(into) < 0) {
                return;
              }
            }
            run = end;
          }
        }
        first = (first + length) % count;
      }
    }
  }

  /// The file as `simulate restore` has it.
  private OctetInput timed() throws IOException {
    MappedInput input = MappedInput.open(file);
    input.timeLumps(System::nanoTime);
    return input;
  }

  private void fromPipe() throws IOException, InterruptedException {
    try (DescriptorPair pipe = DescriptorPair.pipe()) {
      pipe.first().growPipe(PIPE);
      String writing =
          "/proc/%d/fd/%d".formatted(ProcessHandle.current().pid(), pipe.second().number());
      Process cat =
          new ProcessBuilder("sh", "-c", "cat '%s' >%s".formatted(file, writing))
              .inheritIO()
              .start();
      restore(
          port(true),
          new DescriptorInput(
              "pipe", pipe.first(), Patience.endless(new Cancellation(), System::nanoTime)));
      cat.waitFor();
    }
  }

  /// The host, on which tables stay unpinned, so that they can be written again.
  ///
  /// @param touched it is as after a restore: what is to be populated is there
  private Hypervisor port(boolean touched) {
    return (Hypervisor)
        Proxy.newProxyInstance(
            Hypervisor.class.getClassLoader(),
            new Class<?>[] {Hypervisor.class},
            (proxy, method, values) -> {
              if (method.getName().equals("pinTables")) {
                return null;
              }
              if (touched && method.getName().equals("populate")) {
                if (!hvm) {
                  putFrames((long[]) values[2], (int) values[3]);
                }
                return null;
              }
              try {
                return method.invoke(host, values);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /// What populating is left with: the frames in place of the pfns.
  private void putFrames(long[] pfns, int count) {
    if (frames.length == 0) {
      frames = new long[Math.toIntExact(domain.outcome().lastPfn() + 1)];
      Arrays.setAll(frames, domain::frameOf);
    }
    for (int i = 0; i < count; i++) {
      pfns[i] = frames[(int) pfns[i]];
    }
  }

  private void restore(Hypervisor port, OctetInput input) throws IOException {
    RestoreRequest request = RestoreRequest.of(domain.domid(), StreamType.PLAIN, 1, 2);
    try (StreamReader source = StreamReader.open(input, Limits.DEFAULT, PagesShown.LEFT_IN_INPUT)) {
      new Restorer(port, request, new Agreeing(), RestoreListener.NONE, new Cancellation(), null)
          .restore(source);
    }
  }

  /// A toolstack of a plain stream.
  private static final class Agreeing implements RestoreCallbacks {
    @Override
    public void staticDataDone(int missing) {}

    @Override
    public CheckpointResult checkpoint() {
      return CheckpointResult.ERROR;
    }

    @Override
    public void restoreResults(long storeFrame, long consoleFrame) {}

    @Override
    public CheckpointResult resume() {
      return CheckpointResult.ERROR;
    }

    @Override
    public CheckpointResult waitCheckpoint() {
      return CheckpointResult.ERROR;
    }

    @Override
    public CheckpointResult suspend() {
      return CheckpointResult.ERROR;
    }
  }
}
