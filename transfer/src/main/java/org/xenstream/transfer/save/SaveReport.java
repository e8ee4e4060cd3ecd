// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

/// What a save that did not fail has done.
///
/// @param ending how it came to its end
/// @param rounds how many passes over memory were sent while the guest ran
/// @param checkpoints how many checkpoints are complete in the stream
/// @param entries how many pages were named in all batches, those without data among them
/// @param pages how many pages of data were sent
/// @param octets the length of the stream
/// @param suspendedNanos how long the guest has stood still last
/// @param elapsedNanos how long all of it took
public record SaveReport(
    Ending ending,
    int rounds,
    int checkpoints,
    long entries,
    long pages,
    long octets,
    long suspendedNanos,
    long elapsedNanos) {

  /// How a save ends that does not fail.
  public enum Ending {
    /// With an END record.
    COMPLETE,
    /// With a checkpoint after which the toolstack did not want to go on. There is no END record
    /// then: the receiver takes over when the stream breaks off.
    CHECKPOINTS_ENDED
  }
}
