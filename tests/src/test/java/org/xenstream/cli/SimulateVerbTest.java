// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  @Test
  void withoutAVerbItShowsThem() {
    Tool.Run run = simulate("").exits(2);
    assertEquals("", run.out());
    for (String verb : List.of("migrate", "save", "restore", "explore")) {
      assertTrue(run.err().contains("\n  " + verb + " "), run.err());
    }
  }

  // ---- migrate

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
        "--colo --guest pv64 | --colo is for HVM guests that do not balloon: both guests must have"
            + " the same pages",
        "--checkpoints 3 --kill-primary 3 | --kill-primary: the primary can die behind a checkpoint"
            + " before the last, not behind number 3 of 3",
        "--policy zen | --policy: expected xen, downtime or converge, found 'zen'",
        "--downtime-target 50ms | --downtime-target goes with --policy downtime",
        "--policy downtime:9 --downtime-target 50 | --downtime-target goes with --policy downtime",
        "--record - | --record takes a file: standard output has the table",
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
    List<String> lines = simulate("restore --checkpointed", remus).exits(0).quiet().lines();
    assertTrue(lines.getLast().startsWith("checkpoint_callbacks 19 "), lines.getLast());
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
