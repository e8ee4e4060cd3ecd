// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.cli.LegacyHvm.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// Where scratch files may be, and how large, as options and the environment say it.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ScratchOptionsTest {
  @TempDir private Path folder;
  private Path in;
  private Path out;

  @BeforeEach
  void make() throws IOException {
    in = Files.write(folder.resolve("in"), LegacyHvm.image());
    out = folder.resolve("out");
  }

  /// Puts another state behind the image.
  private void add(LegacyImageBuilder another) throws IOException {
    Files.write(in, state(another).octets(), StandardOpenOption.APPEND);
  }

  /// The verbs that only read say so as `convert` does, and can be told where and how much.
  @ParameterizedTest
  @ValueSource(strings = {"verify", "info", "records"})
  void whoReadsSeveralStatesNeedsScratchFiles(String verb) throws IOException {
    add(LegacyImageBuilder.image(8).filledBatch(1).chunk(LegacyImageBuilder.LAST_CHECKPOINT));
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    // The sample's HVM context is none.
    Tool.Run read = Tool.run(verb, "--scratch", scratch, in).exits(verb.equals("records") ? 0 : 1);
    assertEquals(
        "xenstream: "
            + in
            + " @0x30bb (legacy checkpoint): what may belong to no complete checkpoint waits in a"
            + " scratch file in "
            + scratch
            + "\n",
        read.err());
    assertFalse(read.out().contains("scratch"), read::out);
    assertEquals(
        in
            + ": the scratch files of this image in "
            + scratch
            + " need more than the 1024 octets that they may have (--scratch-limit allows more,"
            + " --scratch another folder)",
        Tool.run(verb, "--scratch", scratch, "--scratch-limit", "1K", in)
            .exits(2)
            .err()
            .lines()
            .reduce((_, line) -> line)
            .orElse("")
            .replaceFirst("^xenstream: ", ""));
    Path absent = folder.resolve("absent");
    assertTrue(Tool.run(verb, "--scratch", absent, in).exits(2).err().contains(absent.toString()));
    assertEquals(0, scratch.toFile().list().length);
  }

  @Test
  void theEnvironmentSaysWhereScratchFilesGo() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    String own = folder.toString();
    String temporary = other.toString();
    Path system = Path.of(System.getProperty("java.io.tmpdir"));
    String more = "XENSTREAM_SCRATCH_LIMIT allows more, XENSTREAM_SCRATCH another folder";
    assertEquals(new ScratchOptions(system, -1, more), ScratchOptions.of(Map.of()));
    assertEquals(
        new ScratchOptions(other, -1, more), ScratchOptions.of(Map.of("TMPDIR", temporary)));
    assertEquals(
        new ScratchOptions(system, -1, more), ScratchOptions.of(Map.of("TMPDIR", "/absent")));
    assertEquals(
        new ScratchOptions(folder, 512 << 10, more),
        ScratchOptions.of(
            Map.of(
                "TMPDIR", temporary, "XENSTREAM_SCRATCH", own, "XENSTREAM_SCRATCH_LIMIT", "512K")));
    assertEquals(
        new ScratchOptions(Path.of("/absent"), -1, "XENSTREAM_SCRATCH names no folder"),
        ScratchOptions.of(Map.of("XENSTREAM_SCRATCH", "/absent")));
    assertEquals(
        new ScratchOptions(
            system,
            0,
            "XENSTREAM_SCRATCH_LIMIT: expected a size such as 512M or 4GiB, found 'much'"),
        ScratchOptions.of(Map.of("XENSTREAM_SCRATCH_LIMIT", "much")));
  }

  private static Tool.Run in(Map<String, String> environment, Object... arguments)
      throws Exception {
    ProcessBuilder builder = Tool.process(arguments);
    builder.environment().putAll(environment);
    return Tool.finish(builder.start());
  }

  /// Whoever needs no scratch files, or says himself where they may be, is not held up.
  @Test
  void whatTheEnvironmentSaysAmissIsToldWhereItMatters() throws Exception {
    Map<String, String> amiss =
        Map.of("XENSTREAM_SCRATCH", "/absent", "XENSTREAM_SCRATCH_LIMIT", "much");
    in(amiss, "convert", in, out).exits(0).quiet();
    add(LegacyImageBuilder.image(8).filledBatch(1));
    in(amiss, "convert", "--scratch", folder, "--scratch-limit", "1M", in, out).exits(0);
    Files.delete(out);
    String none =
        "a scratch file of this image cannot be made in /absent: no such folder (XENSTREAM_SCRATCH names no folder)\n";
    assertEquals(
        "xenstream: " + in + " to " + out + ": " + none,
        in(amiss, "convert", in, out).exits(2).err());
    Tool.Run verify = in(amiss, "verify", "--json", in).exits(2);
    assertEquals("xenstream: " + in + ": " + none, verify.err());
    assertEquals(
        "{\"image\":\"%s\",\"verdict\":\"not judged\",\"problem\":\"%s: %s\"}\n"
            .formatted(in, in, none.strip()),
        verify.out());
    String[] program = {
      "convert-legacy-stream", "-w64", "-ghvm", "-i", in.toString(), "-o", out.toString()
    };
    String scratch = folder.toString();
    Map<String, String> little =
        Map.of("XENSTREAM_SCRATCH", scratch, "XENSTREAM_SCRATCH_LIMIT", "1K");
    String told = in(little, (Object[]) program).exits(1).err();
    assertTrue(
        told.endsWith(
            "the scratch files of this image in "
                + scratch
                + " need more than the 1024 octets that they may have (XENSTREAM_SCRATCH_LIMIT allows"
                + " more, XENSTREAM_SCRATCH another folder)\n"),
        told);
    assertArrayEquals(new String[] {"in"}, folder.toFile().list());
  }
}
