// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.XenVersion;

/// What a simulated host is made of.
///
/// @param version the release it passes for
/// @param frames how much memory the machine has, in frames of 4096 octets; it takes memory of this
///   process only where a guest wrote
/// @param maxPfns the highest pfn a guest may use, plus one; bookkeeping takes memory only where
///   pfns are used
/// @param maximumRamPage what [org.xenstream.transfer.Hypervisor#maximumRamPage] says; the m2p
///   reaches so far at least
/// @param placement which frame a PV guest gets for a pfn; null where the next free one is given
/// @param sharedInfoFrame the frame of a PV guest's shared info page; −1 for any free one
/// @param compatM2pFirstFrame the first frame of the table that 32-bit guests see
/// @param checks how strict it is
/// @param hugePages whether its memory is taken of this machine by 2 MiB, as suits guests that use
///   all they have: large transfers are quicker then
public record SimOptions(
    XenVersion version,
    long frames,
    long maxPfns,
    long maximumRamPage,
    @Nullable FramePlacement placement,
    long sharedInfoFrame,
    long compatM2pFirstFrame,
    Checks checks,
    boolean hugePages) {

  /// What the host checks of that which it is given.
  public enum Checks {
    /// What Xen checks: page tables when they are typed, contexts, params.
    ENFORCED,
    /// Nothing but what it needs to know what to do: it takes down what it is told, as the stand-in
    /// did that restored the corpus. Page tables of guests that never ran do not pass Xen's checks.
    RECORDED
  }

  /// The most pfns that a guest may have here: 4 TiB.
  public static final long MOST_PFNS = 1L << 30;

  /// Rejects what cannot be.
  public SimOptions {
    if (frames < 16 || frames > 1L << 31 || maxPfns < 1 || maxPfns > MOST_PFNS) {
      throw new IllegalArgumentException(
          "frames must be 16 to 2^31 and pfns 1 to 2^30 but were %d and %d"
              .formatted(frames, maxPfns));
    }
  }

  /// A host of its own manner with so many frames, which checks all.
  public static SimOptions ofFrames(long frames) {
    return new SimOptions(
        new XenVersion(4, 20),
        frames,
        MOST_PFNS,
        frames - 1,
        null,
        -1,
        // Xen has the compat table in its own part of memory, which here is behind that of guests.
        frames + 0x100,
        Checks.ENFORCED,
        false);
  }

  /// A host whose restores give the figures of the corpus: HVM gfn = pfn, PV mfn = pfn + 0x1000,
  /// shared info at 0x800, compat m2p at 0xa00, `maximumRamPage` 0x80000.
  public static SimOptions ofReference() {
    return new SimOptions(
        new XenVersion(4, 20),
        1L << 22,
        MOST_PFNS,
        0x80000,
        pfn -> pfn + 0x1000,
        0x800,
        0xa00,
        Checks.RECORDED,
        false);
  }

  /// The same of another size.
  public SimOptions withFrames(long count) {
    return new SimOptions(
        version,
        count,
        maxPfns,
        count - 1,
        placement,
        sharedInfoFrame,
        compatM2pFirstFrame,
        checks,
        hugePages);
  }

  /// The same with other checks.
  public SimOptions withChecks(Checks other) {
    return new SimOptions(
        version,
        frames,
        maxPfns,
        maximumRamPage,
        placement,
        sharedInfoFrame,
        compatM2pFirstFrame,
        other,
        hugePages);
  }

  /// The same of another release.
  public SimOptions withVersion(XenVersion other) {
    return new SimOptions(
        other,
        frames,
        maxPfns,
        maximumRamPage,
        placement,
        sharedInfoFrame,
        compatM2pFirstFrame,
        checks,
        hugePages);
  }

  /// The same with memory by 2 MiB.
  public SimOptions withHugePages() {
    return new SimOptions(
        version,
        frames,
        maxPfns,
        maximumRamPage,
        placement,
        sharedInfoFrame,
        compatM2pFirstFrame,
        checks,
        true);
  }
}
