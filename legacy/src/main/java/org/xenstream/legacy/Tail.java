// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Framed;

/// What stands behind the zero that ends a body, as records of a modern stream.
sealed interface Tail permits PvTail, HvmTail {
  /// The tail at which the cursor stands.
  static Tail of(LegacyCursor in, Layout layout, GuestState guest, Framer framer, Notes notes) {
    return layout.isPv()
        ? new PvTail(in, layout, guest, framer, notes)
        : new HvmTail(in, guest, framer);
  }

  /// The next record, or null when the cursor stands behind the tail; of an HVM guest, in front of
  /// its device model.
  @Nullable Framed next() throws IOException;
}
