// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// 0, 1 or 2, and the line that says why, for every verb.
class ExitCodeTest {
  private static final Path FULL_DISK = Path.of("/dev/full");

  @TempDir private static Path folder;
  private static Pv32 files;

  @BeforeAll
  static void make() throws IOException {
    files = Pv32.in(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "info, sound, 0",
    "info, warned, 0",
    "info, broken, 1",
    "info, cut, 1",
    "info, text, 2",
    "verify, sound, 0",
    "verify, warned, 0",
    "verify, broken, 1",
    "verify, cut, 1",
    "verify, text, 2",
    "records, sound, 0",
    "records, warned, 0",
    "records, broken, 0",
    "records, cut, 1",
    "records, text, 2",
    "copy, sound, 0",
    "copy, warned, 0",
    "copy, broken, 0",
    "copy, cut, 1",
    "copy, text, 2",
  })
  void ofOneImage(String verb, String file, int code) {
    Path in = folder.resolve(file);
    if (verb.equals("copy")) {
      Tool.run(verb, in, folder.resolve("copied")).exits(code);
    } else {
      Tool.run(verb, in).exits(code);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"info", "verify", "records", "copy"})
  void ofAFileThatIsNotThere(String verb) {
    Object[] arguments =
        verb.equals("copy")
            ? new Object[] {verb, files.absent(), folder.resolve("copied")}
            : new Object[] {verb, files.absent()};
    Tool.Run run = Tool.run(arguments).exits(2);
    assertEquals("", run.out());
    assertEquals("xenstream: " + files.absent() + ": no such file\n", run.err());
  }

  @Test
  void aFolderThatIsNoImageIsNamed() throws Exception {
    Path out = folder.resolve("copied");
    for (Object[] arguments :
        new Object[][] {
          {"records", folder},
          {"simulate", "restore", folder},
          {"copy", folder, out},
          {"convert", folder, out},
          {"copy", files.sound(), folder},
        }) {
      assertEquals(
          "xenstream: " + folder + ": Is a directory\n", Tool.run(arguments).exits(2).err());
    }
    for (String line : List.of("verify -", "info -", "records -", "copy - " + out)) {
      Process process = Tool.shell("x %s <'%s'".formatted(line, folder)).start();
      assertEquals(
          "xenstream: standard input: Is a directory\n", Tool.finish(process).exits(2).err());
    }
  }

  @Test
  void strictnessMakesWarningsCount() {
    Tool.run("verify", "--strict", files.sound()).exits(0);
    Tool.run("verify", "--strict", files.warned()).exits(1);
    Tool.run("verify", "--strict", files.broken()).exits(1);
    Tool.run("verify", "--strict", "--ignore", "504", files.warned()).exits(0);
  }

  @Test
  void theWorstOfManyImagesWins() {
    Tool.Run run = Tool.run("verify", "--quiet", files.sound(), files.broken(), files.warned());
    assertEquals(
        """
        F/sound: sound
        F/broken: unsound (1 error)
        F/warned: sound (1 warning)
        3 images: 2 sound, 1 unsound
        """,
        run.quiet().exits(1).out().replace(folder.toString(), "F"));
    run = Tool.run("verify", "--quiet", files.absent(), files.broken(), files.text());
    assertEquals(
        """
        F/broken: unsound (1 error)
        F/text: no image (1 error)
        1 image: 0 sound, 1 unsound; 2 not judged
        """,
        run.exits(2).out().replace(folder.toString(), "F"));
    assertEquals("xenstream: " + files.absent() + ": no such file\n", run.err());
    Tool.run("info", files.sound(), files.broken()).quiet().exits(1);
    Tool.run("info", files.text(), files.broken(), files.sound()).quiet().exits(2);
    Tool.run("info", files.absent(), files.broken()).exits(2);
  }

  @Test
  void aFolderIsWalkedAndWhatIsNoImagePassedOver(@TempDir Path walked) throws IOException {
    Files.createDirectories(walked.resolve("b/deep"));
    Files.copy(files.sound(), walked.resolve("b/deep/image"));
    Files.copy(files.text(), walked.resolve("a"));
    Files.copy(files.text(), walked.resolve("c"));
    Files.copy(files.warned(), walked.resolve("d"));
    assertEquals(
        """
        W/b/deep/image: sound
        W/d: sound (1 warning)
        2 images: 2 sound, 0 unsound; 2 other files passed over
        """,
        Tool.run("verify", "--quiet", walked)
            .quiet()
            .exits(0)
            .out()
            .replace(walked.toString(), "W"));
    Tool.Run info = Tool.run("info", "--json", walked).quiet().exits(0);
    assertEquals(2, info.lines().size());
    Files.copy(files.broken(), walked.resolve("z"));
    Tool.run("verify", walked).quiet().exits(1);
    Tool.run("info", walked).quiet().exits(1);
  }

