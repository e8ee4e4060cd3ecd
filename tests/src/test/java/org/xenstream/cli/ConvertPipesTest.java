// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// `convert` between pipes, where pages are handed on in the kernel as soon as that is made ready:
/// an image that is far longer than what pipes hold, in processes of their own.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConvertPipesTest {
  private static final int BATCHES = 6;
  private static final int BATCH = 1024;

  /// Octets that are converted before pages are handed on.
  private static final int FIRST = 1 << 20;

  @TempDir private Path folder;
  private byte[] image;
  private byte[] expected;
  private Path out;

  @BeforeEach
  void make() throws IOException {
    LegacyImageBuilder builder = LegacyImageBuilder.image(8).words(BATCHES * BATCH);
    for (int i = 0; i < BATCHES; i++) {
      builder.filledBatch(LongStream.range((long) i * BATCH, (long) (i + 1) * BATCH - i).toArray());
    }
    image =
        builder
            .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
            .endOfBody()
            .hvmTail(0xFE, 0xFD, 0xFC, new byte[24])
            .octets();
    Path in = Files.write(folder.resolve("in"), image);
    out = folder.resolve("out");
    Tool.run("convert", "--to", "libxc", in, out).exits(0);
    expected = Files.readAllBytes(out);
    Files.delete(out);
  }

  private static ProcessBuilder converter() {
    return Tool.process("convert", "--to", "libxc", "-", "-");
  }

  /// Waits until the process has made ready what hands pages on. It has begun to do so before it
  /// read anything.
  private static void awaitReady(Process process) throws Exception {
    while (isAtIt(process)) {
      Thread.sleep(5);
    }
  }

  private static boolean isAtIt(Process process) throws IOException {
    Path tasks = Path.of("/proc/" + process.pid() + "/task");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(tasks)) {
      for (Path task : all) {
        if (Files.readString(task.resolve("comm")).equals("standard pipes\n")) {
          return true;
        }
      }
      return false;
    } catch (NoSuchFileException e) {
      return true; // A thread ended meanwhile: which one, the next look tells.
    }
  }

  private static void write(OutputStream to, byte[] octets, int from, int until) {
    try {
      to.write(octets, from, until - from);
      to.flush();
    } catch (IOException e) {
      // The process has read enough.
    }
  }

  /// Gives the process an image of which the first octets are converted before it is ready to hand
  /// on, and the others after; nothing is read meanwhile, so that both pipes are full.
  private static byte[] through(Process process, byte[] image) throws Exception {
    OutputStream in = process.getOutputStream();
    InputStream from = process.getInputStream();
    Thread writer =
        Thread.startVirtualThread(() -> {
          write(in, image, 0, image.length);
          try {
            in.close();
          } catch (IOException e) {
            // Likewise.
          }
        });
    ByteArrayOutputStream made = new ByteArrayOutputStream();
    made.write(from.readNBytes(FIRST));
    awaitReady(process);
    Thread.sleep(50);
    made.write(from.readAllBytes());
    writer.join();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process ends");
    return made.toByteArray();
  }

  private static String complaint(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), UTF_8);
  }

  @Test
  void fromAPipeIntoAPipe() throws Exception {
    Process process = converter().start();
    byte[] made = through(process, image);
    assertArrayEquals(expected, made);
    assertEquals(
        "xenstream: standard input @0x%x (legacy device model): no device model follows the HVM"
                .formatted(image.length)
            + " context\n",
        complaint(process));
    assertEquals(0, process.exitValue());
  }

  @Test
  void anImageThatIsCutAmidPages() throws Exception {
    int cut = image.length - 3 * 1_000_000;
    Process process = converter().start();
    byte[] made = through(process, Arrays.copyOf(image, cut));
    String complaint = complaint(process);
    assertTrue(
        complaint.startsWith(
                "xenstream: standard input @0x%x (legacy batch.pages): ".formatted(cut))
            && complaint.endsWith(" octets before the end\n"),
        complaint);
    assertEquals(1, process.exitValue());
    assertArrayEquals(Arrays.copyOf(expected, made.length), made, "what was written is no other");
    assertTrue(made.length > cut - 1_000_000, () -> "only " + made.length);
  }

  @Test
  void whoeverReadsEndsEarly() throws Exception {
    Process process = converter().start();
    Thread writer =
        Thread.startVirtualThread(() -> write(process.getOutputStream(), image, 0, image.length));
    InputStream from = process.getInputStream();
    assertArrayEquals(Arrays.copyOf(expected, FIRST), from.readNBytes(FIRST));
    awaitReady(process);
    from.close();
    assertEquals("xenstream: - to -: Broken pipe\n", complaint(process));
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process ends");
    assertEquals(2, process.exitValue());
    writer.join();
  }

  /// The kernel hands no pages on to a file that is appended to: they are copied.
  @Test
  void aFileThatIsAppendedTo() throws Exception {
    Files.writeString(out, "before", ISO_8859_1);
    Process process =
        converter().redirectOutput(ProcessBuilder.Redirect.appendTo(out.toFile())).start();
    through(process, image);
    assertEquals(0, process.exitValue());
    byte[] made = Files.readAllBytes(out);
    assertEquals("before", new String(made, 0, 6, ISO_8859_1));
    assertArrayEquals(expected, Arrays.copyOfRange(made, 6, made.length));
  }

  @Test
  void aFileBehindStandardOutput() throws Exception {
    Process process = converter().redirectOutput(out.toFile()).start();
    through(process, image);
    assertEquals(0, process.exitValue());
    assertArrayEquals(expected, Files.readAllBytes(out));
  }

  /// It waits in the kernel, for more of the image or for its reader.
  @Test
  void anInterruptEndsAConversionThatWaits() throws Exception {
    Process process = converter().start();
    OutputStream in = process.getOutputStream();
    Thread writer = Thread.startVirtualThread(() -> write(in, image, 0, 3 * FIRST));
    InputStream from = process.getInputStream();
    byte[] first = from.readNBytes(FIRST);
    awaitReady(process);
    byte[] second = from.readNBytes(FIRST);
    Thread.sleep(50);
    // Process.destroy would close the pipes, too.
    String pid = Long.toString(process.pid());
    assertEquals(0, new ProcessBuilder("kill", "-TERM", pid).start().waitFor());
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the process ends");
    writer.join();
    assertEquals(128 + 15, process.exitValue());
    assertArrayEquals(Arrays.copyOf(expected, FIRST), first);
    assertArrayEquals(Arrays.copyOfRange(expected, FIRST, 2 * FIRST), second);
  }

  /// Amid a second checkpoint, which waits in a scratch file: neither that is left, nor an
  /// unfinished output.
  @ParameterizedTest
  @CsvSource({"INT, 2, convert", "TERM, 15, convert", "INT, 2, stream", "TERM, 15, stream"})
  void anInterruptLeavesNothing(String signal, int number, String program) throws Exception {
    // What a shell runs in the background ignores SIGINT, and so does all that it starts.
    assumeFalse(isIgnored(number), () -> "SIG" + signal + " is ignored here");
    Files.writeString(out, "what was here");
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    ProcessBuilder builder =
        program.equals("convert")
            ? Tool.process("convert", "-", out)
            : Tool.process("convert-legacy-stream", "--in", 0, "--out", out, "-w64", "-ghvm");
    builder.environment().put("XENSTREAM_SCRATCH", scratch.toString());
    Process process = builder.start();
    byte[] state =
        LegacyImageBuilder.image(8)
            .words(16)
            .filledBatch(1, 2)
            .endOfBody()
            .hvmTail(5, 6, 7, new byte[24])
            .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS)
            .filledBatch(1)
            .chunk(LegacyImageBuilder.VCPU_INFO)
            .octets();
    OutputStream in = process.getOutputStream();
    write(in, state, 0, state.length);
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8))) {
      String line = said.readLine();
      assertTrue(line.endsWith("waits in a scratch file in " + scratch), line);
      String partial = ".out.%d.partial".formatted(process.pid());
      assertEquals(Set.of("in", "out", "scratch", partial), names(folder));
      String pid = Long.toString(process.pid());
      assertEquals(0, new ProcessBuilder("kill", "-" + signal, pid).start().waitFor());
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the process ends");
    }
    assertEquals(128 + number, process.exitValue());
    assertEquals(Set.of("in", "out", "scratch"), names(folder));
    assertEquals(Set.of(), names(scratch));
    assertEquals("what was here", Files.readString(out));
    in.close();
  }

  private static boolean isIgnored(int signal) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .anyMatch(mask -> (mask >>> (signal - 1) & 1) != 0);
  }

  private static Set<String> names(Path folder) {
    return Set.of(folder.toFile().list());
  }

  /// As of a full disk: the system takes no more of the file.
  @Test
  void anOutputThatIsTooLarge() throws Exception {
    Files.writeString(out, "what was here");
    Path in = folder.resolve("in");
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "ulimit -f 2048; exec \"$@\"", "sh"));
    command.addAll(Tool.process("convert", in, out).command());
    Tool.Run run = Tool.finish(new ProcessBuilder(command).start()).exits(2);
    assertTrue(
        run.err().endsWith("xenstream: %s to %s: File too large\n".formatted(in, out)), run.err());
    assertEquals(Set.of("in", "out"), names(folder));
    assertEquals("what was here", Files.readString(out));
  }
}
