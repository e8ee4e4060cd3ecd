// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.Wire;
import org.xenstream.core.verify.Judge;
import org.xenstream.legacy.LegacyConversion;
import org.xenstream.legacy.LegacyListener;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.testkit.EndlessChannel;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// Reads images whose numbers promise far more than is there, or that never end, in a process with
/// a small heap, and prints for each what came of it and how much memory the process took at most.
///
/// [BoundedMemoryTest] runs it: its own process would show the memory of other tests.
final class HostileImages {
  private static final long MANY = 1L << 30;

  /// The one that takes a larger heap: asked for alone, by its name.
  static final String GUEST_IN_STEPS = "a PV guest told in steps";

  private HostileImages() {}

  @FunctionalInterface
  private interface Reading {
    String result() throws IOException;
  }

  public static void main(String[] arguments) throws IOException {
    Map<String, Reading> readings = new LinkedHashMap<>();
    readings.put("endless pages", HostileImages::endlessPages);
    readings.put("endless small records", HostileImages::endlessRecords);
    readings.put("length 0xffffffff", () -> read(header().u32(1).u32(-1).raw(new byte[99])));
    readings.put(
        "length at the limit", () -> read(header().u32(1).u32(0x0800_0000).raw(new byte[99])));
    readings.put(
        "2^29 entries",
        () -> read(header().record(1, StreamBuilder.stream().u32(1 << 29).u64(0).octets()).end()));
    readings.put(
        "2^32-1 entries",
        () -> read(header().record(1, StreamBuilder.stream().u32(-1).u32(0).octets()).end()));
    readings.put(
        "2^28 parameters, big-endian",
        () ->
            read(
                header(BIG_ENDIAN)
                    .record(
                        0x0A, StreamBuilder.stream().order(BIG_ENDIAN).u32(1 << 28).u32(0).octets())
                    .end()));
    readings.put(
        "page shift 44",
        () ->
            read(
                StreamBuilder.stream()
                    .imageHeader(3)
                    .domainHeader(2, 44, 0, 4, 17)
                    .pageData(1)
                    .end()));
    readings.put("a configuration of 4 GiB", () -> endlessConfig(-1));
    readings.put("a configuration at the limit", () -> endlessConfig(4 << 20));
    readings.put("a configuration that is all a name", HostileImages::longName);
    readings.put("a gzip bomb", () -> bomb(GZIPOutputStream::new));
    readings.put("an xz bomb", () -> bomb(out -> new XZOutputStream(out, new LZMA2Options(0))));
    readings.put("a zstd bomb", () -> bomb(com.github.luben.zstd.ZstdOutputStream::new));
    readings.put("an endless legacy image", () -> endlessLegacy(hvmHead(), hvmBatch()));
    readings.put("an endless legacy image of a 32-bit toolstack", HostileImages::endlessLegacy32);
    readings.put(
        "a legacy image of 2^28 pfns",
        () ->
            read(
                LegacyImageBuilder.image(8)
                    .words(1 << 28)
                    .extendedInfo(LegacyImageBuilder.block("vcpu", new byte[5168]))
                    .words(2)
                    .octets()));
    readings.put(
        "a legacy HVM context at the limit",
        () -> endlessZeros(hvm().endOfBody().u64(5, 6, 7).u32(16 << 20)));
    readings.put(
        "a legacy HVM context of 128 MiB",
        () -> endlessZeros(hvm().endOfBody().u64(5, 6, 7).u32(128 << 20)));
    readings.put(
        "a legacy XSAVE state of 128 MiB",
        () ->
            endlessZeros(
                LegacyImageBuilder.image(8)
                    .words(64)
                    .extendedInfo(
                        LegacyImageBuilder.block("vcpu", new byte[5168]),
                        LegacyImageBuilder.xcnt(128 << 20))
                    .words(2)
                    .filledBatch(1, 2)
                    .endOfBody()
                    .unmapped()
                    .raw(new byte[5168])
                    .u64(7, (128 << 20) - 16)));
    readings.put(
        "an endless legacy device model",
        () ->
            endlessLegacy(
                hvmHead()
                    .filledBatch(1)
                    .endOfBody()
                    .hvmTail(5, 6, 7, new byte[8])
                    .deviceModel(LegacyImageBuilder.QEMU_TO_END, "QEVM".getBytes(UTF_8)),
                LegacyImageBuilder.image(8).raw(new byte[4096])));
    readings.put("a legacy device model at the limit", HostileImages::readDeviceModel);
    readings.put("the same, converted", HostileImages::convertedDeviceModel);
    readings.put("legacy pages for comparison, again and again", () -> notes(hvm(), u32(-1)));
    readings.put("TMEM of nothing, again and again", () -> notes(hvm(), u32(-6, -1)));
    readings.put("parameters of a PV guest", () -> notes(pv(), u32(-3, 0, 7, 0)));
    readings.put(
        "blocks of nothing",
        () -> notes(LegacyImageBuilder.image(8).words(64).words(-1).u32(4 << 20), u32(0x21, 0)));
    if (arguments.length > 0) {
      readings.clear();
      readings.put(GUEST_IN_STEPS, HostileImages::guestInSteps);
    }
    for (Map.Entry<String, Reading> reading : readings.entrySet()) {
      Files.writeString(Path.of("/proc/self/clear_refs"), "5");
      String result = reading.getValue().result();
      System.out.printf("%s: %s %d%n", reading.getKey(), result, peakMebibytes());
    }
  }

