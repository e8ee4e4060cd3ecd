// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.os.Descriptor;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

/// What `copy` does with files, pipes and options, on the smallest sample.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CopyVerbTest {
  @TempDir private Path folder;
  private byte[] image;
  private Path in;
  private Path out;

  /// What is said when the sample's layers are taken off.
  private static final String CONFIG_LEFT_OUT =
      "xenstream: left out: the domain's configuration (xl), 805 octets\n";

  @BeforeEach
  void make() throws IOException {
    image = Tool.pv32();
    in = Files.write(folder.resolve("in"), image);
    out = folder.resolve("out");
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static byte[] bare(byte[] image) {
    return Arrays.copyOfRange(image, Pv32.LIBXC, image.length - 8);
  }

  private byte[] copy(Object... options) throws IOException {
    return copySaying("", options);
  }

  private byte[] copySaying(String said, Object... options) throws IOException {
    Object[] all = new Object[options.length + 3];
    all[0] = "copy";
    System.arraycopy(options, 0, all, 1, options.length);
    all[options.length + 1] = in;
    all[options.length + 2] = out;
    assertEquals(new Tool.Run(0, "", said), Tool.run(all));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(out)));
    return Files.readAllBytes(out);
  }

  @Test
  void aCopyIsTheSameAndItsOwnersAlone() throws IOException {
    assertArrayEquals(image, copy());
    assertEquals(List.of("in", "out"), files());
  }

  @Test
  void compressionIsTakenOff() throws IOException {
    Tool.run("copy", Tool.sample("pv32.xlsave.zst"), out).quiet().exits(0);
    assertArrayEquals(image, Files.readAllBytes(out));
  }

  @Test
  void anOldFileIsReplacedAndALinkToItStays() throws IOException {
    Path old = Files.writeString(folder.resolve("old"), "what was here");
    Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rw-rw-r--"));
    Files.createSymbolicLink(out, old);
    assertArrayEquals(image, copy());
    assertTrue(Files.isSymbolicLink(out));
    assertArrayEquals(image, Files.readAllBytes(old));
    assertEquals(List.of("in", "old", "out"), files());
  }

  @Test
  void whatCannotBeCopiedLeavesTheOldFileAlone() throws IOException {
    Files.write(in, Arrays.copyOf(image, Pv32.CUT));
    Tool.Run run = Tool.run("copy", in, out).exits(1);
    assertEquals(
        "xenstream: %s @0x1e8480 (record #5 PAGE_DATA): expected 4202512 octets of".formatted(in)
            + " header, body and padding,"
            + " found 1997807 octets before the end\n",
        run.err());
    assertEquals(List.of("in"), files());
    Files.writeString(out, "what was here");
    Tool.run("copy", in, out).exits(1);
    Tool.run("copy", folder.resolve("absent"), out).exits(2);
    assertEquals("what was here", Files.readString(out));
    assertEquals(List.of("in", "out"), files());
  }

  @Test
  void anImageIsCopiedOverItself() throws IOException {
    Tool.run("copy", "--strip-layers", in, in).exits(0);
    assertArrayEquals(bare(image), Files.readAllBytes(in));
  }

  /// A descriptor that nobody handed over may be one of the JDK's own files.
  @Test
  void whatADescriptorMayOnlyReadIsNotReplaced() throws IOException {
    Files.writeString(out, "what was here");
    try (Descriptor toRead = Descriptor.openToRead(out)) {
      Path link = Files.createSymbolicLink(folder.resolve("link"), descriptor(toRead));
      for (Path path : List.of(descriptor(toRead), link)) {
        Tool.Run run = Tool.run("copy", in, path).exits(2);
        assertTrue(
            run.err().contains("descriptor " + toRead.number() + " is not open to be written\n"));
      }
      Files.delete(link);
    }
    assertEquals("what was here", Files.readString(out));
    assertEquals(List.of("in", "out"), files());
  }

  /// What else is written there stands before and behind.
  @Test
  void aDescriptorIsWrittenWhereItStands() throws Exception {
    String java = Tool.words("copy");
    for (String path : List.of("/dev/stdout", "/dev/fd/1", "/dev/fd/7")) {
      String script = "{ printf head; " + java + " \"$1\" " + path + "; printf tail; }";
      Process process =
          new ProcessBuilder(
                  "sh", "-c", script + " >\"$2\" 7>&1", "sh", in.toString(), out.toString())
              .start();
      Tool.finish(process).exits(0).quiet();
      assertArrayEquals(
          StreamBuilder.join("head".getBytes(ISO_8859_1), image, "tail".getBytes(ISO_8859_1)),
          Files.readAllBytes(out),
          path);
    }
  }

  /// Nothing is said to be written that went nowhere.
  @ParameterizedTest
  @ValueSource(strings = {"/dev/stdout", "/dev/fd/1", "/dev/fd/7 7</dev/null"})
  void aDescriptorThatCannotBeWrittenIsAnError(String where) throws Exception {
    // As the launchers leave what is closed.
    String line = "exec 1</dev/null; " + Tool.words("copy") + " \"$1\" " + where;
    Process process = new ProcessBuilder("sh", "-c", line, "sh", in.toString()).start();
    Tool.finish(process).exits(2);
  }

  /// Octets of a name, of which there can be 255: OUT itself is named, before it is written.
  @Test
  void aNameThatIsTooLongIsRefused() throws IOException {
    Path tooLong = folder.resolve("x".repeat(256));
    assertEquals(
        "xenstream: " + tooLong + ": File name too long\n",
        Tool.run("copy", in, tooLong).exits(2).err());
    assertEquals(List.of("in"), files());
  }

  private static Path descriptor(Descriptor descriptor) {
    return Path.of("/dev/fd/" + descriptor.number());
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    Tool.Run run = Tool.run("copy", in, folder.resolve("absent/out")).exits(2);
    assertEquals("xenstream: " + folder.resolve("absent") + ": no such folder\n", run.err());
  }

  @Test
  void layersAreTakenOff() throws IOException {
    byte[] libxl = Arrays.copyOfRange(image, 0x359, image.length);
    assertArrayEquals(bare(image), copySaying(CONFIG_LEFT_OUT, "--strip-layers"));
    assertArrayEquals(bare(image), copySaying(CONFIG_LEFT_OUT, "--layer", "libxc"));
    assertArrayEquals(libxl, copySaying(CONFIG_LEFT_OUT, "--layer=libxl"));
    assertArrayEquals(image, copy("--layer=xl"));
  }

  /// What a link leads to is written, whether it is there or not.
  @Test
  void aLinkIsFollowed() throws IOException {
    Path target = Files.createDirectory(folder.resolve("sub")).resolve("target");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("sub/target"));
    Files.createSymbolicLink(out, Path.of("link"));
    for (int time = 0; time < 2; time++) {
      Tool.run("copy", in, out).quiet().exits(0);
      assertTrue(Files.isSymbolicLink(out));
      assertArrayEquals(image, Files.readAllBytes(target));
    }
    Files.delete(target);
    Files.createSymbolicLink(target, out);
    assertEquals(
        "xenstream: " + out + ": too many links\n", Tool.run("copy", in, out).exits(2).err());
  }

  @Test
  void aLongNameLeavesRoomForTheUnfinishedFile() throws IOException {
    Path longest = folder.resolve("o".repeat(255));
    Tool.run("copy", in, longest).quiet().exits(0);
    assertArrayEquals(image, Files.readAllBytes(longest));
    assertEquals(List.of("in", "o".repeat(255)), files());
  }

  @Test
  void layersAreMade() throws IOException {
    Path config = Files.writeString(folder.resolve("config"), Layers.CONFIG);
    byte[] bare = bare(image);
    Files.write(in, bare);
    byte[] libxl = Layers.libxl(bare);
    assertArrayEquals(libxl, copy("--layer", "libxl"));
    byte[] xl = Layers.xl(libxl);
    byte[] made = copy("--layer", "xl", "--config", config);
    Tool.run("verify", "--strict", out).quiet().exits(0);
    assertArrayEquals(libxl, Arrays.copyOfRange(made, made.length - libxl.length, made.length));
    assertArrayEquals(Arrays.copyOf(xl, 40), Arrays.copyOf(made, 40), "signature, order and flags");
    assertTrue(Tool.run("info", out).out().contains("named g"), "the name in the configuration");
    Files.write(in, image);
    byte[] renamed = copy("--layer", "xl", "--config", config);
    assertArrayEquals(made, renamed, "in place of the image's own");
    Files.writeString(config, "[{\"domid\": 3, \"config\": " + Layers.CONFIG + "}]");
    assertArrayEquals(made, copy("--layer", "xl", "--config", config), "as xl lists it");
  }

  @Test
  void aConfigurationThatIsNowhereIsMissed() throws IOException {
    Files.write(in, bare(image));
    Tool.Run run = Tool.run("copy", "--layer=xl", in, out).exits(1);
    assertEquals(
        "xenstream: %s @0x0 (copy): expected a configuration for the xl save file,".formatted(in)
            + " found none in the image\n",
        run.err());
    Path absent = folder.resolve("absent");
    run = Tool.run("copy", "--layer=xl", "--config", absent, in, out).exits(2);
    assertEquals("xenstream: " + absent + ": no such file\n", run.err());
    assertEquals(List.of("in"), files());
    Path config = Files.writeString(folder.resolve("config"), "name='g'\n");
    run = Tool.run("copy", "--layer=xl", "--config", config, in, out).exits(2);
    assertEquals(
        """
        xenstream: --config takes JSON, as 'xl list -l NAME' writes it, and no other text
        Try 'xenstream copy --help'.
        """,
        run.err());
    Files.writeString(config, "{");
    run = Tool.run("copy", "--layer=xl", "--config", config, in, out).exits(1);
    assertTrue(
        run.err().startsWith("xenstream: " + config + " @0x1 (config): expected JSON"), run.err());
    assertEquals(List.of("config", "in"), files());
  }

  @Test
  void policiesAreNotLostInSilence() throws IOException {
    Tool.Run run = Tool.run("copy", "--to-version", "2", in, out).exits(1);
    assertEquals(
        "xenstream: %s @0x%x (record #1 X86_CPUID_POLICY): expected a record that"
                .formatted(in, Pv32.CPUID_POLICY)
            + " version 2 has (--drop-policies leaves CPU policies out), found X86_CPUID_POLICY\n",
        run.err());
    assertEquals(List.of("in"), files());
    run = Tool.run("copy", "--to-version=2", "--drop-policies", in, out).exits(0);
    assertEquals(
        "xenstream: 2 records of CPU policies left out: the toolstack that restores the copy has to"
            + " know them\n",
        run.err());
    assertEquals(out + ": sound\n", Tool.run("verify", "--quiet", out).quiet().exits(0).out());
    assertEquals(image.length - (1184 + 40 + 8), Files.size(out));
    Tool.run("copy", "--to-version=3", in, out).quiet().exits(0);
    assertArrayEquals(image, Files.readAllBytes(out), "version 3 has them");
  }

  /// A bare libxc stream has no place for the state of a device model.
  @Test
  void statesOfDevicesAreNotLostInSilence() throws IOException {
    Files.write(in, Layers.xenServer(Samples.hvm()));
    Tool.Run run = Tool.run("copy", "--strip-layers", in, out).exits(0);
    assertEquals(
        """
        xenstream: left out: part Xenops, 4 octets
        xenstream: left out: part Qemu_xen, 10 octets
        """,
        run.err());
    assertArrayEquals(Samples.hvm(), Files.readAllBytes(out));
    assertTrue(Tool.run("info", in).out().contains("  device      Qemu_xen: 10 octets of state\n"));
    Tool.run("copy", in, out).quiet().exits(0);
    assertEquals(-1, Files.mismatch(in, out));
    run = Tool.run("copy", "--strip-layers", Tool.sample("hvm.xlsave.zst"), out).exits(0);
    assertEquals(
        """
        xenstream: left out: the domain's configuration (xl), 1.21 KiB
        xenstream: left out: libxl EMULATOR_CONTEXT, 6.02 KiB
        """,
        run.err());
    Files.write(in, StreamBuilder.join(image, new byte[7]));
    run = Tool.run("copy", "--layer=libxl", in, out).exits(0);
    assertEquals(
        CONFIG_LEFT_OUT + "xenstream: left out: what stands behind the image, 7 octets\n",
        run.err());
  }

  /// What a layer tells of the domain goes with it.
  @Test
  void whatLayersHoldIsNotLostInSilence() throws IOException {
    byte[] libxl = Layers.libxl(bare(image));
    String xml =
        "xenstream: left out: the domain's description (libvirt), %d octets\n"
            .formatted(Layers.XML.length());
    Files.write(in, Layers.libvirt(2, libxl));
    assertArrayEquals(bare(image), copySaying(xml, "--strip-layers"));
    assertArrayEquals(libxl, copySaying(xml, "--layer=libxl"));
    Path config = Files.writeString(folder.resolve("config"), Layers.CONFIG);
    copySaying(xml, "--layer=xl", "--config", config);
    assertEquals(-1, Arrays.mismatch(Files.readAllBytes(in), copy()));

    String go = "xenstream: left out: the GO message of xl migrate, 44 octets\n";
    Files.write(in, Layers.wire(libxl));
    assertArrayEquals(Layers.xl(libxl), copySaying(go, "--layer=xl"));
    assertTrue(Tool.run("copy", "--layer=libxl", in, out).exits(0).err().endsWith(go));

    Files.write(
        in,
        StreamBuilder.join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(0x0F, 4, new byte[4]),
            Layers.xenServerPart(0xF1, 0, libxl),
            Layers.xenServerPart(0xFFFF, 0, new byte[0])));
    String xenops = "xenstream: left out: part Xenops, 4 octets\n";
    assertArrayEquals(bare(image), copySaying(xenops, "--strip-layers"));
    assertArrayEquals(libxl, copySaying(xenops, "--layer=libxl"));
  }

  /// A header without a configuration has none to lose, and one in whose place another is asked for
  /// is replaced.
  @Test
  void whatIsNotLostIsNotNamed() throws IOException {
    byte[] libxl = Layers.libxl(bare(image));
    byte[] bareXl = Arrays.copyOf(Layers.xl(libxl), 48);
    Arrays.fill(bareXl, 44, 48, (byte) 0);
    Files.write(in, StreamBuilder.join(bareXl, libxl));
    assertArrayEquals(libxl, copy("--layer=libxl"));
    Files.write(in, image);
    Path config = Files.writeString(folder.resolve("config"), Layers.CONFIG);
    copy("--layer=xl", "--config", config);
  }

  /// A libxl stream around a bare one has none of the state that libxl starts a device model with.
  @Test
  void theLackOfADeviceModelsStateIsNamed() throws IOException {
    Path bare = folder.resolve("bare");
    Tool.run("copy", "--strip-layers", Tool.sample("hvm.xlsave.zst"), bare).exits(0);
    Tool.Run run = Tool.run("copy", "--layer=libxl", bare, out).exits(0);
    assertEquals(
        "xenstream: missing: the state of the guest's device model, without which libxl does not"
            + " restore the copy\n",
        run.err());
    assertTrue(Tool.run("verify", out).exits(1).out().contains("XS2023-emulator-context-missing"));
    Tool.run("copy", "--layer=libxc", out, bare).quiet().exits(0);
    run = Tool.run("copy", "--layer=libxl", Tool.sample("hvm.xlsave.zst"), out).exits(0);
    assertFalse(run.err().contains("missing: "), run.err());
  }

  @Test
  void bigEndianIsTheSameThereAndBack() throws IOException {
    byte[] big = copy("--byte-order", "big");
    assertEquals(image.length, big.length);
    assertNotEquals(-1, Arrays.mismatch(image, big));
    assertEquals(
        """
        O @0x365 (libxl header.options): error: expected bit 0 clear, as on x86, found 0x1 \
        [XS2003-libxl-big-endian]
        O @0x381 (image header.options): error: expected bit 0 clear, as on x86, found 0x1 \
        [XS0104-image-big-endian]
        O: unsound (2 errors)
        """,
        Tool.run("verify", out).quiet().exits(1).out().replace(out.toString(), "O"));
    Files.write(in, big);
    assertArrayEquals(image, copy("--byte-order", "little"));
    assertArrayEquals(big, copy("--byte-order", "big"));
  }

  @Test
  void whatCannotBeSwappedIsNamed() throws IOException {
    byte[] little =
        StreamBuilder.stream()
            .imageHeader(3)
            .domainHeader(2)
            .record(0x10)
            .record(0x80000077, StreamBuilder.filled(6, 0x26))
            .end()
            .octets();
    Files.write(in, little);
    assertEquals(
        "xenstream: not swapped, as nothing tells what in it is a number: OPTIONAL_0x80000077, 6"
            + " octets\n",
        Tool.run("copy", "--byte-order", "big", in, out).exits(0).err());
  }

  // From here on in processes of their own.

  @ParameterizedTest
  @ValueSource(strings = {"-", "/dev/stdout"})
  void aPipeIsCopiedToAPipe(String stdout) throws Exception {
    Tool.Run run = Tool.piped(image, "copy", "-", stdout).quiet().exits(0);
    assertArrayEquals(image, run.out().getBytes(ISO_8859_1));
  }

  @Test
  void aFileIsCopiedToAFileBehindStandardOutput() throws Exception {
    Files.writeString(out, "");
    Process process =
        Tool.process("copy", "--strip-layers", "-", "-")
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .start();
    assertEquals(CONFIG_LEFT_OUT, Tool.finish(process).exits(0).err());
    assertArrayEquals(bare(image), Files.readAllBytes(out));
  }

  @Test
  void aFifoIsWrittenAsItIs() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    Process process = Tool.process("copy", in, fifo).start();
    CompletableFuture<byte[]> read = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            read.complete(Files.readAllBytes(fifo));
          } catch (IOException e) {
            read.completeExceptionally(e);
          }
        });
    Tool.finish(process).quiet().exits(0);
    assertArrayEquals(image, read.get(30, TimeUnit.SECONDS));
    assertEquals(List.of("fifo", "in"), files());
  }

  @Test
  void aCutPipeIsNoCopy() throws Exception {
    Files.writeString(out, "what was here");
    Tool.piped(Arrays.copyOf(image, Pv32.CUT), "copy", "-", out).exits(1);
    assertEquals("what was here", Files.readString(out));
    assertEquals(List.of("in", "out"), files());
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void anInterruptLeavesNothingBehind(String signal) throws Exception {
    Files.writeString(out, "what was here");
    Process process = Tool.process("copy", "-", out).start();
    try (OutputStream pipe = process.getOutputStream()) {
      pipe.write(image, 0, Pv32.CUT);
      pipe.flush();
      Path partial = folder.resolve(".out." + process.pid() + ".partial");
      while (!Files.exists(partial)) {
        Thread.sleep(10);
      }
      assumeTrue(!ignores(process, signal), "SIG" + signal + " is ignored here");
      String pid = Long.toString(process.pid());
      assertEquals(0, new ProcessBuilder("kill", "-" + signal, pid).start().waitFor());
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    } catch (IOException e) {
      assertEquals("Broken pipe", e.getMessage());
    } finally {
      process.destroyForcibly();
    }
    assertNotEquals(0, process.exitValue());
    assertEquals("what was here", Files.readString(out));
    assertEquals(List.of("in", "out"), files());
  }

  /// A process that was started with a signal ignored, as in the background of a script, stays so.
  private static boolean ignores(Process process, String signal) throws IOException {
    int number = List.of("HUP", "INT").indexOf(signal) + 1;
    if (number == 0) {
      return false;
    }
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
      if (line.startsWith("SigIgn:")) {
        long ignored = Long.parseUnsignedLong(line.substring(7).strip(), 16);
        return (ignored >>> (number - 1) & 1) != 0;
      }
    }
    return false;
  }
}
