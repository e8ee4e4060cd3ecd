// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

import java.util.Locale;

/// How a guest spreads its writes over its memory, as a [DirtyModel].
public enum WorkloadShape {
  /// Every page as likely as any other.
  UNIFORM {
    @Override
    public DirtyModel model(long pages, double writesPerSecond) {
      return DirtyModel.uniform(pages, writesPerSecond);
    }
  },
  /// Nine tenths of the writes go to a tenth of the pages.
  HOT_SPOT {
    @Override
    public DirtyModel model(long pages, double writesPerSecond) {
      return DirtyModel.hotSpot(pages, writesPerSecond, HOT_PART, 1 - HOT_PART);
    }
  },
  /// One page after the other, round and round.
  SWEEP {
    @Override
    public DirtyModel model(long pages, double writesPerSecond) {
      return DirtyModel.sweep(pages, writesPerSecond);
    }
  };

  private static final double HOT_PART = 0.1;

  /// The model of it.
  ///
  /// @param pages of the guest
  /// @param writesPerSecond writes to pages
  public abstract DirtyModel model(long pages, double writesPerSecond);

  /// `hot-spot`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
