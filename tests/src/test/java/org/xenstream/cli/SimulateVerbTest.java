// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.StreamBuilder;

@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SimulateVerbTest {
  @TempDir private Path folder;

  private static Tool.Run simulate(String line, Object... more) {
    List<Object> words = new ArrayList<>(List.of(("simulate " + line).strip().split(" ")));
    words.addAll(List.of(more));
    return Tool.run(words.toArray());
  }

  private static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /// What is told of a stream does not stand behind it, whatever name leads to standard output.
  @Test
  void aStreamToStandardOutputStandsAlone() throws Exception {
    Path image = folder.resolve("image");
    String line = Tool.words("simulate", "save", "--memory", "8MiB", "/dev/stdout") + " >\"$1\"";
    Process process = new ProcessBuilder("sh", "-c", line, "sh", image.toString()).start();
    Tool.Run run = Tool.finish(process).exits(0);
    assertTrue(run.err().contains("pages of data"), run.err());
    Tool.run("verify", "--strict", image).quiet().exits(0);
    line = Tool.words("simulate", "migrate", "--memory", "8MiB", "--record", "/dev/stdout");
    process = new ProcessBuilder("sh", "-c", line + " >\"$1\"", "sh", image.toString()).start();
    Tool.finish(process).exits(2);
  }

  @Test
  void withoutAVerbItShowsThem() {
    Tool.Run run = simulate("").exits(2);
    assertEquals("", run.out());
    for (String verb : List.of("migrate", "save", "restore", "explore")) {
      assertTrue(run.err().contains("\n  " + verb + " "), run.err());
    }
  }

  // ---- migrate

  @ParameterizedTest
  @ValueSource(strings = {"hvm", "pvh"})
  void bothGuestsOfColoSurvive(String kind) {
    String table =
        simulate("migrate --memory 4M --colo --checkpoints 2 --interval 20ms --guest", kind)
            .exits(0)
            .quiet()
            .out();
    assertTrue(table.contains("\n  self-check    survived: "), table);
    assertTrue(table.contains("\n  backup        survived: "), table);
  }

  @Test
  void aTableOfTheMigration() {
    List<String> lines =
        simulate("migrate --memory 8M --guest pv64 --workload uniform --dirty-rate 2k --verify")
            .exits(0)
            .quiet()
            .lines();
    assertEquals("PV64 guest of 8.00 MiB, 2 vCPUs, uniform at 2,000 pages/s", lines.getFirst());
    for (String line :
        List.of(
            "  pass  +pages  +octets  +time  +rate",
            "  round 1  +2,048  +8.0\\d MiB .*",
            "  suspended .*",
            "  verify  +2,048  +8.0\\d MiB .*",
            "  pages sent  +[\\d,]+, [\\d,]+ of them again",
            "  octets  +\\d\\d.\\d MiB",
            "  verify pass  +every page is as it was sent",
            "  total time  +[\\d.]+ m?s",
            "  downtime  +[\\d.]+ m?s",
            "  guest  +runs at the destination",
            "  self-check  +survived: 2,048 pages, all as they should be")) {
      assertTrue(
          lines.stream().anyMatch(Pattern.compile(line).asMatchPredicate()),
          () -> line + " is not in " + lines);
    }
  }

  @Test
  void theStreamThatWasRecordedIsSoundAndHoldsTheGuest() throws IOException {
    Path image = folder.resolve("image");
    simulate("migrate --memory 8M --guest pv32 --workload churn --record", image).exits(0).quiet();
    Tool.run("verify", image).exits(0);
    List<String> lines = simulate("restore --self-check", image).exits(0).quiet().lines();
    assertEquals("self_check survived", lines.getLast());
    assertEquals(List.of("image"), names(folder));
  }

  @Test
  void theBackupTakesOver() {
    String json =
        simulate("migrate --memory 8M --interval 20ms --kill-primary 2 --json").exits(0).out();
    assertTrue(json.contains("\"survivor\":\"destination\",\"survived\":true"), json);
    assertTrue(json.contains("\"checkpoints\":2"), json);
    assertTrue(json.contains("\"mismatches\":[],\"failed_over\":\"migration stream @0x"), json);
    String table = simulate("migrate --memory 8M --interval 20ms --kill-primary 2").exits(0).out();
    assertTrue(table.contains("  failed over   migration stream @0x"), table);
  }

  @Test
  void aMigrationThatIsGivenUpLeavesTheGuestAndNoFile() throws IOException {
    Tool.Run run =
        simulate(
                "migrate --memory 8M --dirty-rate max --abort-above 0 --record",
                folder.resolve("image"))
            .exits(1);
    assertTrue(run.err().startsWith("xenstream: domain 1: the policy has given"), run.err());
    assertTrue(run.err().endsWith(": the guest goes on where it was, unharmed\n"), run.err());
    assertTrue(run.out().contains("self-check    survived: "), run.out());
    assertEquals(List.of(), names(folder));
  }

  @Test
  void whatIsSaidOfADowntimeBeforehandCounts() {
    String options = "migrate --memory 4M --workload none --abort-above 20s";
    simulate(options).exits(0).quiet();
    Tool.Run run = simulate(options + " --fixed-downtime 21s").exits(1);
    assertTrue(run.err().startsWith("xenstream: domain 1: the policy has given"), run.err());
  }

  /// By a signal, as from the keyboard: the guest survives, and no half file is left.
  @Test
  void anInterruptIsOrderly() throws IOException, InterruptedException {
    Path image = folder.resolve("image");
    Process process =
        Tool.process(
                "simulate", "migrate", "--memory", "8M", "--bandwidth", "100kB", "--record", image)
            .start();
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (sizeOfAny(folder) < 10_000 && System.nanoTime() < until) {
      Thread.sleep(20);
    }
    process.toHandle().destroy(); // the streams stay open
    Tool.Run run = Tool.finish(process);
    assertEquals(
        "xenstream: the transfer was cancelled: the guest goes on where it was, unharmed\n",
        run.err());
    assertTrue(run.out().contains("survived: "), run.out());
    assertEquals(List.of(), names(folder));
  }

  private static long sizeOfAny(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--guest zx81 | --guest: no kind of guest \"zx81\"; known are hvm, pvh, pv64 and pv32",
        "--memory 1M | --memory: expected whole pages, at least 4MiB, found 1.00 MiB",
        "--vcpus 33 | --vcpus: expected a number from 1 to 32, found '33'",
        "--workload churn | --workload: workload churn is for pv64 and pv32 guests, and this is a"
            + " guest of kind hvm",
        "--dirty-rate 0 | --dirty-rate: expected more than 0; for none --workload none",
        "--interval 10 | --interval goes with --checkpoints",
        "--checkpoints 3 --verify | --verify is for a guest that moves, not for checkpoints",
        "--colo --guest pv64 | --colo is for HVM and PVH guests that do not balloon: both must have"
            + " the same pages",
        "--checkpoints 3 --kill-primary 3 | --kill-primary: the primary can die behind a checkpoint"
            + " before the last, not behind number 3 of 3",
        "--touched 65M | --touched: expected at most the RAM, 64.0 MiB, found 65.0 MiB",
        "--policy converge:200 | --policy: expected a percentage up to 100, found '200'",
        "--policy zen | --policy: expected xen, downtime or converge, found 'zen'",
        "--downtime-target 50ms | --downtime-target goes with --policy downtime",
        "--policy downtime:9 --downtime-target 50 | --downtime-target goes with --policy downtime",
        "--record - | --record takes a file: standard output has the table",
        "--saving-cpu Ω | --saving-cpu: expected 7-bit text, found 'Ω'",
        "--fixed-downtime soon | --fixed-downtime: expected a time such as 300ms or 2s, found 'soon'",
      })
  void badUsageIsToldInALine(String options, String message) {
    Tool.Run run = simulate("migrate " + options).exits(2);
    assertEquals("", run.out());
    assertEquals("xenstream: " + message, run.err().lines().findFirst().orElseThrow());
  }

  // ---- save and restore

  @ParameterizedTest
  @ValueSource(strings = {"hvm", "pvh", "pv64", "pv32"})
  void whatIsSavedIsRestored(String kind) throws IOException {
    Path image = folder.resolve(kind);
    Path again = folder.resolve("again");
    String options = "save --memory 8M --workload none --guest " + kind;
    String said = simulate(options, image).exits(0).quiet().out();
    assertTrue(
        said.startsWith(image + ": " + kind.toUpperCase(Locale.ROOT) + " guest of 8.00 MiB, "),
        said);
    simulate(options, again).exits(0);
    assertArrayEquals(Files.readAllBytes(image), Files.readAllBytes(again));
    Tool.run("verify", "--strict", image).exits(0);
    List<String> lines = simulate("restore", image).exits(0).quiet().lines();
    assertTrue(lines.getFirst().startsWith("restore rc=0 store_gfn="), lines.getFirst());
    assertTrue(lines.contains("static_data_done calls=1 missing=0"), lines::toString);
    assertFalse(lines.contains("self_check survived"), lines::toString);
    simulate("restore --self-check", image).exits(0).quiet();
  }

  @Test
  void aLiveSaveWithAVerifyPass() throws IOException {
    Path image = folder.resolve("image");
    simulate("save --memory 8M --live --verify --dirty-rate max --policy converge", image)
        .exits(0)
        .quiet();
    List<String> lines = simulate("restore --self-check", image).exits(0).quiet().lines();
    assertTrue(lines.get(lines.size() - 2).endsWith("errors_reported 0"), lines::toString);
  }

  /// The drafts' record of the CPU stands among the static data, and a restore passes over it.
  @ParameterizedTest
  @CsvSource({"save, ''", "save --live, ''", "migrate, --record"})
  void aStreamMayNameTheCpu(String verb, String record) throws IOException {
    Path image = folder.resolve("image");
    Path plain = folder.resolve("plain");
    String guest = " --memory 4M --workload none";
    simulate("%s --saving-cpu QEMU%s %s".formatted(verb, guest, record), image).exits(0).quiet();
    simulate("%s%s %s".formatted(verb, guest, record), plain).exits(0).quiet();
    String records = Tool.run("records", image).exits(0).out();
    assertTrue(records.contains("SAVING_CPU"), records);
    assertTrue(records.contains("QEMU"), records);
    assertTrue(records.indexOf("SAVING_CPU") < records.indexOf("STATIC_DATA_END"), records);
    assertFalse(Tool.run("records", plain).exits(0).out().contains("SAVING_CPU"));
    assertEquals(Files.size(plain) + 16, Files.size(image));
    Tool.run("verify", image).exits(0);
    assertEquals(
        simulate("restore --self-check", plain).exits(0).quiet().out(),
        simulate("restore --self-check", image).exits(0).quiet().out());
  }

  @Test
  void aRefusedImageIsToldWithItsPlace() throws IOException {
    Path cut = folder.resolve("cut");
    Files.write(cut, Arrays.copyOf(Tool.pv32(), 1_000_000));
    Tool.Run run = simulate("restore", cut).exits(1);
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("xenstream: " + cut + " @0x"), run.err());
    assertTrue(run.err().contains("(record #"), run.err());
    Path none = Files.write(folder.resolve("none"), new byte[] {1, 2, 3});
    simulate("restore", none).exits(2);
    simulate("restore", folder.resolve("missing")).exits(2);
  }

  /// Only who asks for a restore knows that a stream is one of checkpoints.
  @Test
  void checkpointsAreRestoredWhenAskedFor() {
    Path remus = Tool.sample("remus-pv64.wire.zst");
    assertTrue(
        simulate("restore", remus).exits(1).err().contains("no CHECKPOINT in a plain stream"));
    Tool.Run run = simulate("restore --checkpointed", remus).exits(0);
    assertTrue(run.err().startsWith("xenstream: failed over: " + remus + " [zstd] @0x"), run.err());
    assertEquals(1, run.err().lines().count());
    List<String> lines = run.lines();
    assertTrue(lines.getLast().startsWith("checkpoint_callbacks 14 "), lines.getLast());
  }

  private static StreamBuilder hvm() {
    return StreamBuilder.stream().imageHeader(3).domainHeader(2).record(0x10);
  }

  private Path image(StreamBuilder memory) throws IOException {
    memory.record(0x08, memory.part().u32(0).u32(2_000_000).u64(7).u32(1).u32(0).octets());
    memory.record(0x09, StreamBuilder.filled(32, 0x11));
    memory.record(0x0A, memory.part().u32(2).u32(0).u64(1).u64(2).u64(17).u64(3).octets());
    return Files.write(folder.resolve("image"), memory.end().octets());
  }

  /// A page more than 16 GiB, at a pfn above that as well; none has been written to.
  @Test
  void aLargeHvmGuestIsRestored() throws IOException {
    StreamBuilder memory = hvm().pageData(2, 3);
    long[] batch = new long[1024];
    for (int first = 0; first < 1 << 22; first += batch.length) {
      for (int i = 0; i < batch.length; i++) {
        batch[i] = 0xE000_0000_0000_0000L | 0x50_0000 + first + i;
      }
      memory.pageData(batch);
    }
    List<String> lines = simulate("restore", image(memory)).exits(0).quiet().lines();
    assertTrue(lines.get(3).startsWith("populated pages=4194306 "), lines::toString);
    assertTrue(lines.get(3).endsWith(" last_pfn=8fffff"), lines::toString);
  }

  /// One page above 2 GiB, whose frame is above it, too; its p2m is the sample's, named for all.
  @Test
  void aLargePvGuestIsRestored() throws IOException {
    byte[] sample = Tool.pv32();
    StreamBuilder p2m = StreamBuilder.stream().u32(0).u32(0x9_0000);
    for (int frame = 0; frame <= 0x9_0000 / 1024; frame++) {
      p2m.u64(0x10e);
    }
    Path image =
        Files.write(
            folder.resolve("image"),
            StreamBuilder.join(
                Arrays.copyOf(sample, 0x879),
                StreamBuilder.stream().record(0x03, p2m.octets()).octets(),
                Arrays.copyOfRange(sample, 0x891, 0x4028a1),
                StreamBuilder.stream().pageData(0x9_0000).octets(),
                Arrays.copyOfRange(sample, 0x4028a1, sample.length)));
    String lines = simulate("restore", image).exits(0).quiet().out();
    assertTrue(
        Pattern.compile("(?m)^populated pages=1025 .* last_pfn=90000$").matcher(lines).find(),
        lines);
  }

  @Test
  void pagesThatDifferInTheVerifyPassAreNamed() throws IOException {
    long[] pfns = new long[20];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = 2L + i;
    }
    StreamBuilder stream = hvm().pageData(pfns).record(0x0D);
    for (long pfn : pfns) {
      stream.pageData(pfn);
    }
    Tool.Run run = simulate("restore", image(stream)).exits(0);
    List<String> said = run.err().lines().toList();
    assertEquals(17, said.size());
    assertEquals("xenstream: verify: pfn 0x3 (type NOTAB) differs", said.getFirst());
    assertEquals("xenstream: verify: pfn 0x12 (type NOTAB) differs", said.get(15));
    assertEquals("xenstream: verify: 3 more differ", said.getLast());
    assertTrue(run.lines().getLast().endsWith("errors_reported 19"), run.out());
  }

  // ---- A reader that does not read

  private Path fifo() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    Process mkfifo = new ProcessBuilder("mkfifo", fifo.toString()).start();
    assertEquals(0, mkfifo.waitFor());
    return fifo;
  }

  /// The guest stands still while all its memory goes out once more, and whoever keeps the stream
  /// has stopped to read.
  @Test
  void whoKeepsTheStreamDoesNotHoldTheGuest() throws IOException, InterruptedException {
    Path fifo = fifo();
    CountDownLatch done = new CountDownLatch(1);
    Thread reader =
        Thread.ofPlatform()
            .start(() -> {
              try (InputStream in = Files.newInputStream(fifo)) {
                in.skipNBytes(4 << 20);
                done.await();
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    Tool.Run run =
        simulate("migrate --memory 4M --workload none --verify --suspend-limit 1s --record", fifo);
    done.countDown();
    reader.join();
    run.exits(1);
    assertTrue(run.err().endsWith(": the guest goes on where it was, unharmed\n"), run.err());
    assertTrue(run.out().contains("self-check    survived: "), run.out());
  }

  /// Opened, and never read: the guest that stands still is let go all the same.
  @Test
  void aSaveDoesNotHoldTheGuestForAReaderThatDoesNotRead()
      throws IOException, InterruptedException {
    Path fifo = fifo();
    CountDownLatch done = new CountDownLatch(1);
    Thread reader =
        Thread.ofPlatform()
            .start(() -> {
              try (InputStream _ = Files.newInputStream(fifo)) {
                done.await();
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    Tool.Run run = simulate("save --memory 8M --workload none --suspend-limit 300ms", fifo);
    done.countDown();
    reader.join();
    run.exits(1);
    assertEquals("", run.out());
    assertEquals(
        "xenstream: the guest has been suspended for as long as it may be: nothing was saved\n",
        run.err());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSaveThatIsStuckIsGivenUp(boolean named) throws IOException, InterruptedException {
    String out = named ? fifo().toString() : "-";
    Process process = Tool.process("simulate", "save", "--memory", "8M", out).start();
    try (InputStream in = named ? new FileInputStream(out) : process.getInputStream()) {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (in.available() < 60_000) {
        assertTrue(System.nanoTime() < until, "the pipe fills");
        Thread.sleep(20);
      }
      process.toHandle().destroy(); // the streams stay open
      assertTrue(process.waitFor(15, TimeUnit.SECONDS), "the process ends in good order");
      assertEquals(
          "xenstream: the transfer was cancelled: nothing was saved\n",
          new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }

  /// The self-check is no formality: a page that is changed in the image is found.
  @Test
  void aChangedPageDoesNotSurvive() throws IOException {
    Path image = folder.resolve("image");
    simulate("save --memory 8M --workload none", image).exits(0);
    byte[] octets = Files.readAllBytes(image);
    octets[octets.length / 2] ^= 1;
    Files.write(image, octets);
    Tool.Run run = simulate("restore --self-check", image).exits(1);
    assertTrue(run.out().endsWith("self_check failed\n"), run.out());
    assertTrue(run.err().startsWith("TORN at pfn 0x"), run.err());
  }
}
