// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a file that `--config` names may be, and how another one is refused.
class GivenConfigTest {
  private static final String LEVELS =
      "what is not taken: Document nesting depth (%d) exceeds the maximum allowed (%d)";

  @TempDir private Path folder;
  private Path config;

  @BeforeEach
  void name() {
    config = folder.resolve("config");
  }

  private Tool.Run convert(String text) throws IOException {
    Files.writeString(config, text);
    Path out = folder.resolve("out");
    return Tool.run("convert", "--to=xl", "--config", config, Tool.sample("hvm.xend.zst"), out);
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
  }
}
