// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageCopy;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Records;

/// What the reader takes, the writer writes, so that it is read again and says the same.
final class WritingFuzzTest {

  @MethodSource("org.xenstream.fuzz.Seeds#streams")
  @FuzzTest
  void roundTrip(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    CapturingChannel written = CapturingChannel.shortWrites(octets.choice() + 1, 1);
    CapturingChannel copied = CapturingChannel.whole();
    List<String> said = new ArrayList<>();
    long begin;
    try (OctetInput input = octets.input();
        RecordSource source = StreamReader.open(input, Limits.DEFAULT)) {
      begin = source.headers().end();
      StreamWriter writer =
          StreamWriter.begin(written, source.headers().image(), source.headers().domain());
      StreamWriter copy = StreamWriter.resume(copied, source.headers().order());
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        copy.copy(framed.frame());
        if (!(framed.record() instanceof StreamRecord.Malformed)) {
          writer.accept(framed.record());
          said.add(Records.text(framed.record()));
        }
      }
    } catch (StreamFormatException fault) {
      begin = octets.rest().length;
    }
    if (begin < octets.rest().length) {
      byte[] copy = copied.octets();
      int from = (int) begin;
      assertArrayEquals(Arrays.copyOfRange(octets.rest(), from, from + copy.length), copy);
    }
    assertEquals(said, readAgain(written.octets()));
  }

  private static List<String> readAgain(byte[] octets) throws IOException {
    List<String> said = new ArrayList<>();
    if (octets.length == 0) {
      return said;
    }
    try (RecordSource source = StreamReader.open(input(octets), Limits.DEFAULT)) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        said.add(Records.text(framed.record()));
      }
    } catch (StreamFormatException end) {
      // What was cut there ends without END here.
      assertEquals("a record, END at the latest", end.expected());
    }
    return said;
  }

  private static OctetInput input(byte[] octets) {
    return new ChannelInput("copy", ChunkedChannel.of(octets, 1 << 20, 0));
  }

  /// A copy in another form is one that is read, or is refused. A legacy image goes to the octet
  /// into its copy, so that damage of it comes along.
  @MethodSource("org.xenstream.fuzz.Seeds#images")
  @FuzzTest
  void otherForm(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    int choice = octets.choice();
    ImageCopy.Layers[] layers = ImageCopy.Layers.values();
    ImageCopy.Options options =
        new ImageCopy.Options(
            new int[] {0, 2, 3}[choice % 3],
            new ByteOrder[] {null, ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}[choice / 3 % 3],
            layers[choice / 9 % layers.length],
            (choice & 64) != 0,
            (choice & 128) != 0 ? "{}" : null);
    CapturingChannel out = CapturingChannel.whole();
    boolean legacy = false;
    try (ImageReader image = ImageReader.of(octets.input(), Limits.DEFAULT)) {
      ImageCopy copy = new ImageCopy(image, out, options);
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        legacy |=
            item instanceof ImageItem.LayerFound found
                && found.layer() instanceof Layer.LegacyImage;
        copy.see(item);
      }
      copy.end();
    } catch (StreamFormatException fault) {
      assertFalse(fault.expected().isEmpty());
      return;
    }
    if (out.octets().length == 0) {
      return;
    }
    try (ImageReader image = ImageReader.of(input(out.octets()), Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        assertFalse(item.offset() > out.octets().length);
      }
    } catch (StreamFormatException fault) {
      assertTrue(legacy, fault::toString);
    }
  }
}
