// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/// The image that every compressed file of these tests holds: a v3 stream of an HVM guest with
/// three pages, END, and nothing behind it.
final class PlainImage {
  /// Where the second half of the files in two parts begins.
  static final int MIDDLE = 5000;

  private PlainImage() {}

  static byte[] octets() {
    ByteBuffer image = ByteBuffer.allocate(40 + 8 + 8 + 3 * 8 + 3 * 4096 + 8);
    image.order(ByteOrder.BIG_ENDIAN);
    image.putLong(-1).putInt(0x58454E46).putInt(3).putLong(0);
    image.order(ByteOrder.LITTLE_ENDIAN);
    image.putInt(2).putShort((short) 12).putShort((short) 0).putInt(4).putInt(17);
    image.putInt(1).putInt(8 + 3 * 8 + 3 * 4096).putInt(3).putInt(0);
    image.putLong(0).putLong(1).putLong(2);
    byte[] page = new byte[4096];
    new Random(1).nextBytes(page);
    image.put(page).put(new byte[4096]).put(page);
    image.putLong(0);
    return image.array();
  }

  /// Writes the image to a file, for `src/test/resources/make`.
  public static void main(String[] args) throws Exception {
    Files.write(Path.of(args[0]), octets());
  }
}
