// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.cli.LegacyHvm.state;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.envelope.Layer;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// What `convert` does with layers, options and damage, on an HVM guest of three pages.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConvertVerbTest {
  /// Where the pages end.
  private static final int PAGES_END = 0x3024;

  /// Where the libxc stream begins in a libxl stream: behind its header and LIBXC_CONTEXT.
  private static final int LIBXC = 24;

  @TempDir private Path folder;
  private byte[] image;
  private Path in;
  private Path out;

  @BeforeEach
  void make() throws IOException {
    image = LegacyHvm.image();
    in = Files.write(folder.resolve("in"), image);
    out = folder.resolve("out");
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private byte[] convert(String complaint, Object... options) throws IOException {
    Object[] all =
        Stream.concat(Stream.of("convert"), Stream.concat(Stream.of(options), Stream.of(in, out)))
            .toArray();
    Tool.Run run = Tool.run(all).exits(0);
    assertEquals(complaint, run.err().replace(in.toString(), "IN"));
    assertEquals("", run.out());
    return Files.readAllBytes(out);
  }

  private List<String> records(Object... options) {
    return Tool.run(
            Stream.concat(
                    Stream.of("records", "--brief"),
                    Stream.concat(Stream.of(options), Stream.of(out)))
                .toArray())
        .quiet()
        .exits(0)
        .lines();
  }

  @Test
  void aLibxlStreamCarriesAllOfIt() throws IOException {
    byte[] made = convert("");
    assertEquals(
        List.of(
            "@0x00000000  libxl stream v2",
            "@0x00000010  libxl #0 LIBXC_CONTEXT  0 octets",
            "@0x00000018  libxc stream v3, x86 HVM, page shift 12, Xen 0.1",
            "@0x00000040  #0     STATIC_DATA_END  0 octets",
            "@0x00000048  #1     PAGE_DATA  12,320 octets",
            "@0x00003070  #2     X86_TSC_INFO  24 octets",
            "@0x00003090  #3     HVM_PARAMS  72 octets",
            "@0x000030e0  #4     HVM_CONTEXT  24 octets",
            "@0x00003100  #5     END  0 octets",
            "@0x00003108  libxl #1 EMULATOR_CONTEXT  22 octets",
            "@0x00003128  libxl #2 END  0 octets"),
        records());
    assertEquals(2, made[15], "the option bit of converted streams");
    assertArrayEquals(
        Arrays.copyOfRange(image, PAGES_END - 0x3000, PAGES_END),
        Arrays.copyOfRange(made, 0x70, 0x3070));
    assertEquals(List.of("in", "out"), files());
  }

  @Test
  void aLibxcStreamHasNoPlaceForTheDeviceModel() throws IOException {
    byte[] whole = convert("");
    byte[] made =
        convert(
            "xenstream: the device model's state is left out: a libxc stream has no place for it"
                + " (--to libxl)\n",
            "--to",
            "libxc");
    assertArrayEquals(Arrays.copyOfRange(whole, LIBXC, 0x3108), made);
  }

  /// Though its context has no PIC: no guest of such an old Xen is PVH.
  @Test
  void theGuestIsHvmBeforeAndBehind() throws IOException {
    convert("");
    for (Path file : List.of(in, out)) {
      String told = Tool.run("info", file).out();
      assertTrue(told.contains("x86 HVM") && !told.contains("PVH"), told);
    }
  }

  /// Of a file of xl 4.1 to 4.4 the configuration is the text that the guest was made from.
  @Test
  void anXlFileStaysOne() throws IOException {
    byte[] stream = convert("");
    String text = "name=\"g\"\nbuilder='hvm'\n";
    Files.write(in, Layers.xlOfText(text, image));
    byte[] made = convert("");
    assertArrayEquals(join(header(2, text), stream), made);
    Files.write(in, Layers.xlOfJson(Layers.CONFIG, image));
    assertArrayEquals(join(header(3, Layers.CONFIG + "\0"), stream), convert(""));
    assertTrue(Tool.run("info", out).out().contains("named g"));
    assertArrayEquals(
        stream, convert("xenstream: the configuration is left out (--to xl)\n", "--to", "libxl"));
  }

  /// Which xl itself does not take, and which says that something is otherwise than it seems.
  @Test
  void aFlagThatNobodyKnowsIsRefused() throws IOException {
    byte[] file = Layers.xlOfText("name='g'\n", image);
    file[36] |= (byte) 0x80;
    Files.write(in, file);
    String message =
        in + " @0x24 (xl header.mandatory_flags): expected no bit but 0 and 1, found 0x80\n";
    assertEquals("xenstream: " + message, Tool.run("convert", in, out).exits(1).err());
    Object[] program = {"convert-legacy-stream", "-x", "-w64", "-ghvm", "-i", in, "-o", out};
    assertEquals(message, Tool.run(program).exits(1).err());
    assertEquals(List.of("in"), files());
  }

  private static byte[] header(int flags, String config) {
    byte[] header = Layers.xlOfText(config, new byte[0]);
    header[36] = (byte) flags;
    return header;
  }

  private static byte[] join(byte[]... parts) {
    return StreamBuilder.join(parts);
  }

  @Test
  void aXendFileBecomesOneOfXl() throws IOException {
    byte[] stream = convert("");
    Files.write(in, Layers.xend("(domain (name old) (features x) (image (hvm (apic 1))))", image));
    byte[] made =
        convert("xenstream: xend's configuration: domain features \"x\" has no counterpart\n");
    String config = new String(made, 52, made.length - 52 - stream.length - 1, UTF_8);
    assertTrue(
        config.contains("\"name\": \"old\"") && config.contains("\"apic\": \"True\""), config);
    assertArrayEquals(join(header(3, config + "\0"), stream), made);
  }

  @Test
  void aConfigurationThatIsGivenCounts() throws IOException {
    byte[] stream = convert("");
    Path config = Files.writeString(folder.resolve("config"), Layers.CONFIG);
    byte[] made = convert("", "--config", config);
    assertArrayEquals(join(header(3, Layers.CONFIG + "\0"), stream), made);
    Files.writeString(config, "name='other'\n");
    Files.write(in, Layers.xend("no expression at all", image));
    assertArrayEquals(
        join(header(2, "name='other'\n"), stream), convert("", "--to=xl", "--config", config));
  }

  @Test
  void whatHasNoConfigurationBecomesNoFileOfXl() throws IOException {
    Tool.Run run = Tool.run("convert", "--to", "xl", in, out).exits(1);
    assertEquals(
        "xenstream: "
            + in
            + " @0x0 (convert): expected a configuration for the xl save file"
            + " (--config), found none in the image\n",
        run.err());
    Files.write(in, Layers.libvirt(1, image));
    run = Tool.run("convert", "--to", "xl", in, out).exits(1);
    assertEquals(
        "xenstream: "
            + in
            + " @0x6f (convert): expected a configuration for the xl save file"
            + " (--config), found that of a libvirt save file (version 1)\n",
        run.err());
    Files.write(in, Layers.xend("(domain", image));
    run = Tool.run("convert", in, out).exits(1);
    assertEquals(
        "xenstream: " + in + " @0x1b (xend config): expected a list's end, found the end\n",
        run.err());
    assertEquals(List.of("in"), files());
  }

  @Test
  void otherLayersAreTakenOff() throws IOException {
    byte[] stream = convert("");
    Files.write(in, Layers.gzip(Layers.libvirt(1, image)));
    String left = "xenstream: libvirt's domain XML is left out (--config)\n";
    assertArrayEquals(stream, convert(left));
    assertArrayEquals(stream, convert(left, "--to", "libxl"));
    Path config = Files.writeString(folder.resolve("config"), Layers.CONFIG);
    assertArrayEquals(
        join(header(3, Layers.CONFIG + "\0"), stream), convert("", "--config", config));
  }

  /// Behind the image the parts of a XenServer suspend image go on.
  @Test
  void whatXenServerSaysOfTheGuestIsLeftOut() throws IOException {
    byte[] last = LegacyHvm.last();
    Files.write(in, last);
    byte[] stream = convert("");
    Files.write(
        in,
        join(
            "XenSavedDomv2-\n".getBytes(ISO_8859_1),
            Layers.xenServerPart(Layer.XenServerPart.XENOPS, 4, "xeno".getBytes(UTF_8)),
            Layers.xenServerPart(Layer.XenServerPart.LIBXC_LEGACY, 0, last),
            Layers.xenServerPart(Layer.XenServerPart.END, 0, new byte[0])));
    assertArrayEquals(
        stream, convert("xenstream: XenServer's Xenops record is left out (--config)\n"));
  }

  @Test
  void aDeviceModelOfXendReachesToTheEnd() throws IOException {
    byte[] stream = convert("");
    int end = image.length - LegacyHvm.STATE.length - 25;
    Files.write(
        in,
        join(
            Arrays.copyOf(image, end),
            "QemuDeviceModelRecord".getBytes(ISO_8859_1),
            LegacyHvm.STATE));
    assertArrayEquals(stream, convert(""));
    Files.write(in, Arrays.copyOf(image, end));
    convert(
        "xenstream: IN @0x3094 (legacy device model): no device model follows the HVM context\n");
    assertEquals("@0x00003108  libxl #1 END  0 octets", records().getLast());
  }

  @Test
  void octetsBehindTheImageAreTold() throws Exception {
    byte[] last = LegacyHvm.last();
    Files.write(in, last);
    byte[] made = convert("");
    Files.write(in, join(last, new byte[] {1, 2, 3}));
    String told = "xenstream: IN @0x3087: left out: 3 octets behind the image\n";
    assertArrayEquals(made, convert(told));
    // A compressed file and a pipe do not say how long they are.
    Tool.Run piped = Tool.piped(Files.readAllBytes(in), "convert", "-", out).exits(0);
    assertEquals(told.replace("IN", "standard input"), piped.err());
    assertArrayEquals(made, Files.readAllBytes(out));
    Files.write(in, Layers.gzip(Files.readAllBytes(in)));
    assertArrayEquals(made, convert(told.replace("IN", "IN [gzip]")));
  }

  @Test
  void ofSeveralStatesTheLastIsCarriedOrEach() throws IOException {
    byte[] one = convert("");
    byte[] second =
        state(LegacyImageBuilder.image(8).filledBatch(1).chunk(LegacyImageBuilder.LAST_CHECKPOINT))
            .octets();
    Files.write(in, join(image, second));
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    String waits =
        "xenstream: IN @0x30bb (legacy checkpoint): what may belong to no complete checkpoint waits"
            + " in a scratch file in "
            + scratch
            + "\n";
    convert(
        waits
            + "xenstream: IN @0x30bb (legacy checkpoint): 2 complete checkpoints: the state of the"
            + " last is carried\n",
        "--scratch",
        scratch);
    assertEquals(List.of("in", "out", "scratch"), files());
    assertEquals(0, scratch.toFile().list().length);
    assertEquals(
        List.of("PAGE_DATA", "PAGE_DATA"),
        records("--type", "PAGE_DATA").stream().map(line -> line.split(" +", -1)[2]).toList());
    String left =
        "xenstream: IN @0x%x (legacy checkpoint): the state of checkpoint %d is carried: what"
            + " follows, %d octets, is left out\n";
    assertArrayEquals(
        one, convert(left.formatted(image.length, 1, second.length), "--checkpoints", "1"));
    byte[] middle = state(LegacyImageBuilder.image(8).filledBatch(1)).octets();
    Files.write(in, join(image, middle, second));
    convert(
        waits + left.formatted(image.length + middle.length, 2, second.length),
        "--checkpoints",
        "2",
        "--scratch",
        scratch);
    Files.write(in, join(image, second));
    convert(waits, "--checkpoints", "keep", "--scratch", scratch);
    assertEquals(2, records().stream().filter(line -> line.contains("CHECKPOINT_END")).count());
    assertEquals(2, records().stream().filter(line -> line.contains("EMULATOR_CONTEXT")).count());
    Path config = Files.writeString(folder.resolve("config"), Layers.CONFIG);
    Object[] keeping = {"--checkpoints", "keep", "--scratch", scratch, "--config", config};
    convert(
        waits
            + "xenstream: the file has checkpoints: 'xl restore' refuses it, 'xl migrate-receive -r'"
            + " takes it (--checkpoints last)\n",
        keeping);
    Files.write(in, image);
    convert("", keeping);
  }

  /// The part of a state that is there is no octets behind the image.
  @Test
  void anIncompleteStateIsToldOnce() throws IOException {
    byte[] one = convert("");
    byte[] second = LegacyImageBuilder.image(8).filledBatch(1, 2).octets();
    byte[] cut = join(image, Arrays.copyOf(second, second.length - 1));
    Files.write(in, cut);
    String told =
        " @0x%x (legacy batch.pages): the image ends amid checkpoint 2, which is left out:"
                .formatted(cut.length)
            + " expected 8192 octets, found 8191 octets before the end";
    assertArrayEquals(one, convert("xenstream: IN" + told + "\n"));
    convert("xenstream: IN" + told + "\n", "--checkpoints", "keep");
    String verdict = Tool.run("verify", in).out();
    assertTrue(verdict.contains("XS0003"), verdict);
    assertFalse(verdict.contains("XS4001"), verdict);
  }

  /// The same from a pipe into a pipe.
  @Test
  void pipes() throws Exception {
    byte[] stream = convert("");
    Tool.Run run = Tool.piped(image, "convert", "-", "-").exits(0).quiet();
    assertArrayEquals(stream, run.out().getBytes(ISO_8859_1));
  }

  /// Xen's savers send no difference from a page that came before compression began. A file is read
  /// once more for one; of a pipe all pages have to be kept from the start.
  @ParameterizedTest
  @ValueSource(strings = {"last", "keep", "2"})
  void differencesFromBeforeCompression(String checkpoints) throws Exception {
    byte[] difference = {1, 9, 9, 9, 9, -1, -1, -1, -1, -1, -1, -1, -1, (byte) 0x87};
    LegacyImageBuilder head = LegacyImageBuilder.image(8).words(0x1000).filledBatch(0, 1, 2);
    LegacyImageBuilder states = state(head.chunk(LegacyImageBuilder.ENABLE_COMPRESSION)).batch(1);
    long chunk = states.size();
    states.compressed(difference).chunk(LegacyImageBuilder.LAST_CHECKPOINT);
    byte[] octets = state(states).octets();
    Files.write(in, octets);
    Object[] options = {"--to", "libxl", "--checkpoints", checkpoints};
    String said = Tool.run(words(options, in, out)).exits(0).err();
    String kept =
        " @0x24 (legacy batch.pages): pages that compressed checkpoints change are kept in";
    assertTrue(said.startsWith("xenstream: " + in + kept), said);
    byte[] made = Files.readAllBytes(out);
    byte[] page = StreamBuilder.page(2);
    Arrays.fill(page, 0, 4, (byte) 9);
    assertTrue(
        new String(made, ISO_8859_1).contains(new String(page, ISO_8859_1)), "the page is made");
    Files.delete(out);
    Tool.Run refused = Tool.piped(octets, words(options, "-", out)).exits(1);
    assertEquals(
        "xenstream: standard input @0x%x (legacy COMPRESSED_DATA.pfn 0x1): expected a page that came"
                .formatted(chunk)
            + " whole since compression began (or the image in a plain file, or --keep-pages), found"
            + " a difference from what came before",
        refused.err().lines().reduce((_, line) -> line).orElse(""));
    assertEquals(List.of("in"), files());
    Tool.piped(octets, words(options, "--keep-pages", "-", out)).exits(0);
    assertArrayEquals(made, Files.readAllBytes(out));
  }

  private static Object[] words(Object[] options, Object... more) {
    return Stream.of(new Object[] {"convert"}, options, more).flatMap(Stream::of).toArray();
  }

  /// More than waits in memory waits in a scratch file, and comes out as it went in.
  @Test
  void aLongDeviceModel() throws Exception {
    byte[] state = Arrays.copyOf(LegacyHvm.STATE, (2 << 20) + 3);
    state[state.length - 1] = 9;
    LegacyImageBuilder head = LegacyImageBuilder.image(8).words(0x1000).filledBatch(0, 1, 2);
    head.chunk(LegacyImageBuilder.LAST_CHECKPOINT).endOfBody();
    head.hvmTail(0xFE, 0xFD, 0xFC, LegacyHvm.CONTEXT);
    long at = head.size();
    byte[] octets = head.deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, state).octets();
    Files.write(in, octets);
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    String told =
        "xenstream: IN @0x%x (legacy device model.state): a long state of the device model waits in"
                .formatted(at)
            + " a scratch file in %s\n".formatted(scratch);
    byte[] made = convert(told, "--scratch", scratch);
    int end = made.length - 8;
    byte[] record = Layers.libxlRecord(ByteOrder.LITTLE_ENDIAN, 3, join(new byte[8], state));
    assertArrayEquals(record, Arrays.copyOfRange(made, end - record.length, end));
    Tool.Run piped = Tool.piped(octets, "convert", "--scratch", scratch, "-", out).exits(0);
    assertEquals(told.replace("IN", "standard input"), piped.err());
    assertArrayEquals(made, Files.readAllBytes(out));
    assertEquals(0, scratch.toFile().list().length);
    Tool.run("convert-legacy-stream", "-i", in, "-o", out, "-w64", "-ghvm").exits(0);
    byte[] bare = Files.readAllBytes(out);
    byte[] tail = Arrays.copyOfRange(octets, (int) at, octets.length);
    assertArrayEquals(tail, Arrays.copyOfRange(bare, bare.length - tail.length, bare.length));
  }

  /// Whatever a conversion fails of: an output that was there stays as it was, and where none was
  /// none is left; nor is anything else.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void noFailureLeavesAnythingBehind(boolean outputIsThere) throws IOException {
    if (outputIsThere) {
      Files.writeString(out, "what was here");
    }
    byte[] second =
        state(LegacyImageBuilder.image(8).filledBatch(1).chunk(LegacyImageBuilder.LAST_CHECKPOINT))
            .octets();
    byte[] tmem =
        state(LegacyImageBuilder.image(8).words(0x1000).filledBatch(0, 1, 2).tmemExtra(1)).octets();
    fails(1, Arrays.copyOf(image, image.length - 1));
    fails(1, image, "--checkpoints", "2");
    fails(1, image, "--to", "xl");
    fails(1, tmem, "--strict");
    fails(1, Layers.xend("(domain", image));
    fails(1, Arrays.copyOf(Layers.gzip(image), 100));
    fails(2, "no image at all, whatever one takes it for".getBytes(UTF_8));
    fails(2, new byte[0]);
    fails(2, join(image, second), "--scratch-limit", "1K");
    fails(2, image, "--scratch", folder.resolve("absent"));
    fails(2, image, "--config", folder.resolve("absent"));
    fails(2, image, "--no-such-option");
  }

  private void fails(int code, byte[] octets, Object... options) throws IOException {
    Files.write(in, octets);
    List<String> before = files();
    Object[] all =
        Stream.concat(Stream.of("convert"), Stream.concat(Stream.of(options), Stream.of(in, out)))
            .toArray();
    Tool.Run run = Tool.run(all).exits(code);
    assertTrue(run.err().startsWith("xenstream: "), run.err());
    assertEquals(before, files(), run.err());
    assertTrue(!before.contains("out") || Files.readString(out).equals("what was here"), run.err());
  }

  @Test
  void damageLeavesNothing() throws IOException {
    Files.write(in, Arrays.copyOf(image, 0x2000));
    Tool.Run run = Tool.run("convert", in, out).exits(1);
    assertEquals(
        "xenstream: "
            + in
            + " @0x2000 (legacy batch.pages): expected 12288 octets, found 8156"
            + " octets before the end\n",
        run.err());
    assertEquals(List.of("in"), files());
    Files.writeString(out, "what was here");
    Tool.run("convert", in, out).exits(1);
    assertEquals("what was here", Files.readString(out));
  }

  @Test
  void whatIsNoLegacyImage() throws IOException {
    Files.writeString(in, "no image at all, whatever one takes it for");
    assertEquals(
        "xenstream: "
            + in
            + " @0x0 (image.signature): expected an image of a known kind, found"
            + " octets that no kind of image begins with\n",
        Tool.run("convert", in, out).exits(2).err());
    assertEquals(
        "xenstream: "
            + Tool.sample("pv32.xlsave.zst")
            + " [zstd] @0x371 (image): expected a legacy"
            + " image, found a libxc stream, which copy rewrites\n",
        Tool.run("convert", Tool.sample("pv32.xlsave.zst"), out).exits(2).err());
    assertEquals(List.of("in"), files());
  }

  @Test
  void strictRefusesWhatIsOtherwiseLeftOut() throws IOException {
    Files.write(
        in,
        state(LegacyImageBuilder.image(8).words(0x1000).filledBatch(0, 1, 2).tmemExtra(1))
            .octets());
    convert(
        "xenstream: IN @0x3024 (legacy TMEM_EXTRA): transcendent memory, which no Xen of today has,"
            + " is left out\n");
    Files.delete(out);
    assertEquals(
        "xenstream: "
            + in
            + " @0x3024 (legacy TMEM_EXTRA): expected no transcendent memory, found"
            + " TMEM_EXTRA\n",
        Tool.run("convert", "--strict", in, out).exits(1).err());
    assertEquals(List.of("in"), files());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --to=v3 | --to takes libxc, libxl or xl, not v3
          --checkpoints=0 | --checkpoints takes last, keep or a number from 1 on, not 0
          --guest-width=16 | --guest-width takes 32 or 64, not 16
          --guest-kind=pvh | --guest-kind takes pv or hvm, not pvh
          --scratch-limit=much | --scratch-limit: expected a size such as 512M or 4GiB, found 'much'
          """)
  void badUsage(String option, String message) {
    Tool.Run run = Tool.run("convert", option, in, out).exits(2);
    assertEquals("xenstream: " + message, run.err().lines().findFirst().orElse(""));
  }
}
