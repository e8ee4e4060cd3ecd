// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.Wire;

/// xend's save file: 16 octets `LinuxGuestRecord`, i32 big-endian length, the configuration, then a
/// legacy image (`tools/python/xen/xend/XendCheckpoint.py` of the releases up to 4.4).
final class XendStage implements Stage {
  private static final int HEADER = 20;

  private final ImageReader image;
  private boolean begun;

  XendStage(ImageReader image) {
    this.image = image;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (begun) {
      return null;
    }
    begun = true;
    OctetInput input = image.input();
    long offset = input.position();
    int length = Wire.u32(image.require(HEADER, "xend", "header"), 16, ByteOrder.BIG_ENDIAN);
    image.holdConfig(length, Integer.toString(length), offset + 16, "xend", "header", "length");
    byte[] config =
        image
            .require(HEADER + (long) length, "xend", "config")
            .asSlice(HEADER)
            .toArray(ValueLayout.JAVA_BYTE);
    image.push(image.legacy("an xend save file"));
    return new ImageItem.LayerFound(
        offset, HEADER + (long) length, new Layer.Xend(new String(config, UTF_8)));
  }
}
