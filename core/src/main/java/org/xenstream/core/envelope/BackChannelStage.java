// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.BackChannelReader;
import org.xenstream.core.format.Framed;

/// COLO's back channel: libxc's lists of pfns, and the records of libxl that take turns with them
/// where libxl runs the restore (`libxl_colo_restore.c`).
final class BackChannelStage implements Stage {
  private final ImageReader image;
  private final BackChannelReader libxc;
  private final LibxlRecordReader libxl;
  private boolean named;

  BackChannelStage(ImageReader image) {
    this.image = image;
    this.libxc = new BackChannelReader(image.input(), image.limits());
    this.libxl = new LibxlRecordReader(image, ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (!named) {
      named = true;
      return new ImageItem.LayerFound(image.input().position(), 0, new Layer.BackChannel());
    }
    if (libxl.atCheckpointState()) {
      return libxl.next();
    }
    Framed framed = libxc.next();
    return framed == null ? null : new ImageItem.Libxc(framed, libxc.end());
  }
}
