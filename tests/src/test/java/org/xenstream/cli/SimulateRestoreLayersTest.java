// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// What `simulate restore` makes of the layers around a stream.
class SimulateRestoreLayersTest {
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final byte[] CHECKPOINT = Layers.libxlRecord(LITTLE, 0x0E);
  private static final byte[] CHECKPOINT_END = Layers.libxlRecord(LITTLE, 4);

  @TempDir private static Path folder;

  /// The bare stream of a guest that can be restored.
  private static byte[] hvm;

  @BeforeAll
  static void saveGuest() throws IOException {
    hvm = saved("hvm");
  }

  private static byte[] saved(String kind) throws IOException {
    Path image = folder.resolve(kind);
    Tool.run("simulate", "save", "--memory", "4M", "--guest", kind, image).exits(0);
    return Files.readAllBytes(image);
  }

  private static Tool.Run restore(byte[] image) throws IOException {
    Path file = folder.resolve("image");
    Files.write(file, image);
    return Tool.run("simulate", "restore", file);
  }

  private static List<String> outerLines(byte[] image) throws IOException {
    return restore(image).exits(0).quiet().lines().stream()
        .filter(line -> line.matches("(xl|libxl|restore|trailing).*"))
        .map(line -> line.replaceFirst("^restore .*", "restore"))
        .toList();
  }

  @Test
  void tellsOfEachLayerAndRecord() throws IOException {
    byte[] wire = Layers.wire(Layers.libxl(LITTLE, hvm));
    assertEquals(
        List.of(
            "xl header byteorder=01020304 mandatory=3 optional=0 optlen="
                + (4 + Layers.CONFIG.getBytes(UTF_8).length),
            "libxl header version=2 options=0 first record 1",
            "restore",
            "libxl record 2 len 24 xxh64=665a504f606fc976",
            "libxl record 3 len 18 xxh64=a00c002b22bb0284",
            "libxl record 0 len 0 xxh64=ef46db3751d8e999",
            "trailing_bytes 49"),
        outerLines(StreamBuilder.join(wire, new byte[5])));
  }

  @Test
  void tellsOfNoLayerWhereThereIsNone() throws IOException {
    assertEquals(List.of("restore", "trailing_bytes 0"), outerLines(hvm));
  }

  private static void refused(byte[] image, String message) throws IOException {
    Tool.Run run = restore(image).exits(1);
    assertEquals("", run.out());
    assertEquals("xenstream: " + folder.resolve("image") + " " + message + "\n", run.err());
  }

  /// A libxl stream with more records behind that of libxc.
  private static byte[] libxl(byte[] libxc, byte[]... behind) {
    return StreamBuilder.join(
        Layers.libxlHeader(LITTLE),
        Layers.libxlRecord(LITTLE, 1),
        libxc,
        StreamBuilder.join(behind),
        Layers.libxlRecord(LITTLE, 0));
  }

  private static byte[] xenstore(String data) {
    return Layers.libxlRecord(LITTLE, 2, new byte[8], data.getBytes(UTF_8));
  }

  /// Its records may be in that order, or in the other one.
  @Test
  void aBigEndianLibxlStreamIsRefused() throws IOException {
    String message =
        "@0xc (libxl header.options): expected bit 0 clear, a little-endian stream, found 0x1";
    refused(Layers.libxl(ByteOrder.BIG_ENDIAN, hvm), message);
    refused(
        StreamBuilder.join(
            Layers.libxlHeader(ByteOrder.BIG_ENDIAN), Layers.libxlRecord(LITTLE, 1), hvm),
        message);
  }

  @Test
  void recordsThatLibxlRefusesAreRefused() throws IOException {
    String at = "@0x%x (libxl record #1 ".formatted(24 + hvm.length);
    refused(
        libxl(hvm, Layers.libxlRecord(LITTLE, 0x3F)),
        at + "MANDATORY_0x0000003f): expected a record that libxl knows, found type 0x3f");
    refused(
        libxl(hvm, Layers.libxlRecord(LITTLE, 0x8000_003F)),
        at + "OPTIONAL_0x8000003f): expected a record that libxl knows, found type 0x8000003f");
    refused(
        libxl(hvm, Layers.libxlRecord(LITTLE, 4)),
        at + "CHECKPOINT_END): expected a CHECKPOINT of the libxc stream before it, found none");
    refused(
        libxl(hvm, Layers.checkpointState(LITTLE, 0)),
        at + "CHECKPOINT_STATE): expected no step of COLO's hand-shake, found one");
    refused(
        libxl(hvm, Layers.libxlRecord(LITTLE, 3, new byte[4])),
        "@0x%x (libxl record #1 EMULATOR_CONTEXT.body_length): expected at least 8, found 4"
            .formatted(24 + hvm.length + 4));
  }

