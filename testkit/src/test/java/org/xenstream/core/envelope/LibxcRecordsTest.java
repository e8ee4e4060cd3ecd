// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.RecordSource;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Records;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

class LibxcRecordsTest {
  private static RecordSource over(byte[] octets) throws IOException {
    return LibxcRecords.of(
        ImageReader.of(
            new ChannelInput("a.img", ChunkedChannel.of(octets, 800, 2)), Limits.DEFAULT));
  }

  private static List<String> texts(byte[] octets) throws IOException {
    List<String> texts = new ArrayList<>();
    try (RecordSource source = over(octets)) {
      texts.add(source.headers().image() + " " + source.headers().domain());
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        texts.add(framed.frame().index() + " " + Records.text(framed.record()));
      }
    }
    return texts;
  }

  static Stream<byte[]> wrapped() {
    byte[] bare = Samples.hvm();
    byte[] libxl = Layers.libxl(LITTLE_ENDIAN, bare);
    return Stream.of(
        libxl,
        Layers.xl(libxl),
        Layers.wire(libxl),
        Layers.libvirt(2, libxl),
        Layers.xenServer(bare),
        Layers.gzip(Layers.xl(libxl)),
        StreamBuilder.join(bare, new byte[99]));
  }

  @ParameterizedTest
  @MethodSource("wrapped")
  void areTheSameInEveryLayer(byte[] octets) throws IOException {
    assertEquals(texts(Samples.hvm()), texts(octets));
  }

  @Test
  void areThoseOfAllCheckpoints() throws IOException {
    byte[] bare = Samples.hvm(3, LITTLE_ENDIAN, true);
    int firstCheckpoint = indexOf(bare, 0x0E, 0);
    int secondCheckpoint = indexOf(bare, 0x0E, firstCheckpoint + 8);
    byte[] emulator = Layers.emulatorContext(LITTLE_ENDIAN);
    byte[] checkpointEnd = Layers.libxlRecord(LITTLE_ENDIAN, 4);
    byte[] remus =
        StreamBuilder.join(
            Layers.libxlHeader(LITTLE_ENDIAN),
            Layers.libxlRecord(LITTLE_ENDIAN, 1),
            java.util.Arrays.copyOf(bare, firstCheckpoint + 8),
            emulator,
            checkpointEnd,
            java.util.Arrays.copyOfRange(bare, firstCheckpoint + 8, secondCheckpoint + 8),
            emulator,
            checkpointEnd,
            java.util.Arrays.copyOfRange(bare, secondCheckpoint + 8, bare.length),
            Layers.libxlRecord(LITTLE_ENDIAN, 0));
    assertEquals(texts(bare), texts(remus));
  }

  /// Where the next record of a type without body stands.
  private static int indexOf(byte[] octets, int type, int from) {
    byte[] wanted = Layers.libxlRecord(LITTLE_ENDIAN, type);
    for (int at = from; at + 8 <= octets.length; at += 8) {
      if (java.util.Arrays.equals(octets, at, at + 8, wanted, 0, 8)) {
        return at;
      }
    }
    throw new AssertionError("no such record");
  }

  private static void none(long offset, String found, byte[] octets) {
    Expect.fault(
        Fault.NOT_AN_IMAGE,
        "a.img @0x%x (image): expected a libxc stream, found %s".formatted(offset, found),
        () -> over(octets));
  }

  @Test
  void areNotInOtherImages() {
    none(0, "COLO back channel", StreamBuilder.stream().record(0x0F, new byte[8]).octets());
    byte[] empty =
        StreamBuilder.join(Layers.libxlHeader(LITTLE_ENDIAN), Layers.libxlRecord(LITTLE_ENDIAN, 0));
    none(24, "the end", empty);
    none(24, "the end", StreamBuilder.join(empty, new byte[3]));
  }

  @Test
  void closeTheImage() throws IOException {
    ChunkedChannel channel = ChunkedChannel.of(Samples.hvm(), 100, 1);
    LibxcRecords.of(ImageReader.of(new ChannelInput("a", channel), Limits.DEFAULT)).close();
    assertFalse(channel.isOpen());
  }
}
