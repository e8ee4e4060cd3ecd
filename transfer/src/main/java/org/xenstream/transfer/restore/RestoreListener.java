// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;

/// Told what a restore meets, on the restore's thread.
public interface RestoreListener {
  /// One that does nothing.
  RestoreListener NONE =
      new RestoreListener() {
        @Override
        public void batch(long pages) {}

        @Override
        public void mismatch(long pfn, int type) {}

        @Override
        public void checkpoint(long number) {}

        @Override
        public void failover(IOException why) {}
      };

  /// A batch is in place.
  ///
  /// @param pages how many pages of data have come so far
  void batch(long pages);

  /// A page of the verify pass is not what the guest has.
  ///
  /// @param type its [org.xenstream.core.format.PageType]
  void mismatch(long pfn, int type);

  /// A checkpoint is complete and in place.
  ///
  /// @param number 1 for the first
  void checkpoint(long number);

  /// The sender is dead: the last complete checkpoint is taken.
  ///
  /// @param why what ended the stream
  void failover(IOException why);
}
