// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

/// `--limit`: what a rule says of a limit can be done.
class LimitOptionTest {
  private static final long LONG = 129L << 20;

  @TempDir private static Path folder;

  /// A file with a hole for a long body.
  private static Path sparse(String name, byte[] before, byte[] after) throws IOException {
    Path file = Files.write(folder.resolve(name), before);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(after), before.length + LONG);
    }
    return file;
  }

  /// The rules of errors that `verify` tells.
  private static List<String> errors(Object... arguments) {
    return Pattern.compile(": error: .*\\[(XS[0-9]+)")
        .matcher(Tool.run(arguments).quiet().out())
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  @Test
  void aLongRecordOfLibxlIsTakenWhereItIsTrusted() throws IOException {
    Path image =
        sparse(
            "libxl",
            StreamBuilder.join(
                Layers.libxlHeader(LITTLE_ENDIAN),
                Layers.libxlRecord(LITTLE_ENDIAN, 0x01),
                Samples.hvm(),
                StreamBuilder.stream().u32(0x03).u32(LONG).octets()),
            Layers.libxlRecord(LITTLE_ENDIAN, 0x00));
    assertEquals(true, errors("verify", image).contains("XS2009"));
    assertEquals(false, errors("verify", "--limit", "record=130MiB", image).contains("XS2009"));
    assertEquals(true, errors("verify", "--limit", "record=128M", image).contains("XS2009"));
    Tool.run("records", "--brief", image).exits(1);
    Tool.run("records", "--brief", "--limit=record=256MiB", image).quiet().exits(0);
    Path copy = folder.resolve("copy");
    Tool.run("copy", image, copy).exits(1);
    Tool.run("copy", "--limit=record=256MiB", image, copy).quiet().exits(0);
    assertEquals(-1, Files.mismatch(image, copy));
  }

  /// Xen refuses it, whatever is taken here.
  @Test
  void aLongRecordOfLibxcCanBeLookedAtAndStaysAnError() throws IOException {
    Path image =
        sparse(
            "libxc",
            StreamBuilder.stream()
                .imageHeader(3)
                .domainHeader(2)
                .record(0x10)
                .u32(0x80000077)
                .u32(LONG)
                .octets(),
            StreamBuilder.stream().end().octets());
    assertEquals(
        image
            + " @0x34 (record #1 OPTIONAL_0x80000077.body_length): error: expected at most"
            + " 134217728, found 135266304 [XS0004-record-too-long]",
        Tool.run("verify", "--limit", "record=256MiB", image).quiet().exits(1).lines().stream()
            .filter(line -> line.contains("XS0004"))
            .findFirst()
            .orElseThrow());
    Tool.run("records", "--brief", "--limit=record=256MiB", image).quiet().exits(0);
  }

  @Test
  void aLongConfigurationIsTakenWhereItIsTrusted() throws IOException {
    Path image =
        Files.write(
            folder.resolve("config"),
            Layers.xl("{\"a\":\"" + "b".repeat(5 << 20) + "\"}", Layers.libxl(Samples.hvm())));
    assertEquals(List.of("XS2111"), errors("verify", image));
    assertEquals(false, errors("verify", "--limit", "config=8MiB", image).contains("XS2111"));
  }

  /// A device never ends; a file that is too long is no configuration.
  @ParameterizedTest
  @CsvSource({
    "copy, --layer=xl, pv32.xlsave.zst",
    "convert, --to=xl, hvm.xend.zst",
  })
  void aConfigurationThatNeverEndsIsNotReadWhole(String verb, String layer, String sample)
      throws IOException {
    Path image = Tool.sample(sample);
    Path out = folder.resolve("never-" + verb);
    String refused = "expected a configuration of at most 4,194,299 octets, found more";
    assertEquals(
        "xenstream: /dev/zero @0x3ffffc (config): " + refused + " (--limit config=SIZE)\n",
        Tool.run(verb, layer, "--config", "/dev/zero", image, out).exits(1).err());
    assertEquals(false, Files.exists(out));
    Path config = Files.writeString(folder.resolve("text"), "{}" + " ".repeat(5 << 20));
    Tool.run(verb, layer, "--config", config, image, out).exits(1);
    Path made = folder.resolve("trusted-" + verb);
    Tool.run(verb, layer, "--config", config, "--limit", "config=6M", image, made).exits(0);
    assertEquals(
        "xenstream: " + folder + ": Is a directory\n",
        Tool.run(verb, layer, "--config", folder, image, out).exits(2).err());
  }

  @Test
  void whatIsNotTrustedMayYieldLess() {
    Path image = Tool.sample("pv32.xlsave.zst");
    Tool.run("verify", image).quiet().exits(0);
    assertEquals(List.of("XS0006"), errors("verify", "--limit", "decompressed=1MiB", image));
    Tool.run("info", "--limit", "decompressed=1MiB", image).quiet().exits(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "record=1GiB | expected record of 4.00 KiB to 256.0 MiB, found '1GiB'",
        "config=33M | expected config of 4.00 KiB to 32.0 MiB, found '33M'",
        "decompressed=1 | expected decompressed of 4.00 KiB or more, found '1'",
        "ratio=5 | expected record=SIZE, config=SIZE or decompressed=SIZE, found 'ratio=5'",
        "5MiB | expected record=SIZE, config=SIZE or decompressed=SIZE, found '5MiB'",
        "record=much | expected a size such as 512M or 4GiB, found 'much'",
      })
  void limitsAreBounded(String limit, String expected) {
    Tool.Run run = Tool.run("verify", "--limit", limit, Tool.sample("pv32.xlsave.zst")).exits(2);
    assertEquals("xenstream: --limit: " + expected, run.err().lines().findFirst().orElse(""));
  }
}