  /// A folder that even root cannot open: its path is longer than the system takes one.
  @ParameterizedTest
  @ValueSource(strings = {"info", "verify"})
  void whatCannotBeWalkedIsNamedAndTheRestJudged(String verb, @TempDir Path walked)
      throws IOException {
    String name = "n".repeat(250);
    Path first = walked.resolve("deep");
    Path second = walked.resolve("second");
    for (Path top : new Path[] {first, second}) {
      Path at = top;
      while (at.toString().length() < 3000) {
        at = at.resolve(name);
      }
      Files.createDirectories(at);
    }
    Path leaf = first;
    while (Files.isDirectory(leaf.resolve(name))) {
      leaf = leaf.resolve(name);
    }
    Files.copy(files.sound(), walked.resolve("a"));
    Files.copy(files.warned(), walked.resolve("z"));
    Files.move(second, leaf.resolve("second"));
    try {
      Tool.Run run = Tool.run(verb, "--json", walked).exits(2);
      assertEquals(2, run.lines().size());
      assertTrue(run.err().startsWith("xenstream: " + leaf.resolve("second")), run.err());
      assertTrue(run.err().endsWith(": File name too long\n"), run.err());
    } finally {
      Files.move(leaf.resolve("second"), second);
    }
  }

  /// A save that the disk had no room for leaves one.
  @Test
  void anEmptyFileOfAFolderIsNamed(@TempDir Path walked) throws IOException {
    Files.copy(files.sound(), walked.resolve("a"));
    Files.createFile(walked.resolve(".keep"));
    Path empty = Files.createFile(walked.resolve("b.xlsave"));
    assertEquals(
        """
        W/a: sound
        W/b.xlsave: no image (1 error)
        1 image: 1 sound, 0 unsound; 1 not judged; 1 other file passed over
        """,
        Tool.run("verify", "--quiet", walked)
            .quiet()
            .exits(2)
            .out()
            .replace(walked.toString(), "W"));
    String info = Tool.run("info", walked).quiet().exits(2).out();
    assertTrue(info.contains(empty.toString()), info);
    assertFalse(info.contains(".keep"), info);
    Files.delete(walked.resolve("a"));
    Tool.run("verify", walked).quiet().exits(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"info", "verify"})
  void aFolderWithoutAnImageIsAMistake(String verb, @TempDir Path walked) throws IOException {
    Files.copy(files.text(), walked.resolve("a"));
    Tool.Run run = Tool.run(verb, walked).exits(2);
    assertEquals("xenstream: no image among the files given\n", run.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense | Unmatched argument at index 0: 'nonsense' | xenstream",
        "info | Missing required parameter: 'IMAGE' | xenstream info",
        "verify | Missing required parameter: 'IMAGE' | xenstream verify",
        "records | Missing required parameter: 'IMAGE' | xenstream records",
        "copy | Missing required parameters: 'IN', 'OUT' | xenstream copy",
        "copy a | Missing required parameter: 'OUT' | xenstream copy",
        "copy a b c | Unmatched argument at index 3: 'c' | xenstream copy",
        "verify --nonsense a | Unknown option: '--nonsense' | xenstream verify",
        "verify --for 5.0 a | --for: no release \"5.0\"; known are 4.6 to 4.22 | xenstream verify",
        "verify --ignore x a | no rule is called x; 'xenstream rules' lists all | xenstream verify",
        "info --for 4 a | --for: no release \"4\"; known are 4.6 to 4.22 | xenstream info",
        "records --range x a | --range takes A..B, not x | xenstream records",
        "records a b | Unmatched argument at index 2: 'b' | xenstream records",
        "copy --to-version 4 a b | --to-version takes 2 or 3, not 4 | xenstream copy",
        "copy --byte-order pdp a b | --byte-order takes little or big, not pdp | xenstream copy",
        "copy --layer x a b | --layer takes libxc, libxl or xl, not x | xenstream copy",
        "copy --layer xl --strip-layers a b"
            + " | --strip-layers and --layer exclude each other | xenstream copy",
        "copy --drop-policies a b | --drop-policies goes with --to-version 2 | xenstream copy",
        "copy --to-version 3 --drop-policies a b"
            + " | --drop-policies goes with --to-version 2 | xenstream copy",
        "copy --config c a b | --config goes with --layer xl | xenstream copy",
        "verify - - | standard input can be read once, and is named twice | xenstream verify",
        "info - - | standard input can be read once, and is named twice | xenstream info",
        "rules x | no rule is called x; 'xenstream rules' lists all | xenstream rules",
      })
  void ofBadUsage(String line, String message, String command) {
    Tool.Run run = Tool.run((Object[]) line.split(" ")).exits(2);
    assertEquals("", run.out());
    assertEquals("xenstream: " + message + "\nTry '" + command + " --help'.\n", run.err());
  }

