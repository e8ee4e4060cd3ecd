// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.util.SplittableRandom;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.SaveOutput;

/// The output of a host that dies: behind a checkpoint, some records into the next one, nothing is
/// written any more.
final class MortalOutput implements SaveOutput {
  /// Every checkpoint has at least so many records before its end: clock, contexts, and so on.
  private static final int LEAST_RECORDS = 3;

  private final SaveOutput to;
  private final int lastCheckpoint;
  private int checkpoints;
  private int left;

  /// @param lastCheckpoint the last that is complete; 0 for an output that does not die
  /// @param seed decides how many records of the next one are written
  MortalOutput(SaveOutput to, int lastCheckpoint, long seed) {
    this.to = to;
    this.lastCheckpoint = lastCheckpoint;
    this.left = new SplittableRandom(seed).nextInt(LEAST_RECORDS);
  }

  /// Tells whether it has died.
  boolean isDead() {
    return left < 0;
  }

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    to.begin(image, domain);
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    age();
    to.accept(batch);
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    age();
    to.accept(record);
    if (record instanceof StreamRecord.Checkpoint) {
      checkpoints++;
    }
  }

  private void age() throws IOException {
    if (lastCheckpoint > 0 && checkpoints >= lastCheckpoint && --left < 0) {
      throw new IOException("the primary died behind checkpoint " + checkpoints);
    }
  }

  @Override
  public long written() {
    return to.written();
  }

  @Override
  public long unread() {
    return to.unread();
  }
}
