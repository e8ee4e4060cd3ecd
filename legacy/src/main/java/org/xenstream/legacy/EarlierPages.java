// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;

/// Finds pages that came before compression began, where the image can be read once more.
interface EarlierPages {
  /// An image that is read only once.
  EarlierPages NONE = (_, _) -> false;

  /// Puts such pages into the store, as far as it has none for their pfn yet.
  ///
  /// @return whether the store has that page then
  boolean find(long pfn, PageStore store) throws IOException;
}