  @Test
  void keysOfAnEmulatorThatLibxlRefusesAreRefused() throws IOException {
    for (String[] one :
        new String[][] {
          {"k\0v\0\0v\0", "4", "a relative key, found an empty one"},
          {"/k\0v\0", "0", "a relative key, found one that begins with /"},
          {"k\0v\0k\0v", "6", "a NUL behind each key and value, found none behind the last"},
          {"k\0v\0k\0", "6", "a value behind each key, found none behind the last"},
        }) {
      refused(
          libxl(hvm, xenstore(one[0])),
          "@0x%x (libxl record #1 EMULATOR_XENSTORE_DATA.xenstore_data): expected %s"
              .formatted(24 + hvm.length + 16 + Integer.parseInt(one[1]), one[2]));
    }
  }

  @Test
  void anEmulatorIsOfAnHvmGuest() throws IOException {
    byte[] pv = saved("pv64");
    refused(
        libxl(pv, Layers.emulatorContext(LITTLE)),
        "@0x%x (libxl record #1 EMULATOR_CONTEXT): expected no emulator of a PV guest, found one"
            .formatted(24 + pv.length));
    String pvh = "{\"c_info\":{\"type\":\"pvh\"}}\0";
    refused(
        Layers.xl(pvh, libxl(hvm, xenstore("k\0v\0"))),
        "@0x%x (libxl record #1 EMULATOR_XENSTORE_DATA): expected no emulator of a PVH guest, found"
                .formatted(48 + 4 + pvh.length() + 24 + hvm.length)
            + " one");
  }

  /// Where the record stands in front of the libxc stream, too.
  @Test
  void anEmulatorThatComesFirstIsOfAnHvmGuest() throws IOException {
    byte[] before = StreamBuilder.join(Layers.libxlHeader(LITTLE), Layers.emulatorContext(LITTLE));
    byte[] context = Layers.libxlRecord(LITTLE, 1);
    byte[] end = Layers.libxlRecord(LITTLE, 0);
    refused(
        StreamBuilder.join(before, context, saved("pv64"), end),
        "@0x10 (libxl record #0 EMULATOR_CONTEXT): expected no emulator of a PV guest, found one");
    restore(StreamBuilder.join(before, context, hvm, end)).exits(0);
  }

  /// `xl restore` takes a configuration from a file where the image has none.
  @Test
  void anXlHeaderWithoutOptionalDataIsTaken() throws IOException {
    byte[] xl = Layers.xl(Layers.libxl(hvm));
    byte[] header = Arrays.copyOf(xl, 48);
    Arrays.fill(header, 44, 48, (byte) 0);
    byte[] behind =
        Arrays.copyOfRange(xl, 48 + 4 + Layers.CONFIG.getBytes(UTF_8).length, xl.length);
    assertEquals(
        "xl header byteorder=01020304 mandatory=3 optional=0 optlen=0",
        outerLines(StreamBuilder.join(header, behind)).getFirst());
  }

  /// A checkpoint of the guest, and one in which its page 0 is another, each with libxl's records.
  private static byte[] checkpoints(byte[] first, byte[]... second) {
    return StreamBuilder.join(
        Layers.libxlHeader(LITTLE),
        Layers.libxlRecord(LITTLE, 1),
        Arrays.copyOf(hvm, hvm.length - 8),
        CHECKPOINT,
        first,
        StreamBuilder.stream().pageData(0).octets(),
        CHECKPOINT,
        StreamBuilder.join(second));
  }

  private static String memory(byte[] image, String problem) throws IOException {
    Path file = folder.resolve("image");
    Files.write(file, image);
    Tool.Run run = Tool.run("simulate", "restore", "--checkpointed", file).exits(0);
    assertEquals(problem, run.err().replace(file.toString(), "image"));
    return run.lines().stream().filter(line -> line.startsWith("memory")).findFirst().orElseThrow();
  }

