// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Records;
import org.xenstream.testkit.XxHash64;
import org.xenstream.testkit.legacy.LegacySamples;
import org.xenstream.testkit.legacy.LegacySamples.Sample;

/// Legacy images in every layer that was ever around them give the records that they give bare, at
/// places within the whole file.
class LayeredLegacyImageTest {
  static Stream<Arguments> layered() {
    List<Arguments> all = new ArrayList<>();
    for (Sample sample : LegacySamples.all()) {
      layers(sample.image())
          .forEach((layer, octets) -> all.add(Arguments.of(layer, sample, octets)));
    }
    return all.stream();
  }

  private static Map<String, byte[]> layers(byte[] image) {
    Map<String, byte[]> layers = new LinkedHashMap<>();
    layers.put("xl 4.1 to 4.4", Layers.xlOfText("name = \"guest\"\nmemory = 64\n", image));
    layers.put("xl 4.5", Layers.xlOfJson(Layers.CONFIG, image));
    layers.put("xl without a configuration", Layers.xlOfText("", image));
    layers.put("xend", Layers.xend(image));
    layers.put("libvirt", Layers.libvirt(1, image));
    layers.put("gzip", Layers.gzip(image));
    layers.put("zstd of xl", Layers.zstd(Layers.xlOfText("name = 'x'", image)));
    layers.put("xz of xend", Layers.xz(Layers.xend(image)));
    return layers;
  }

  @ParameterizedTest(name = "{1} in {0}")
  @MethodSource("layered")
  void givesTheSameRecords(String layer, Sample sample, byte[] octets) throws IOException {
    List<String> bare = new ArrayList<>();
    try (ImageReader image = ImageReader.of(input(sample.image()), Limits.DEFAULT);
        RecordSource records = LibxcRecords.of(image)) {
      read(records, bare);
      assertEquals(0, records.headers().offset());
    }
    List<String> found = new ArrayList<>();
    try (ImageReader image = ImageReader.of(input(octets), Limits.DEFAULT);
        RecordSource records = LibxcRecords.of(image)) {
      read(records, found);
      boolean compressed = layer.contains("z");
      assertTrue(compressed || records.headers().offset() > 0);
    }
    assertEquals(bare, found);
  }

  private static OctetInput input(byte[] octets) {
    return new ChannelInput("a.img", Channels.newChannel(new ByteArrayInputStream(octets)));
  }

  private static void read(RecordSource source, List<String> records) throws IOException {
    long before = source.headers().offset();
    for (Framed framed = source.next(); framed != null; framed = source.next()) {
      byte[] text = Records.text(framed.record()).getBytes(UTF_8);
      records.add(framed.frame().typeName() + " " + XxHash64.hex(MemorySegment.ofArray(text)));
      assertTrue(framed.frame().offset() >= before, () -> "places go back");
    }
    assertTrue(records.size() > 4, () -> "only " + records);
  }
}
