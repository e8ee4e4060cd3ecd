// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;

/// What a restore asks of the toolstack (`struct restore_callbacks` of `tools/include/xenguest.h`).
public interface RestoreCallbacks {
  /// Bit of `missing`: the stream brought no CPUID policy (`XGR_SDD_MISSING_CPUID`).
  int MISSING_CPUID = 1;

  /// Bit of `missing`: the stream brought no MSR policy (`XGR_SDD_MISSING_MSR`).
  int MISSING_MSR = 2;

  /// The static data are complete, once.
  ///
  /// @param missing bits of what the toolstack has to supply
  void staticDataDone(int missing) throws IOException;

  /// Checkpointed streams: a CHECKPOINT record has come.
  ///
  /// @throws org.xenstream.core.format.StreamFormatException when what the toolstack itself has to
  ///   read of the checkpoint is not there, which is answered as the end of the records is: by a
  ///   failover to the checkpoint before it, if there is one
  CheckpointResult checkpoint() throws IOException;

  /// COLO: where the guest's xenstore and console pages are.
  void restoreResults(long storeFrame, long consoleFrame) throws IOException;

  /// COLO: lets the guest go on (`postcopy`).
  CheckpointResult resume() throws IOException;

  /// COLO: waits for the next checkpoint.
  CheckpointResult waitCheckpoint() throws IOException;

  /// COLO: suspends the guest.
  CheckpointResult suspend() throws IOException;

  /// The answers, `XGR_CHECKPOINT_*`.
  enum CheckpointResult {
    /// The restore fails.
    ERROR,
    /// Go on.
    SUCCESS,
    /// The sender is dead: take over from the last complete checkpoint.
    FAILOVER
  }
}
