// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.testkit.Layers;

/// What a file that `--config` names may be, and how another one is refused.
class GivenConfigTest {
  private static final String LEVELS =
      "what is not taken: Document nesting depth (%d) exceeds the maximum allowed (%d)";

  /// Octets in front of the configuration in a file of xl.
  private static final int HEADER = 52;

  @TempDir private Path folder;
  private Path config;
  private Path out;

  @BeforeEach
  void name() {
    config = folder.resolve("config");
    out = folder.resolve("out");
  }

  private Tool.Run convert(Object... options) {
    Path in = Tool.sample("hvm.xend.zst");
    return Tool.run(
        Stream.of(new Object[] {"convert", "--to=xl"}, options, new Object[] {in, out})
            .flatMap(Stream::of)
            .toArray());
  }

  private Tool.Run convert(String text) throws IOException {
    Files.writeString(config, text);
    return convert("--config", config);
  }

  private byte[] made(String text) throws IOException {
    convert(text).exits(0).quiet();
    return Files.readAllBytes(out);
  }

  /// `xl list -l` writes a list with the number of each domain and its configuration inside.
  @Test
  void asXlListsIt() throws IOException {
    byte[] expected = made(Layers.CONFIG);
    String listed = "{\"domid\": 3, \"config\": " + Layers.CONFIG + "}";
    for (String text :
        List.of(
            "[\n" + listed + "\n]\n", listed, "\uFEFF" + Layers.CONFIG, "\uFEFF[" + listed + "]")) {
      assertArrayEquals(expected, made(text), text);
    }
  }

  /// Names in old files are in whatever the editor wrote.
  @Test
  void aTextIsTakenOctetForOctet() throws IOException {
    byte[] text = "# caf\u00e9\nname='other'\n".getBytes(ISO_8859_1);
    byte[] expected = made("#".repeat(text.length));
    System.arraycopy(text, 0, expected, HEADER, text.length);
    Files.write(config, text);
    convert("--config", config).exits(0).quiet();
    assertArrayEquals(expected, Files.readAllBytes(out));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''| @0x0 (config): expected a configuration, found none",
        "'  '| @0x0 (config): expected a configuration, found none",
        "'name=\0'| @0x5 (config): expected a text, found a NUL",
        "' (domain (name x))'| @0x1 (config): expected a configuration of xl, found an S-expression, as"
            + " xend has it",
        "<domain/>| @0x0 (config): expected a configuration of xl, found XML",
        "[]| @0x0 (config): expected the configuration of one domain, as 'xl list -l NAME' writes it,"
            + " found 0",
        "'[{\"config\": {\"c_info\": {\"name\": \"web\"}}}, {\"config\": {}}]'| @0x0 (config): expected the"
            + " configuration of one domain, as 'xl list -l NAME' writes it, found 2: \"web\", one"
            + " without a name",
        "'[{\"domid\": 0}]'| @0x1 (config): expected an object \"config\" of the domain, found none",
        "[3]| @0x1 (config): expected an object for each domain, found something else",
        "'{} {}'| @0x3 (config): expected the end of the configuration, found more",
        "'{\"c_info\": }'| @0xb (config): expected JSON, found what is none: Unexpected character ('}'"
            + " (code 125)): expected a value"
      })
  void whatIsNoConfiguration(String text, String message) throws IOException {
    assertEquals("xenstream: " + config + " " + message + "\n", convert(text).exits(1).err());
    assertArrayEquals(new String[] {"config"}, folder.toFile().list());
  }

  @Test
  void whatCannotBeRead() {
    assertEquals(
        "xenstream: " + folder + ": Is a directory\n", convert("--config", folder).exits(2).err());
    assertEquals(
        """
        xenstream: --config takes the name of a file, and none is given
        Try 'xenstream convert --help'.
        """,
        convert("--config", "").exits(2).err());
    assertArrayEquals(new String[0], folder.toFile().list());
  }

  private void refused(String text, long at, String found) throws IOException {
    assertEquals(
        "xenstream: %s @0x%x (config): expected JSON, found %s\n".formatted(config, at, found),
        convert(text).exits(1).err());
  }

  /// An object of so many levels.
  private static String nested(int levels) {
    return "{\"a\":" + "[".repeat(levels - 1) + "]".repeat(levels - 1) + "}";
  }

  @Test
  void levelsAreThoseOfTheConfigurationAlone() throws IOException {
    convert(nested(32)).exits(0);
    convert("[{\"config\":" + nested(32) + "}]").exits(0);
    refused(nested(33), 5 + 32, LEVELS.formatted(33, 32));
    refused("[{\"config\":" + nested(33) + "}]", 11 + 5 + 32, LEVELS.formatted(35, 34));
    refused(nested(35), 5 + 34, LEVELS.formatted(35, 34));
    refused("[{\"a\":" + nested(33) + ",\"config\":{}}]", 6 + 5 + 32, LEVELS.formatted(35, 34));
  }

  @Test
  void whatAParserOfJsonDoesNotTake() throws IOException {
    refused(
        "{\"a\":" + "1".repeat(1001) + "}",
        5 + 1001,
        "what is not taken: Number value length (1001) exceeds the maximum allowed (1000)");
    refused(
        "{\"" + "n".repeat(60_000) + "\":1}",
        3 + 60_000,
        "what is not taken: Name length (60000) exceeds the maximum allowed (50000)");
  }

  @Test
  void jsonThatIsCut() throws IOException {
    refused("{", 1, "its end amid a value");
    refused("{\"a\": \"b", 8, "its end amid a value");
    refused("[{\"a\": 1}", 9, "its end amid a value");
    refused("{\"a\": 1]", 7, "what is none: Unexpected close marker ']': expected '}'");
  }

  /// What a terminal would take for a command is not handed on.
  @Test
  void namesAreShownWithoutControlCharacters() throws IOException {
    String domain = "{\"config\":{\"c_info\":{\"name\":\"a\\u001b[2J\\u007f\"}}}";
    assertEquals(
        "xenstream: "
            + config
            + " @0x0 (config): expected the configuration of one domain, as 'xl list -l NAME' writes"
            + " it, found 2: \"a?[2J?\", \"a?[2J?\"\n",
        convert("[" + domain + "," + domain + "]").exits(1).err());
  }

  @Test
  void theLongestOneIsTaken() throws IOException {
    int most = (4 << 20) - 5;
    convert("#".repeat(most)).exits(0);
    assertEquals(
        "xenstream: "
            + config
            + " @0x3ffffc (config): expected a configuration of at most 4,194,299 octets, found more"
            + " (--limit config=SIZE)\n",
        convert("#".repeat(most + 1)).exits(1).err());
    convert("--limit", "config=8M", "--config", config).exits(0);
  }
}
