// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.StreamGenerator;
import org.xenstream.testkit.legacy.LegacySamples;
import org.xenstream.x86.HvmRecordType;

/// What each target begins with: small images of each kind, in each layer, and blobs of each size
/// that a struct has. Each method is a target's source of arguments.
final class Seeds {
  private static final int GENERATED = 12;

  private Seeds() {}

  /// Bare libxc streams behind every kind of choice.
  static Stream<Arguments> streams() {
    return chosen(bare());
  }

  /// Images in each layer.
  static Stream<Arguments> images() {
    return chosen(layered());
  }

  /// Back channels, in all forms.
  static Stream<Arguments> backChannels() {
    byte[] plain = StreamBuilder.stream().record(0x0F, new byte[16]).record(0x0F).octets();
    byte[] stray =
        StreamBuilder.stream().u32(0x0F).u32(8).u64(0).u64(7).u32(0x0F).u32(0).u64(0).octets();
    byte[] spoken = Layers.backChannel(0, new long[] {3}, new long[] {0, 5});
    byte[] spokenStray = Layers.backChannel(8, new long[] {3}, new long[] {0, 5});
    return chosen(List.of(plain, stray, spoken, spokenStray, new byte[0]));
  }

  /// Legacy images of each kind.
  static Stream<Arguments> legacyImages() {
    return chosen(LegacySamples.all().stream().map(LegacySamples.Sample::image).toList());
  }

  /// What a COMPRESSED_DATA chunk of a legacy image may hold.
  static Stream<Arguments> compressedPages() {
    return LegacyFuzzTest.compressedSeeds().stream().map(seed -> Arguments.of((Object) seed));
  }

  /// Configurations of xend for either kind of guest.
  static Stream<Arguments> xendConfigs() {
    return chosen(
        XendConfigFuzzTest.seeds().stream()
            .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
            .toList());
  }

  /// Compressed images, each with the choice of its codec.
  static Stream<Arguments> compressed() {
    List<byte[]> seeds = new ArrayList<>();
    for (byte[] image : List.of(Samples.hvm(), new byte[300], new byte[0])) {
      seeds.add(prefixed(0, Layers.gzip(image)));
      seeds.add(prefixed(1, Layers.zstd(image)));
      seeds.add(prefixed(2, Layers.xz(image)));
    }
    seeds.add(prefixed(1, StreamBuilder.join(Layers.zstd(new byte[9]), Layers.zstd(new byte[9]))));
    return seeds.stream().map(Arguments::of);
  }

  /// A blob for each decoder, and for each record of an HVM context.
  static Stream<Arguments> blobs() {
    List<byte[]> seeds = new ArrayList<>();
    int[] sizes = {5168, 2800, 128, 832, 32, 4096, 4096, 4096, 4096, 48, 48, 32, 24, 16, 8, 0};
    for (int kind = 0; kind < sizes.length; kind++) {
      seeds.add(prefixed(kind, new byte[sizes[kind]]));
      seeds.add(prefixed(kind, StreamBuilder.filled(sizes[kind], 0xFF)));
    }
    for (HvmRecordType type : HvmRecordType.values()) {
      int size = Math.toIntExact(type.size());
      byte[] entry =
          StreamBuilder.stream().u16(type.code()).u16(0).u32(size).raw(new byte[size]).octets();
      seeds.add(prefixed(Blob.HVM_CONTEXT, entry));
    }
    return seeds.stream().map(Arguments::of);
  }

  private static Stream<Arguments> chosen(List<byte[]> images) {
    List<Arguments> seeds = new ArrayList<>();
    int choice = 0;
    for (byte[] image : images) {
      seeds.add(Arguments.of((Object) prefixed(choice, image)));
      seeds.add(Arguments.of((Object) prefixed(choice + 1, image)));
      choice = (choice + 38) & 0xFF;
    }
    return seeds.stream();
  }

  private static byte[] prefixed(int choice, byte[] rest) {
    return StreamBuilder.join(new byte[] {(byte) choice}, rest);
  }

