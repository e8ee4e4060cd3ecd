// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// `simulate restore --checkpointed` without room for scratch files: that is nobody's death, and no
/// older checkpoint is taken for it.
class SimulateRestoreScratchTest {
  @TempDir private Path folder;
  private Path image;

  /// The octets of a state, the guest's first or one of its later checkpoints.
  private static byte[] state(LegacyImageBuilder to) {
    return to.endOfBody()
        .hvmTail(0xFE, 0xFD, 0xFC, new byte[40])
        .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, new byte[] {1, 2, 3})
        .octets();
  }

  @BeforeEach
  void makeImage() throws IOException {
    LegacyImageBuilder first = LegacyImageBuilder.image(8).words(0x1000).filledBatch(0, 1, 2);
    byte[] second = state(LegacyImageBuilder.image(8).filledBatch(1));
    byte[] third =
        state(LegacyImageBuilder.image(8).filledBatch(2).chunk(LegacyImageBuilder.LAST_CHECKPOINT));
    image = Files.write(folder.resolve("image"), StreamBuilder.join(state(first), second, third));
  }

  private Tool.Run restore(Map<String, String> environment, Object... options) throws Exception {
    ProcessBuilder builder =
        Tool.process(
            Stream.of(
                    new Object[] {"simulate", "restore", "--checkpointed"},
                    options,
                    new Object[] {image})
                .flatMap(Stream::of)
                .toArray());
    builder.environment().putAll(environment);
    return Tool.finish(builder.start());
  }

  private void refused(Tool.Run run, String why) {
    run.exits(2);
    assertEquals("", run.out());
    assertTrue(run.err().endsWith("xenstream: " + image + ": " + why + "\n"), run.err());
    assertTrue(!run.err().contains("failed over"), run.err());
  }

  private String tooMuch(long limit) {
    return "the scratch files of this image in %s need more than the %d octets that they may have"
        .formatted(folder, limit);
  }

  @Test
  void allCheckpointsAreTakenWhereThereIsRoom() throws Exception {
    Tool.Run run = restore(Map.of("XENSTREAM_SCRATCH", folder.toString())).exits(0);
    assertTrue(run.out().contains("checkpoint_callbacks 3 "), run.out());
    assertTrue(!run.err().contains("failed over"), run.err());
  }

  @Test
  void aFolderThatIsNone() throws Exception {
    refused(
        restore(Map.of("XENSTREAM_SCRATCH", "/absent")),
        "a scratch file of this image cannot be made in /absent: no such folder"
            + " (XENSTREAM_SCRATCH names no folder)");
  }

  @Test
  void aLimitThatIsNone() throws Exception {
    refused(
        restore(Map.of("XENSTREAM_SCRATCH", folder.toString(), "XENSTREAM_SCRATCH_LIMIT", "abc")),
        tooMuch(0)
            + " (XENSTREAM_SCRATCH_LIMIT: expected a size such as 512M or 4GiB, found 'abc')");
  }

  @Test
  void aLimitThatIsTooLow() throws Exception {
    String advice = " (--scratch-limit allows more, --scratch another folder)";
    refused(
        restore(Map.of("XENSTREAM_SCRATCH", folder.toString(), "XENSTREAM_SCRATCH_LIMIT", "1KiB")),
        tooMuch(1024) + advice);
    refused(
        restore(Map.of(), "--scratch", folder, "--scratch-limit", "1K"), tooMuch(1024) + advice);
  }
}