  @Test
  void withoutAVerbTheToolTellsWhatThereIs() {
    Tool.Run run = Tool.run().exits(2);
    assertEquals("", run.out());
    assertEquals(Tool.run("--help").quiet().exits(0).out(), run.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"info", "verify", "records", "copy", "rules"})
  void everyVerbExplainsItself(String verb) {
    Tool.Run help = Tool.run(verb, "--help").quiet().exits(0);
    assertEquals(
        "Usage: xenstream " + verb, help.out().substring(0, ("Usage: xenstream " + verb).length()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy", "convert", "simulate save", "simulate migrate"})
  void everyVerbThatWritesAnImageTellsItsMode(String verb) {
    String help = Tool.run((Object[]) (verb + " --help").split(" ")).quiet().exits(0).out();
    assertTrue(
        help.replaceAll("\\s+", " ")
            .contains(
                "for its owner alone (mode 0600), also in the place of a file that others could"
                    + " read."),
        help);
  }

  /// In ascending order, so that every run shows, and every manual page has, the same.
  @Test
  void everyVerbTellsItsExitCodes() {
    Deque<CommandLine> verbs = new ArrayDeque<>(Main.commands().getSubcommands().values());
    List<String> seen = new ArrayList<>();
    while (!verbs.isEmpty()) {
      CommandLine verb = verbs.pop();
      verbs.addAll(verb.getSubcommands().values());
      seen.add(verb.getCommandName());
      List<String> codes =
          List.copyOf(verb.getCommandSpec().usageMessage().exitCodeList().keySet());
      assertFalse(codes.isEmpty(), verb.getCommandName());
      assertEquals(codes.stream().sorted().toList(), codes, verb.getCommandName());
    }
    assertTrue(seen.containsAll(List.of("rules", "host", "simulate", "explore")), seen::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"info", "verify --quiet", "verify --json", "records", "--version"})
  @EnabledIf("hasAFullDisk")
  void whatCannotBeWrittenIsNotWell(String line) throws Exception {
    List<Object> arguments = new ArrayList<>(List.of((Object[]) line.split(" ")));
    if (!line.startsWith("-")) {
      arguments.add(files.sound());
    }
    Process process = Tool.process(arguments.toArray()).redirectOutput(FULL_DISK.toFile()).start();
    assertEquals(
        "xenstream: standard output cannot be written, as on a full disk\n",
        Tool.finish(process).exits(2).err());
  }

  @Test
  @EnabledIf("hasAFullDisk")
  void aCopyThatCannotBeWrittenNamesItsFiles() {
    Tool.Run run = Tool.run("copy", files.sound(), FULL_DISK).exits(2);
    assertEquals(
        "xenstream: " + files.sound() + " to /dev/full: No space left on device\n", run.err());
  }

  /// It is no fault of the guest: 1 is for one that could not be saved.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "simulate save --memory 8M /dev/full"
            + " | /dev/full @0x0: No space left on device: nothing was saved",
        "simulate save --memory 8M - >/dev/full"
            + " | standard output @0x0: No space left on device: nothing was saved",
        "simulate migrate --memory 8M --record /dev/full"
            + " | /dev/full @0x0: No space left on device: the guest goes on where it was, unharmed",
        "simulate save --memory 8M f | f: File too large: nothing was saved",
        "simulate migrate --memory 8M --record f"
            + " | f: File too large: the guest goes on where it was, unharmed",
      })
  @EnabledIf("hasAFullDisk")
  void aStreamThatCannotBeWrittenNamesItsFile(String line, String message, @TempDir Path empty)
      throws Exception {
    Process process = Tool.shell("ulimit -f 1000; x " + line).directory(empty.toFile()).start();
    assertEquals("xenstream: " + message + "\n", Tool.finish(process).exits(2).err());
    try (Stream<Path> left = Files.list(empty)) {
      assertEquals(List.of(), left.toList());
    }
  }

  static boolean hasAFullDisk() {
    return Files.exists(FULL_DISK);
  }

  @Test
  void standardInputIsReadFromAPipeAndFromAFile() throws Exception {
    byte[] image = Files.readAllBytes(files.sound());
    assertEquals("-: sound\n", Tool.piped(image, "verify", "-").quiet().exits(0).out());
    assertEquals(
        "-: unsound (1 error)\n",
        Tool.piped(Files.readAllBytes(files.broken()), "verify", "--quiet", "-")
            .quiet()
            .exits(1)
            .out());
    Process redirected =
        Tool.process("verify", "--strict", "-").redirectInput(files.warned().toFile()).start();
    assertEquals(
        """
        - @0x3a7 (record #0 X86_PV_INFO.reserved): warning: expected 0, found 0x01 \
        [XS0504-pv-info-reserved]
        -: sound (1 warning)
        """,
        Tool.finish(redirected).quiet().exits(1).out());
    assertEquals(
        "-: no image (1 error)\n",
        Tool.piped(new byte[0], "verify", "--quiet", "-").quiet().exits(2).out());
  }
}