  private static List<byte[]> bare() {
    List<byte[]> images = new ArrayList<>();
    for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
      for (int version = 2; version <= 3; version++) {
        images.add(Samples.hvm(version, order, false));
        images.add(Samples.hvm(version, order, true));
        images.add(Samples.pv64(version, order));
        images.add(Samples.everyRecord(version, order));
      }
    }
    images.addAll(tiny());
    return images;
  }

  /// Streams of one small record each: what a step of the fuzzer changes in them is likely a field.
  private static List<byte[]> tiny() {
    List<byte[]> images = new ArrayList<>();
    for (int guest = 1; guest <= 2; guest++) {
      for (int type = 0x01; type <= 0x13; type++) {
        images.add(
            alone(guest).record(type, StreamBuilder.filled(24, 0), new byte[8]).end().octets());
      }
      images.add(
          alone(guest).pageData(0xF000_0000_0000_0001L, 0xE000_0000_0000_0002L).end().octets());
      byte[] params = alone(guest).part().u32(1).u32(0).u64(2).u64(1).octets();
      images.add(alone(guest).record(0x0A, params).end().octets());
      byte[] context =
          alone(guest).part().u16(1).u16(0).u32(8).u64(0).u16(0).u16(0).u32(0).octets();
      images.add(alone(guest).record(0x09, context).end().octets());
    }
    return images;
  }

  private static StreamBuilder alone(int guest) {
    return StreamBuilder.stream().imageHeader(3).domainHeader(guest);
  }

  private static List<byte[]> layered() {
    List<byte[]> images = new ArrayList<>(bare());
    for (int seed = 0; seed < GENERATED; seed++) {
      images.add(generated(seed));
    }
    byte[] libxc = Samples.hvm();
    byte[] libxl = Layers.libxl(libxc);
    images.add(libxl);
    images.add(Layers.libxl(ByteOrder.BIG_ENDIAN, Samples.pv64(3, ByteOrder.BIG_ENDIAN)));
    images.add(Samples.remus());
    images.add(Layers.xl(libxl));
    images.add(Layers.wire(libxl));
    images.add(Layers.libvirt(2, libxl));
    images.add(Layers.xenServer(libxc));
    for (int width : new int[] {4, 8}) {
      images.add(Layers.legacy(width, true));
      images.add(Layers.legacy(width, false));
      images.add(Layers.xend(Layers.legacy(width, true)));
      images.add(Layers.libvirt(1, Layers.legacy(width, false)));
    }
    images.add(Layers.gzip(libxc));
    images.add(Layers.zstd(libxl));
    images.add(Layers.xz(Layers.gzip(libxc)));
    images.add(StreamBuilder.join(libxc, new byte[100]));
    images.add(new byte[0]);
    return images;
  }

  private static byte[] generated(long seed) {
    StreamGenerator.Generated stream = StreamGenerator.generate(seed);
    CapturingChannel out = CapturingChannel.whole();
    try {
      GatheringByteChannel channel = out;
      StreamWriter writer = StreamWriter.begin(channel, stream.image(), stream.domain());
      for (var record : stream.records()) {
        writer.accept(record);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return out.octets();
  }

  /// Writes the seeds as files, for `scripts/fuzz`: `<directory>/<method>/<number>`.
  ///
  /// @param args the directory
  public static void main(String[] args) throws IOException {
    write(Path.of(args[0], "streams"), streams());
    write(Path.of(args[0], "images"), images());
    write(Path.of(args[0], "backChannels"), backChannels());
    write(Path.of(args[0], "compressed"), compressed());
    write(Path.of(args[0], "blobs"), blobs());
    write(Path.of(args[0], "legacyImages"), legacyImages());
    write(Path.of(args[0], "xendConfigs"), xendConfigs());
    write(Path.of(args[0], "compressedPages"), compressedPages());
  }

  private static void write(Path directory, Stream<Arguments> seeds) throws IOException {
    Files.createDirectories(directory);
    int number = 0;
    for (Arguments seed : seeds.toList()) {
      Files.write(directory.resolve("seed-" + number++), (byte[]) seed.get()[0]);
    }
  }
}
