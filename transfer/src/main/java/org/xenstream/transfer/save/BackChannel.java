// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import org.xenstream.transfer.PfnBitmap;

/// Where a COLO secondary tells its primary which pages it has dirtied itself
/// (`colo_merge_secondary_dirty_bitmap` of `xg_sr_save.c`).
@FunctionalInterface
public interface BackChannel {
  /// Waits for the list of one checkpoint, and adds its pfns.
  ///
  /// @param into as many pfns as the guest has
  /// @throws IOException when the peer is gone, or what it says is no such list
  void mergeDirtyPfns(PfnBitmap into) throws IOException;
}
