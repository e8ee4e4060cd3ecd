// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;

/// What a save asks of the toolstack (`struct save_callbacks` of `tools/include/xenguest.h`).
public interface SaveCallbacks {
  /// Suspends the guest and its device model.
  ///
  /// @return false when that failed: the save fails
  boolean suspend() throws IOException;

  /// Checkpointed streams: lets the guest go on (`postcopy`).
  ///
  /// @return false when the save is to end
  boolean resume() throws IOException;

  /// Checkpointed streams: a checkpoint is written. Remus waits here for the acknowledgement and
  /// the interval; COLO is told that its checkpoint record is out.
  ///
  /// @return false when the save is to end
  boolean checkpoint() throws IOException;

  /// COLO: waits for the next checkpoint.
  ///
  /// @return false when the save is to end
  boolean waitCheckpoint() throws IOException;

  /// HVM guests: tells the device model to mark what it writes as dirty, or no longer to.
  void switchQemuLogDirty(boolean enable) throws IOException;
}
