// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.tests.RestoreReference;

/// `simulate restore` as a user runs it, over the good images of the corpus: what it prints is what
/// Xen's own restore code made of them, but for what `docs/DIFFERENCES.md` lists.
class SimulateRestoreCorpusTest {
  @Test
  void itsLinesAreTheReferences() throws IOException {
    List<String> found = new ArrayList<>();
    for (CorpusImage image : Corpus.here().images(Corpus.MODERN, Corpus.REAL)) {
      List<Object> words = new ArrayList<>(List.of("simulate", "restore", image.file()));
      if (RestoreReference.isCheckpointed(image)) {
        words.add("--checkpointed");
      }
      Tool.Run run = Tool.run(words.toArray()).exits(0);
      found.addAll(RestoreReference.differences(image, run.lines()));
    }
    assertEquals(RestoreReference.written("xxh64="), found.stream().sorted().toList());
  }
}