  private static void refusedCheckpoints(byte[] image, String message) throws IOException {
    Path file = folder.resolve("image");
    Files.write(file, image);
    Tool.Run run = Tool.run("simulate", "restore", "--checkpointed", file).exits(1);
    assertEquals("", run.out());
    assertEquals("xenstream: " + file + " " + message + "\n", run.err());
  }

  /// libxl reads its part of a checkpoint before libxc takes the set.
  @Test
  void aCheckpointIsCompleteBehindCheckpointEnd() throws IOException {
    byte[] whole = checkpoints(CHECKPOINT_END, CHECKPOINT_END);
    byte[] cut = checkpoints(CHECKPOINT_END, Layers.emulatorContext(LITTLE));
    String gone = "xenstream: failed over: image @0x%x (%s): expected %s, found the end\n";
    String last =
        memory(
            whole,
            gone.formatted(whole.length - 8, "record header", "a record, END at the latest"));
    String first =
        memory(
            cut,
            gone.formatted(
                cut.length, "libxl record header", "libxl records up to CHECKPOINT_END"));
    assertNotEquals(first, last);
    String alone = restore(hvm).exits(0).out();
    assertEquals(1, alone.lines().filter(first::equals).count());

    int behindFirst = 24 + hvm.length;
    refusedCheckpoints(
        Arrays.copyOf(whole, behindFirst),
        "@0x%x (libxl record header): expected libxl records up to CHECKPOINT_END, found the end"
            .formatted(behindFirst));
  }

  /// That is an error to libxc, and no reason to take over.
  @Test
  void recordsOfACheckpointThatLibxlRefusesAreRefused() throws IOException {
    byte[] unknown = Layers.libxlRecord(LITTLE, 0x3F);
    refusedCheckpoints(
        checkpoints(StreamBuilder.join(unknown, CHECKPOINT_END), CHECKPOINT_END),
        "@0x%x (libxl record #1 MANDATORY_0x0000003f): expected a record that libxl knows, found"
                .formatted(24 + hvm.length)
            + " type 0x3f");
    int second = checkpoints(CHECKPOINT_END).length;
    refusedCheckpoints(
        checkpoints(CHECKPOINT_END, unknown, CHECKPOINT_END),
        "@0x%x (libxl record #2 MANDATORY_0x0000003f): expected a record that libxl knows, found"
                .formatted(second)
            + " type 0x3f");
    refusedCheckpoints(
        checkpoints(CHECKPOINT_END, Layers.libxlRecord(LITTLE, 0)),
        "@0x%x (libxl record #2 END): expected CHECKPOINT_END before it, found none"
            .formatted(second));
  }

  @Test
  void whatXlRefusesIsRefused() throws IOException {
    byte[] libxl = Layers.libxl(hvm);
    refused(
        Layers.xl(LITTLE, 7, libxl),
        "@0x24 (xl header.mandatory_flags): expected no bit but 0 and 1, found 0x7");
    refused(
        Layers.xl(ByteOrder.BIG_ENDIAN, 3, libxl),
        "@0x20 (xl header.byteorder): expected 0x01020304, found 0x04030201");
    byte[] xl = Layers.xl(libxl);
    xl[48]++;
    refused(xl, "@0x30 (xl header.config_len): expected at most 48, found 49");
  }

  @Test
  void aSecondStreamIsRefused() throws IOException {
    byte[] image =
        StreamBuilder.join(
            "XenSavedDomv2-\n".getBytes(UTF_8),
            Layers.xenServerPart(0xF0, 0, hvm),
            Layers.xenServerPart(0xF0, 0, hvm),
            Layers.xenServerPart(0xFFFF, 0, new byte[0]));
    refused(
        image,
        "@0x%x (image): expected one libxc stream, found another"
            .formatted(15 + 16 + hvm.length + 16));
  }

  /// A refusal has the name of the compression that was taken off.
  @Test
  void itIsNamedBehindACompression() throws IOException {
    Tool.Run run = restore(Layers.gzip(Layers.xl(LITTLE, 7, Layers.libxl(hvm)))).exits(1);
    assertEquals(
        "xenstream: "
            + folder.resolve("image")
            + " [gzip] @0x24 (xl header.mandatory_flags): expected no bit but 0 and 1, found 0x7\n",
        run.err());
  }
}
