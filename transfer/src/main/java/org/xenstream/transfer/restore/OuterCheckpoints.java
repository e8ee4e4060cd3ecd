// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import org.xenstream.core.envelope.LibxcRecords;

/// A toolstack that reads its own records of each checkpoint in a libxl stream before the
/// checkpoint is taken for complete (`libxl__stream_read_start_checkpoint` and `checkpoint_done` of
/// `tools/libs/light/libxl_stream_read.c`). All else it leaves to another.
public final class OuterCheckpoints implements RestoreCallbacks {
  private final LibxcRecords records;
  private final RestoreCallbacks toolstack;

  /// @param records those that are restored
  public OuterCheckpoints(LibxcRecords records, RestoreCallbacks toolstack) {
    this.records = records;
    this.toolstack = toolstack;
  }

  @Override
  public void staticDataDone(int missing) throws IOException {
    toolstack.staticDataDone(missing);
  }

  @Override
  public CheckpointResult checkpoint() throws IOException {
    records.passCheckpoint();
    return toolstack.checkpoint();
  }

  @Override
  public void restoreResults(long storeFrame, long consoleFrame) throws IOException {
    toolstack.restoreResults(storeFrame, consoleFrame);
  }

  @Override
  public CheckpointResult resume() throws IOException {
    return toolstack.resume();
  }

  @Override
  public CheckpointResult waitCheckpoint() throws IOException {
    return toolstack.waitCheckpoint();
  }

  @Override
  public CheckpointResult suspend() throws IOException {
    return toolstack.suspend();
  }
}
