// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.xenstream.core.envelope.ImageItem;

/// Some rules that look at the same records. A check may remember: it is made fresh for each image.
interface Check {
  /// Looks at the next item. The state already tells what came before it, and not yet the item
  /// itself. No view of the item is kept.
  void see(ImageItem item, StreamState before, Report report);
}