  private static long peakMebibytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10;
      }
    }
    throw new IOException("the system does not say how much memory was taken");
  }

  private static StreamBuilder header() {
    return header(java.nio.ByteOrder.LITTLE_ENDIAN);
  }

  private static StreamBuilder header(java.nio.ByteOrder order) {
    return StreamBuilder.stream().order(order).imageHeader(3).domainHeader(2);
  }

  private static String read(StreamBuilder stream) throws IOException {
    return read(stream.octets());
  }

  private static String read(byte[] octets) throws IOException {
    return read(Channels.newChannel(new ByteArrayInputStream(octets)), Limits.DEFAULT);
  }

  private static LegacyImageBuilder hvmHead() {
    return LegacyImageBuilder.image(8).words(4096);
  }

  private static LegacyImageBuilder hvm() {
    return hvmHead().filledBatch(1);
  }

  private static LegacyImageBuilder pv() {
    return LegacyImageBuilder.image(8)
        .words(64)
        .extendedInfo(LegacyImageBuilder.block("vcpu", new byte[5168]))
        .words(2)
        .filledBatch(1, 2);
  }

  private static byte[] u32(long... numbers) {
    return LegacyImageBuilder.image(8).u32(numbers).octets();
  }

  /// Eight mebibytes of what is worth a note and makes no record, for a reader and for the judge.
  private static String notes(LegacyImageBuilder begin, byte[] again) throws IOException {
    byte[] head = begin.octets();
    byte[] image = java.util.Arrays.copyOf(head, head.length + (8 << 20));
    for (int at = head.length; at < image.length; at++) {
      image[at] = again[(at - head.length) % again.length];
    }
    return read(image) + ", " + judge(new ByteArrayInputStream(image));
  }

  private static LegacyImageBuilder hvmBatch() {
    return LegacyImageBuilder.image(8).filledBatch(1, 2, 3, 4, 5, 6, 7, 8);
  }

  private static String endlessLegacy32() throws IOException {
    return endlessLegacy(
        LegacyImageBuilder.image(4).words(4096),
        LegacyImageBuilder.image(4).filledBatch(1, 2, 3, 4));
  }

  private static String endlessLegacy(LegacyImageBuilder begin, LegacyImageBuilder again)
      throws IOException {
    EndlessChannel endless = new EndlessChannel(begin.octets(), again.octets());
    try (ImageReader image = ImageReader.of(new ChannelInput("image", endless), Limits.DEFAULT)) {
      while (endless.given() < MANY) {
        if (image.next() == null) {
          return "an end";
        }
      }
      return "no end";
    } catch (StreamFormatException fault) {
      return fault.fault().toString();
    }
  }

  /// A device model of 48 MiB of zeros, and zeros behind it.
  private static ChannelInput longDeviceModel() {
    LegacyImageBuilder begin =
        hvm()
            .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
            .endOfBody()
            .hvmTail(5, 6, 7, new byte[8])
            .raw(LegacyImageBuilder.QEMU_WITH_LENGTH.getBytes(UTF_8))
            .u32(48 << 20);
    return new ChannelInput("image", new EndlessChannel(begin.octets(), new byte[4096]));
  }

  private static String readDeviceModel() throws IOException {
    try (ImageReader image = ImageReader.of(longDeviceModel(), Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        if (item instanceof ImageItem.Libxl(var frame, _)) {
          return "%s of %d octets".formatted(frame.typeName(), frame.length());
        }
      }
      return "none";
    }
  }

  private static String convertedDeviceModel() throws IOException {
    ChannelInput input = longDeviceModel();
    LegacyOptions options = LegacyOptions.builder().pages(PagesShown.LEFT_IN_INPUT).build();
    try (LegacySource source = LegacySource.open(input, options, LegacyListener.NONE);
        FileChannel out = FileChannel.open(Path.of("/dev/null"), StandardOpenOption.WRITE);
        LegacyConversion conversion =
            LegacyConversion.begin(source, input, out, LegacyConversion.Target.LIBXL)) {
      while (conversion.step()) {}
      return "all of it";
    }
  }

  private static String endlessZeros(LegacyImageBuilder begin) throws IOException {
    return endlessLegacy(begin, LegacyImageBuilder.image(8).raw(new byte[4096]));
  }

  private static String read(ReadableByteChannel channel, Limits limits) throws IOException {
    long items = 0;
    try (ImageReader image = ImageReader.of(new ChannelInput("image", channel), limits)) {
      while (image.next() != null) {
        items++;
      }
      return items + " items";
    } catch (StreamFormatException fault) {
      return "%d items, %s".formatted(items, fault.fault());
    }
  }

  private static String endlessPages() throws IOException {
    long[] entries = new long[1024];
    java.util.Arrays.setAll(entries, i -> i);
    return endless(StreamBuilder.stream().pageData(entries).octets());
  }

  private static String endlessRecords() throws IOException {
    return endless(StreamBuilder.stream().record(0x80000001, new byte[100]).octets());
  }

  private static String endless(byte[] record) throws IOException {
    EndlessChannel endless = new EndlessChannel(header().octets(), record);
    try (ImageReader image = ImageReader.of(new ChannelInput("image", endless), Limits.DEFAULT)) {
      while (endless.given() < MANY) {
        if (image.next() == null) {
          return "an end";
        }
      }
      return "no end";
    }
  }

  private static String endlessConfig(int length) throws IOException {
    byte[] xl = Layers.xl(new byte[0]);
    byte[] header = java.util.Arrays.copyOf(xl, 44);
    byte[] begin = StreamBuilder.join(header, StreamBuilder.stream().u32(length).octets());
    return read(new EndlessChannel(begin, new byte[] {'x'}), Limits.DEFAULT);
  }

  /// What is looked for in a configuration may be all there is in it.
  private static String longName() throws IOException {
    String config = "{\"c_info\":{\"name\":\"" + "\u20ac".repeat((4 << 20) / 3 - 30) + "\"}}";
    return judge(new ByteArrayInputStream(Layers.xl(config, Layers.libxl(Samples.hvm()))));
  }

  /// Each record of the p2m tells of a somewhat larger guest, up to 256 GiB.
  private static String guestInSteps() throws IOException {
    StreamBuilder stream =
        StreamBuilder.stream()
            .imageHeader(3)
            .domainHeader(1)
            .record(0x10)
            .record(2, new byte[] {8, 4, 0, 0, 0, 0, 0, 0});
    for (int frames = 1 << 13; frames <= 1 << 17; frames += 1 << 13) {
      StreamBuilder p2m = StreamBuilder.stream().u32(0).u32(512 * frames - 1);
      for (int i = 0; i < frames; i++) {
        p2m.u64(i);
      }
      stream.record(0x03, p2m.octets());
    }
    return judge(new ByteArrayInputStream(stream.end().octets()));
  }

  private static String judge(ByteArrayInputStream octets) throws IOException {
    ChannelInput input = new ChannelInput("image", Channels.newChannel(octets));
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      return Judge.judge(image, Judge.Options.DEFAULT).isSound() ? "sound" : "unsound";
    }
  }

  @FunctionalInterface
  private interface Codec {
    OutputStream open(OutputStream out) throws IOException;
  }

  /// A stream with 256 MiB of zeros behind it, in a few kibibytes; no more than half of that is let
  /// out.
  private static String bomb(Codec codec) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (OutputStream out = codec.open(compressed)) {
      out.write(Samples.hvm());
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 256; i++) {
        out.write(zeros);
      }
    }
    Limits limits = new Limits(Wire.RECORD_LENGTH_MAX, 1 << 20, 128L << 20);
    String result =
        read(Channels.newChannel(new ByteArrayInputStream(compressed.toByteArray())), limits);
    return result.endsWith(Fault.DECOMPRESSION.name()) ? "stopped" : result;
  }
}
