// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Names of files that are no text in the encoding of the locale, where the virtual machine would
/// mean another file or none. A shell makes them: Java cannot.
class FileNameTest {
  private static final String UTF_8 = "C.UTF-8";
  private static final String POSIX = "C";

  @TempDir private Path folder;

  @BeforeEach
  void make() throws IOException, InterruptedException {
    Files.copy(Pv32.in(folder).sound(), folder.resolve("z"));
    Files.createDirectory(folder.resolve("d"));
    shell(UTF_8, "cp z d/$(printf 'a\\303\\274'); cp z d/$(printf 'b\\377'); cp z d/c").exits(0);
  }

  /// Runs a line of the shell in the folder, where `x` is the tool.
  private Tool.Run shell(String locale, String line) throws IOException, InterruptedException {
    ProcessBuilder builder = Tool.shell(line);
    builder.directory(folder.toFile()).environment().put("LC_ALL", locale);
    return Tool.finish(builder.start());
  }

  private static String refusal(String name, String encoding) {
    return "xenstream: %s: cannot be opened: the name is no text in the encoding of this locale (%s)\n"
        .formatted(name, encoding);
  }

  /// What a folder holds is opened by its octets.
  @ParameterizedTest
  @CsvSource({POSIX, UTF_8})
  void doNotEndTheWalkOfAFolder(String locale) throws IOException, InterruptedException {
    Tool.Run run = shell(locale, "x verify --quiet d").quiet().exits(0);
    assertEquals("3 images: 3 sound, 0 unsound", run.lines().getLast());
    shell(locale, "x info d").quiet().exits(0);
  }

  @Test
  void areRefusedAndTheNextImageIsJudged() throws IOException, InterruptedException {
    Tool.Run run = shell(POSIX, "x verify --quiet d/a* d/c").exits(2);
    assertEquals(refusal("d/a\uFFFD\uFFFD", "ANSI_X3.4-1968"), run.err());
    assertEquals("d/c: sound\n1 image: 1 sound, 0 unsound; 1 not judged\n", run.out());
    run = shell(UTF_8, "x verify --quiet d/b* d/c").exits(2);
    assertEquals(refusal("d/b\uFFFD", "UTF-8"), run.err());
    assertEquals("d/c: sound\n1 image: 1 sound, 0 unsound; 1 not judged\n", run.out());
  }

  @ParameterizedTest
  @CsvSource({
    "x records NAME",
    "x copy NAME o",
    "x copy z NAME",
    "x copy --layer xl --config NAME z o",
    "x simulate restore NAME",
    "x simulate save --memory 4MiB NAME",
    "x simulate explore --csv NAME",
    "x verify --scratch NAME z",
  })
  void areRefusedByEveryVerb(String line) throws IOException, InterruptedException {
    Tool.Run run = shell(UTF_8, line.replace("NAME", "$(printf 'o\\377')")).exits(2);
    assertEquals(refusal("o\uFFFD", "UTF-8"), run.err());
    assertEquals("", shell(UTF_8, "ls | grep ^o").out());
    shell(POSIX, line.replace("NAME", "$(printf 'o\\303\\274')")).exits(2);
  }

  /// It is what others leave in a name that they could not tell.
  @Test
  void mayHoldTheCharacterThatStandsForNone() throws IOException, InterruptedException {
    String name = "$(printf 'o\\357\\277\\275')";
    shell(UTF_8, "x copy z " + name + " && x verify " + name + " && ls " + name).quiet().exits(0);
  }
}
