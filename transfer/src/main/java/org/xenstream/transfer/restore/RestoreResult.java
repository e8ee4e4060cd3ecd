// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// What came of a restore.
///
/// @param storeFrame the frame of the xenstore page, 0 when the stream named none
/// @param consoleFrame the frame of the console page, 0 when the stream named none
/// @param records how many records were read
/// @param pages how many pages of data came and were put in place or compared
/// @param populated how many frames the guest was given
/// @param superpages how many times 512 of them came as a superpage
/// @param cleared how often a page that belongs to the host side was cleared
/// @param mismatches how many pages of a verify pass were not what the guest had
/// @param tscInfos how many X86_TSC_INFO records were applied
/// @param missing what the toolstack had to supply of the static data, bits of [RestoreCallbacks];
///   −1 when their end never came
/// @param checkpoints how many CHECKPOINT records came
/// @param failure why the sender was given up and the last complete checkpoint taken; null when the
///   stream came to its END
public record RestoreResult(
    long storeFrame,
    long consoleFrame,
    long records,
    long pages,
    long populated,
    long superpages,
    long cleared,
    long mismatches,
    long tscInfos,
    int missing,
    long checkpoints,
    @Nullable IOException failure) {
  /// Tells whether the guest is that of the last complete checkpoint, as its sender died.
  public boolean failedOver() {
    return failure != null;
  }
}
