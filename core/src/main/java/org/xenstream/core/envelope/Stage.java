// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// One layer's grammar, while an image is read.
interface Stage {
  /// The next thing met, or null when this layer has ended and the one around it goes on.
  @Nullable ImageItem next() throws IOException;
}
