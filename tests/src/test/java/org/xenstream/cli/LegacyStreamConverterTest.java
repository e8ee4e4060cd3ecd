// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;
import org.xenstream.transfer.Patience;
import org.xenstream.x86.Blobs;

/// The program that libxl runs: its arguments, its descriptors, its exit codes.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LegacyStreamConverterTest {
  private static final byte[] STATE = {'Q', 'E', 'V', 'M', 1};

  @TempDir private Path folder;
  private byte[] image;
  private byte[] libxl;
  private byte[] libxc;
  private Path in;
  private Path out;

  @BeforeEach
  void make() throws IOException {
    image = ended(body());
    in = Files.write(folder.resolve("in"), image);
    out = folder.resolve("out");
    Tool.run("convert", "--to", "libxl", in, out).quiet().exits(0);
    libxl = Files.readAllBytes(out);
    Tool.run("convert", "--to", "libxc", in, out).exits(0);
    libxc = Files.readAllBytes(out);
    Files.delete(out);
  }

  private static LegacyImageBuilder body() {
    return LegacyImageBuilder.image(4).words(0x1000).filledBatch(0, 1, 2).vcpuInfo(0, 0);
  }

  private static byte[] ended(LegacyImageBuilder body) {
    return body.endOfBody()
        .hvmTail(0xFE, 0xFD, 0xFC, new byte[24])
        .deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, STATE)
        .octets();
  }

  private static Tool.Run run(Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "convert-legacy-stream";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Tool.run(all);
  }

  /// As libxl runs it: its own width, which is wrong here, and a cut long option.
  @Test
  void asLibxlRunsIt() throws IOException {
    Tool.Run run =
        run("--in", in, "--out", out, "--width", "64", "--guest", "hvm", "--format", "libxl");
    assertEquals(
        in
            + " @0x0 (legacy image.p2m_size): toolstack 64-bit was claimed, but the image is of"
            + " 32-bit\n",
        run.exits(0).err());
    assertEquals("", run.out());
    assertArrayEquals(libxl, Files.readAllBytes(out));
  }

  @ParameterizedTest
  @CsvSource({
    "-i;IN;-o;OUT;-w;32;-g;hvm;-f;libxl",
    "-iIN;-oOUT;-w32;-ghvm;-flibxl",
    "--in=IN;--out=OUT;--width=32;--guest-type=hvm;--format=libxl",
    "--i=IN;--o;OUT;--wi;32;--g;hvm;--f;libxl",
    "-g;pv;stray;-iIN;-g;hvm;-oOUT;-w;32;--form;libxl;--skip-qemu"
  })
  void allItsSpellings(String words) throws IOException {
    Object[] arguments =
        words.replace("IN", in.toString()).replace("OUT", out.toString()).split(";", -1);
    run(arguments).quiet().exits(0);
    assertArrayEquals(libxl, Files.readAllBytes(out));
  }

  /// Behind a bare libxc stream the device model's state stands as before.
  @Test
  void aLibxcStream() throws IOException {
    run("-i", in, "-o", out, "-w32", "-ghvm").quiet().exits(0);
    assertArrayEquals(
        StreamBuilder.join(
            libxc, Arrays.copyOfRange(image, image.length - STATE.length - 25, image.length)),
        Files.readAllBytes(out));
    run("-i", in, "-o", out, "-w32", "-ghvm", "--sk").quiet().exits(0);
    assertArrayEquals(libxc, Files.readAllBytes(out));
  }

  /// Where the device model's state is left behind the image on purpose nothing is said of it.
  @Test
  void octetsBehindTheImageAreTold() throws IOException {
    byte[] last = ended(body().chunk(LegacyImageBuilder.LAST_CHECKPOINT));
    Files.write(in, StreamBuilder.join(last, new byte[3]));
    String told = in + " @0x%x: left out: 3 octets behind the image\n".formatted(last.length);
    assertEquals(told, run("-i", in, "-o", out, "-w32", "-ghvm", "-flibxl").exits(0).err());
    assertArrayEquals(libxl, Files.readAllBytes(out));
    run("-i", in, "-o", out, "-w32", "-ghvm", "--skip-qemu").quiet().exits(0);
    assertArrayEquals(libxc, Files.readAllBytes(out));
    // A compressed file ends as any file does.
    Files.write(in, Layers.gzip(Files.readAllBytes(in)));
    assertEquals(
        told.replace(in.toString(), in + " [gzip]"),
        run("-i", in, "-o", out, "-w32", "-ghvm", "-flibxl").exits(0).err());
    assertArrayEquals(libxl, Files.readAllBytes(out));
  }

  /// Whoever migrates a guest keeps the pipe open, and sends no more before it was told that the
  /// guest is there: behind the end of an image nothing is waited for.
  @ParameterizedTest
  @ValueSource(strings = {"-flibxl", "-flibxc", "--skip-qemu"})
  void aPipeIsNotReadBeyondTheImage(String option) throws Exception {
    LegacyImageBuilder last = body().chunk(LegacyImageBuilder.LAST_CHECKPOINT);
    byte[] octets =
        option.equals("--skip-qemu")
            ? last.endOfBody().hvmTail(0xFE, 0xFD, 0xFC, new byte[24]).octets()
            : ended(last);
    Process process =
        Tool.process("convert-legacy-stream", "--in", 0, "--out", out, "-w32", "-ghvm", option)
            .start();
    try (OutputStream pipe = process.getOutputStream()) {
      pipe.write(octets);
      pipe.flush();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the process ends");
      Tool.finish(process).exits(0).quiet();
    } finally {
      process.destroyForcibly();
    }
    byte[] expected = option.equals("-flibxl") ? libxl : libxc;
    assertArrayEquals(expected, Arrays.copyOf(Files.readAllBytes(out), expected.length));
  }

  /// An image of Xen 4.0 or older does not say that no further state follows, and one of Remus does
  /// not either: what comes late belongs to it. The pause is longer than those that Xen's own
  /// restore took for the sender's end (`HEARTBEAT_MS` in `xc_domain_restore.c`).
  @ParameterizedTest
  @ValueSource(strings = {"convert", "stream"})
  void aSenderThatPausesIsWaitedFor(String program) throws IOException {
    byte[] late =
        ended(LegacyImageBuilder.image(4).filledBatch(3).chunk(LegacyImageBuilder.LAST_CHECKPOINT));
    Files.write(in, StreamBuilder.join(image, late));
    Tool.run("convert", in, out).exits(0);
    byte[] expected = Files.readAllBytes(out);
    assertFalse(Arrays.equals(libxl, expected));
    Files.delete(out);
    FilledPipe.Writer sender =
        to -> {
          to.write(image);
          Thread.sleep(1500);
          to.write(late);
        };
    try (FilledPipe pipe = FilledPipe.of(sender)) {
      Tool.Run run =
          program.equals("convert")
              ? Tool.run("convert", pipe.name(), out)
              : run("-i", pipe.number(), "-o", out, "-w32", "-ghvm", "-flibxl");
      run.exits(0);
    }
    assertArrayEquals(expected, Files.readAllBytes(out));
  }

  @Test
  void anXlHeaderIsKept() throws IOException {
    String config = "name='g'\n";
    Files.write(in, Layers.xlOfText(config, image));
    run("-xi", in, "-o", out, "-w32", "-ghvm", "-flibxl").quiet().exits(0);
    byte[] header = Layers.xlOfText(config, new byte[0]);
    header[36] = 2;
    assertArrayEquals(StreamBuilder.join(header, libxl), Files.readAllBytes(out));
    run("-xi", in, "-o", out, "-w32", "-ghvm", "--skip-qemu").quiet().exits(0);
    header[36] = 0;
    assertArrayEquals(StreamBuilder.join(header, libxc), Files.readAllBytes(out));
    Files.write(in, image);
    Files.delete(out);
    assertEquals(
        in + ": no xl header, though -x says that there is one\n",
        run("-x", "-i", in, "-o", out, "-w32", "-ghvm").exits(1).err());
    assertFalse(Files.exists(out));
  }

  @Test
  void itTellsWhatItDoes() {
    Tool.Run run = run("-vi", in, "-o", out, "-w32", "-ghvm", "-f", "libxl").quiet().exits(0);
    assertEquals(
        "32-bit toolstack, HVM, p2m of 0x1000 pfns\n5 records, device model 5 octets\n", run.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --no | 2 | convert-legacy-stream: error: no such option: --no
          -q | 2 | convert-legacy-stream: error: no such option: -q
          -w 16 | 2 | convert-legacy-stream: error: option -w: invalid choice: '16' (choose from '32', '64')
          --width=16 | 2 | convert-legacy-stream: error: option --width: invalid choice: '16' (choose from '32', '64')
          --s | 2 | convert-legacy-stream: error: ambiguous option: --s (--skip-qemu, --syslog?)
          -i | 2 | convert-legacy-stream: error: -i option requires 1 argument
          --xl=1 | 2 | convert-legacy-stream: error: --xl option does not take a value
          --in 99 --out 98 -w 64 -g pv | 1 | descriptor 99 is not open
          -i 0 -w 64 -g pv | 1 | "  --syslog              Log to syslog instead of stdout"
          """,
      quoteCharacter = '"')
  void badUsage(String words, int code, String last) {
    Tool.Run run = run((Object[]) words.split(" ", -1)).exits(code);
    assertEquals(last.strip(), run.err().lines().reduce((_, line) -> line).orElse("").strip());
    assertTrue(run("--help").quiet().exits(0).out().startsWith("Usage: convert-legacy-stream"));
  }

  /// An output that was there stays as it was, and nothing else is left.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void damage(boolean outputIsThere) throws IOException {
    if (outputIsThere) {
      Files.writeString(out, "what was here");
    }
    byte[] gzip = Layers.gzip(ended(body().chunk(LegacyImageBuilder.LAST_CHECKPOINT)));
    List<byte[]> damaged =
        List.of(
            Arrays.copyOf(image, 0x2000),
            Arrays.copyOf(image, image.length - 1),
            "no image at all, not even an old one".getBytes(ISO_8859_1),
            // Whole, but for the end of its compression.
            Arrays.copyOf(gzip, gzip.length - 4),
            new byte[0]);
    for (byte[] octets : damaged) {
      Files.write(in, octets);
      assertTrue(run("-i", in, "-o", out, "-w32", "-ghvm").exits(1).err().contains(" @0x"));
      assertEquals(outputIsThere, Files.exists(out));
      try (Stream<Path> files = Files.list(folder)) {
        assertEquals(outputIsThere ? 2 : 1, files.count());
      }
      assertTrue(!outputIsThere || Files.readString(out).equals("what was here"));
    }
  }

  /// As in the save helper's runtime image, which has none of the libraries of the tool.
  @Test
  void itNeedsNoLibraries() throws Exception {
    List<String> modules = new ArrayList<>();
    for (Class<?> type :
        List.of(
            LegacyStreamConverter.class,
            LegacyOptions.class,
            StreamRecord.class,
            Blobs.class,
            Descriptor.class,
            Patience.class)) {
      modules.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    for (String limit : List.of("1M", "much")) {
      ProcessBuilder builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              String.join(":", modules),
              LegacyStreamConverter.class.getName(),
              "-w32",
              "-ghvm",
              "-i",
              in.toString(),
              "-o",
              out.toString());
      builder.environment().put("XENSTREAM_SCRATCH_LIMIT", limit);
      Tool.finish(builder.start()).exits(0).quiet();
    }
  }

  /// Descriptors as libxl hands them over: a file that stands behind the header that xl has read,
  /// and a pipe.
  @Test
  void inheritedDescriptors() throws Exception {
    byte[] header = Layers.xlOfText("name='g'\n", new byte[0]);
    Files.write(in, StreamBuilder.join(header, image));
    String java = Tool.shell("convert-legacy-stream");
    String script =
        "exec 7<\"$1\"; dd bs=%d count=1 <&7 >/dev/null 2>&1; "
            + "{ %s --in 7 --out 8 -w 32 -g hvm -f libxl 8>&1 >/dev/null; } | cat";
    Process process =
        new ProcessBuilder("sh", "-c", script.formatted(header.length, java), "sh", in.toString())
            .start();
    Tool.Run run = Tool.finish(process).exits(0).quiet();
    assertArrayEquals(libxl, run.out().getBytes(ISO_8859_1));

    // From a pipe into a file that has something in it already.
    Files.writeString(out, "before");
    script = "tail -c +%d \"$1\" | { %s --in 0 --out 9 -w 32 -g hvm -f libxl 9>>\"$2\"; }";
    process =
        new ProcessBuilder(
                "sh",
                "-c",
                script.formatted(header.length + 1, java),
                "sh",
                in.toString(),
                out.toString())
            .start();
    Tool.finish(process).exits(0).quiet();
    assertArrayEquals(
        StreamBuilder.join("before".getBytes(ISO_8859_1), libxl), Files.readAllBytes(out));
  }

  /// A socket cannot be opened once more by its name.
  @Test
  void sockets() throws Exception {
    try (DescriptorPair in = DescriptorPair.sockets();
        DescriptorPair out = DescriptorPair.sockets()) {
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                try (Descriptor end = in.second();
                    InheritedOutput socket = new InheritedOutput("in", end)) {
                  socket.write(ByteBuffer.wrap(image));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      CompletableFuture<byte[]> read =
          CompletableFuture.supplyAsync(() -> {
            try (OctetInput socket = InheritedDescriptor.read(out.second().number())) {
              return socket.peek(libxl.length + 1L).toArray(ValueLayout.JAVA_BYTE);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      run(
              "--in",
              in.first().number(),
              "--out",
              out.first().number(),
              "-w",
              "32",
              "-g",
              "hvm",
              "-f",
              "libxl")
          .quiet()
          .exits(0);
      writer.join();
      out.first().close();
      assertArrayEquals(libxl, read.get(30, TimeUnit.SECONDS));
    }
  }

  /// Nor is a descriptor written that was opened to be read: it may be one of the JDK's own files.
  @Test
  void descriptorsOfTheOtherKind() throws IOException {
    Files.writeString(out, "what was here");
    try (Descriptor toRead = Descriptor.openToRead(out);
        Descriptor toWrite = Descriptor.openToWrite(folder.resolve("other"))) {
      String number = Integer.toString(toRead.number());
      assertEquals(
          "descriptor " + number + " is not open to be written\n",
          run("-i", in, "-o", number, "-w32", "-ghvm").exits(1).err());
      assertEquals("what was here", Files.readString(out));
      number = Integer.toString(toWrite.number());
      assertEquals(
          "descriptor " + number + " is not open to be read\n",
          run("-i", number, "-o", out, "-w32", "-ghvm").exits(1).err());
    }
  }

  /// Whoever read the socket is gone.
  @Test
  void aSocketThatNobodyReads() throws IOException {
    try (DescriptorPair out = DescriptorPair.sockets()) {
      int number = out.first().number();
      out.second().close();
      Tool.Run run = run("-i", in, "-o", number, "-w32", "-ghvm", "-flibxl").exits(1);
      assertEquals("descriptor %d: Broken pipe\n".formatted(number), run.err());
    }
  }

  /// What a program called `logger` is given, which speaks to the system's log.
  @Test
  void theSystemsLog() throws Exception {
    Path told = folder.resolve("told");
    Tool.Run run =
        logged(
            """
            #!/bin/sh
            echo "$@" >>'%1$s'
            while read -r line; do echo "$line" >>'%1$s'; done
            """
                .formatted(told));
    String claim =
        in
            + " @0x0 (legacy image.p2m_size): toolstack 64-bit was claimed, but the image is of"
            + " 32-bit";
    assertEquals(claim + "\n", run.exits(0).err());
    assertEquals("", run.out());
    assertEquals(
        List.of(
            "-i -t convert-legacy-stream -p daemon.err",
            claim,
            "32-bit toolstack, HVM, p2m of 0x1000 pfns",
            "5 records, device model 5 octets"),
        Files.readAllLines(told));
  }

  /// The real one, kept from speaking to the real log.
  @Test
  void theSystemsLogAsTheSystemHasIt() throws Exception {
    Path logger = Path.of("/usr/bin/logger");
    Path told = folder.resolve("told");
    String script =
        "#!/bin/sh\nexec %s --no-act --stderr --socket-errors=off \"$@\" 2>'%s'\n"
            .formatted(logger, told);
    assumeTrue(Files.isExecutable(logger), "no " + logger + " here");
    Tool.Run version = Tool.finish(new ProcessBuilder(logger.toString(), "--version").start());
    assumeTrue(version.out().contains("util-linux"), "that of util-linux can be kept from it");
    logged(script).exits(0);
    String last = Files.readAllLines(told).getLast();
    assertTrue(
        last.matches(".*convert-legacy-stream\\[[0-9]+]: 5 records, device model 5 octets"), last);
  }

  /// Where there is no log, its program ends at once; where there is no program, that is said.
  @Test
  void noSystemLog() throws Exception {
    logged("#!/bin/sh\nexit 1\n").exits(0);
    assertArrayEquals(libxl, Files.readAllBytes(out));
    Tool.Run run = logged(null).exits(0);
    assertArrayEquals(libxl, Files.readAllBytes(out));
    assertEquals(
        "xenstream: no system log: Cannot run program \"logger\"",
        run.err().lines().findFirst().orElse("").replaceAll(":[^:]*:[^:]*$", ""));
  }

  /// Converts in a process that finds nothing but this `logger`.
  private Tool.Run logged(@Nullable String logger) throws Exception {
    Path programs = Files.createTempDirectory(folder, "bin");
    if (logger != null) {
      Path script = Files.writeString(programs.resolve("logger"), logger);
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }
    ProcessBuilder process =
        Tool.process(
            "convert-legacy-stream",
            "-v",
            "--syslog",
            "-i",
            in,
            "-o",
            out,
            "-w64",
            "-ghvm",
            "-flibxl");
    process.environment().put("PATH", programs.toString());
    return Tool.finish(process.start());
  }
}
