// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;

class InferStaticDataEndTest {
  private static InferStaticDataEnd over(byte[] octets) throws IOException {
    return new InferStaticDataEnd(
        StreamReader.open(
            new ChannelInput("a.img", ChunkedChannel.of(octets, 300, 1)), Limits.DEFAULT));
  }

  private static List<String> places(byte[] octets) throws IOException {
    List<String> places = new ArrayList<>();
    try (RecordSource source = over(octets)) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        Frame frame = framed.frame();
        assertEquals(frame.type(), framed.record().type());
        places.add("#%d %s @%d".formatted(frame.index(), frame.typeName(), frame.offset()));
      }
    }
    return places;
  }

  @Test
  void aPvStreamEndsItsStaticDataBeforeTheP2m() throws IOException {
    byte[] octets =
        StreamBuilder.stream()
            .imageHeader(2)
            .domainHeader(1)
            .record(0x02, new byte[8])
            .record(0x03, new byte[8])
            .pageData(1)
            .end()
            .octets();
    assertEquals(
        List.of(
            "#0 X86_PV_INFO @40",
            "#1 STATIC_DATA_END @56",
            "#1 X86_PV_P2M_FRAMES @56",
            "#2 PAGE_DATA @72",
            "#3 END @4192"),
        places(octets));
  }

  @Test
  void anHvmStreamEndsItsStaticDataBeforeItsFirstPages() throws IOException {
    byte[] octets =
        StreamBuilder.stream()
            .imageHeader(2)
            .domainHeader(2)
            .record(0x80000000, new byte[8])
            .pageData(0xF000_0000_0000_0000L)
            .pageData(0xF000_0000_0000_0000L)
            .end()
            .octets();
    assertEquals(
        List.of(
            "#0 SAVING_CPU @40",
            "#1 STATIC_DATA_END @56",
            "#1 PAGE_DATA @56",
            "#2 PAGE_DATA @80",
            "#3 END @104"),
        places(octets));
  }

  @Test
  void aRecordOfItsOwnIsNotDoubled() throws IOException {
    byte[] octets =
        StreamBuilder.stream()
            .imageHeader(2)
            .domainHeader(2)
            .record(0x10)
            .pageData()
            .end()
            .octets();
    assertEquals(
        List.of("#0 STATIC_DATA_END @40", "#1 PAGE_DATA @48", "#2 END @64"), places(octets));
  }

  @Test
  void nothingIsPutIntoAVersionThreeStream() throws IOException {
    byte[] octets = StreamBuilder.stream().imageHeader(3).domainHeader(2).pageData().end().octets();
    assertEquals(List.of("#0 PAGE_DATA @40", "#1 END @56"), places(octets));
  }

  @Test
  void aStreamWithoutMemoryHasNoPlaceForIt() throws IOException {
    byte[] octets = StreamBuilder.stream().imageHeader(2).domainHeader(2).end().octets();
    assertEquals(List.of("#0 END @40"), places(octets));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void isAlwaysAVersionThreeStream(int version) throws IOException {
    byte[] octets =
        StreamBuilder.stream()
            .imageHeader(-1, 0x58454E46, version, 0x8000, new byte[] {0, 0, 0, 0, 0, 7})
            .domainHeader(2)
            .octets();
    try (RecordSource source = over(octets)) {
      assertEquals(new ImageHeader(3, 0x8000, 7), source.headers().image());
      assertEquals(DomainHeader.of(2, 4, 17), source.headers().domain());
      assertEquals("a.img", source.name());
    }
  }

  /// A copy by frames of the stream seen as version 3 is the same stream of version 3, in either
  /// order; the policies that only version 3 has are left out.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void copiesAsAVersionThreeStream(boolean big) throws IOException {
    ByteOrder order = big ? BIG_ENDIAN : LITTLE_ENDIAN;
    byte[] octets = Samples.pv64(2, order);
    CapturingChannel copy = CapturingChannel.whole();
    try (RecordSource source = over(octets)) {
      StreamWriter writer =
          StreamWriter.begin(copy, source.headers().image(), source.headers().domain());
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        writer.copy(framed.frame());
      }
    }
    byte[] three = octets.clone();
    three[15] = 3;
    assertArrayEquals(
        StreamBuilder.join(
            Arrays.copyOf(three, 56),
            StreamBuilder.stream().order(order).record(0x10).octets(),
            Arrays.copyOfRange(three, 56, three.length)),
        copy.octets());
  }

  @Test
  void closesItsSource() throws IOException {
    ChunkedChannel channel = ChunkedChannel.oneByOne(Samples.hvm());
    new InferStaticDataEnd(StreamReader.open(new ChannelInput("a", channel), Limits.DEFAULT))
        .close();
    assertFalse(channel.isOpen());
  }
}
