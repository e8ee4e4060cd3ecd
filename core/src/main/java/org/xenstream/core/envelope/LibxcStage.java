// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.StreamReader;

/// A libxc stream that stands on its own, or in a layer that takes no part in its checkpoints.
final class LibxcStage implements Stage {
  private final ImageReader image;
  private @Nullable StreamReader reader;

  LibxcStage(ImageReader image) {
    this.image = image;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (reader == null) {
      reader = StreamReader.open(image.input(), image.limits(), image.pages());
      return new ImageItem.LibxcBegins(reader.headers());
    }
    Framed framed = reader.next();
    return framed == null ? null : new ImageItem.Libxc(framed, framed.frame().end());
  }
}
