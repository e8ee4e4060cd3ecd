// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.StreamBuilder;

/// Whatever follows the first octets of a compressed file, it is read or refused, and yields no
/// more than the limit.
final class DecompressionFuzzTest {
  private static final long MOST = 4L << 20;

  private static final byte[][] MAGICS = {
    {0x1F, (byte) 0x8B, 8}, {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD}, {(byte) 0xFD, '7', 'z', 'X'}
  };

  @MethodSource("org.xenstream.fuzz.Seeds#compressed")
  @FuzzTest
  void compressed(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    byte[] magic = MAGICS[octets.choice() % 3];
    byte[] file = octets.rest();
    if (file.length >= magic.length) {
      System.arraycopy(magic, 0, file, 0, magic.length);
    } else {
      file = StreamBuilder.join(magic, file);
    }
    Limits limits = new Limits(MOST, MOST, MOST);
    try (ImageReader image =
        ImageReader.of(new Octets(octets.choice() / 3, file).input(), limits)) {
      ImageItem first = image.next();
      assertTrue(first instanceof ImageItem.LayerFound);
      assertEquals(0, first.offset());
      for (ImageItem item = first; item != null; item = image.next()) {
        assertTrue(item.offset() <= MOST);
      }
    } catch (StreamFormatException fault) {
      assertTrue(fault.location().offset() <= Math.max(MOST, file.length), fault.getMessage());
    }
  }
}
