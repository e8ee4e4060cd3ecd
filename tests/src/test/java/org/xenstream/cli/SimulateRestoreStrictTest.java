// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.tests.RestoreReference;

/// `simulate restore --strict` refuses what a hypervisor refuses, and no guest that ran on one.
class SimulateRestoreStrictTest {
  @TempDir private Path folder;

  private Path image(int tscMode) throws IOException {
    StreamBuilder stream =
        StreamBuilder.stream().imageHeader(3).domainHeader(2).record(0x10).pageData(2, 3);
    stream.record(0x08, stream.part().u32(tscMode).u32(2_000_000).u64(7).u32(1).u32(0).octets());
    stream.record(0x09, StreamBuilder.filled(32, 0x11));
    return Files.write(folder.resolve("image"), stream.end().octets());
  }

  private void refused(Path image, String message) {
    Tool.run("simulate", "restore", image).exits(0).quiet();
    for (String option : List.of("--strict", "--self-check")) {
      Tool.Run run = Tool.run("simulate", "restore", option, image).exits(1);
      assertEquals("", run.out());
      assertEquals("xenstream: " + image + " " + message + "\n", run.err());
    }
  }

  @Test
  void whatTheHypervisorRefusesIsRefused() throws IOException {
    refused(
        image(77),
        "@0x2050 (record #2 X86_TSC_INFO): setTscInfo of domain 1 failed: EINVAL (there is no TSC"
            + " mode 77)");
    refused(
        image(0),
        "@0x2078 (record #3 HVM_CONTEXT): setHvmContext of domain 1 failed: ENODATA (the"
            + " context does not begin with a header)");
  }

  /// Xen writes into page tables of a PV guest, empty ones among them.
  private static String lines(List<Object> words) {
    String lines = Tool.run(words.toArray()).exits(0).out();
    return lines.contains("guest pv")
        ? lines.replaceAll("(?m)^(memory .* xxh64|populated .* zero)=\\w+", "$1")
        : lines;
  }

  @Test
  void guestsThatRanAreRestoredAllTheSame() throws IOException {
    for (CorpusImage image : Corpus.here().images(Corpus.REAL)) {
      List<Object> words = new ArrayList<>(List.of("simulate", "restore"));
      if (RestoreReference.isCheckpointed(image)) {
        words.add("--checkpointed");
      }
      words.add(image.file());
      String lines = lines(words);
      words.add("--strict");
      assertEquals(lines, lines(words), image::toString);
    }
  }
}
