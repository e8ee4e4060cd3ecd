// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.BackChannelReader;
import org.xenstream.core.format.Framed;

/// COLO's back channel.
final class BackChannelStage implements Stage {
  private final ImageReader image;
  private final BackChannelReader reader;
  private boolean named;

  BackChannelStage(ImageReader image) {
    this.image = image;
    this.reader = new BackChannelReader(image.input(), image.limits());
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (!named) {
      named = true;
      return new ImageItem.LayerFound(image.input().position(), 0, new Layer.BackChannel());
    }
    Framed framed = reader.next();
    return framed == null ? null : new ImageItem.Libxc(framed, reader.end());
  }
}
