// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.policy;

/// How many distinct pages a guest has written after a time: what a workload looks like to
/// pre-copy.
@FunctionalInterface
public interface DirtyModel {
  /// Distinct pages written in `seconds` of running, beginning with none.
  double dirtyPages(double seconds);

  /// Every page as likely as any other.
  ///
  /// @param pages of the guest
  /// @param writesPerSecond writes to pages
  static DirtyModel uniform(long pages, double writesPerSecond) {
    return seconds -> -pages * Math.expm1(-writesPerSecond * seconds / pages);
  }

  /// Most writes go to few pages.
  ///
  /// @param pages of the guest
  /// @param writesPerSecond writes to pages
  /// @param hotPart the part of the pages that is hot, 0 to 1
  /// @param hotWrites the part of the writes that goes there, 0 to 1
  static DirtyModel hotSpot(long pages, double writesPerSecond, double hotPart, double hotWrites) {
    double hot = Math.max(1.0, pages * hotPart);
    double cold = Math.max(1.0, pages - hot);
    return seconds ->
        -hot * Math.expm1(-writesPerSecond * hotWrites * seconds / hot)
            - cold * Math.expm1(-writesPerSecond * (1 - hotWrites) * seconds / cold);
  }

  /// One page after the other, round and round.
  ///
  /// @param pages of the guest
  /// @param writesPerSecond writes to pages
  static DirtyModel sweep(long pages, double writesPerSecond) {
    return seconds -> Math.min((double) pages, writesPerSecond * seconds);
  }
}
