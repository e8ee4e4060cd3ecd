// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

/// What a transfer tells of its progress, for whoever shows it. A handful a round, never one a
/// page. Times are in nanoseconds, rates per second; what is not known yet is zero.
public sealed interface TransferEvent {

  /// What a pass over memory is for.
  enum Pass {
    /// The guest runs meanwhile.
    LIVE,
    /// The guest is suspended: what is left.
    SUSPENDED,
    /// The guest is suspended: everything again, to be compared.
    VERIFY
  }

  /// A pass over memory begins.
  ///
  /// @param pass what it is for
  /// @param round how many passes were before it (since the last checkpoint, if there was one)
  /// @param pages how many pages it is expected to send
  /// @param dirtyPagesPerSecond how fast the guest dirtied pages in the round before
  /// @param predictedDowntimeNanos how long the guest would stand still if it were suspended now:
  ///   these pages at the rate of the rounds before, and what memory has no part in
  record RoundBegun(
      Pass pass, int round, long pages, double dirtyPagesPerSecond, long predictedDowntimeNanos)
      implements TransferEvent {}

  /// A pass is on its way; comes at most once in some number of batches.
  ///
  /// @param pass what it is for
  /// @param round its number
  /// @param sent entries of it that have been sent, pages without data among them
  /// @param pages how many it is expected to send
  /// @param octets written to the stream so far, all in all
  record Progress(Pass pass, int round, long sent, long pages, long octets)
      implements TransferEvent {}

  /// A pass is done.
  ///
  /// @param pass what it was for
  /// @param round its number
  /// @param sent entries of it, pages without data among them
  /// @param octets what it added to the stream
  /// @param nanos how long it took
  /// @param octetsPerSecond the rate
  record RoundEnded(
      Pass pass, int round, long sent, long octets, long nanos, double octetsPerSecond)
      implements TransferEvent {}

  /// The guest stands still from here on.
  ///
  /// @param elapsedNanos since the transfer began
  record Suspended(long elapsedNanos) implements TransferEvent {}

  /// All memory was sent, and is sent again to be compared.
  ///
  /// @param elapsedNanos since the transfer began
  record Verifying(long elapsedNanos) implements TransferEvent {}

  /// A checkpoint is complete in the stream.
  ///
  /// @param number counted from 1
  /// @param octets written to the stream so far, all in all
  /// @param suspendedNanos how long the guest has stood still for it so far
  record Checkpoint(int number, long octets, long suspendedNanos) implements TransferEvent {}

  /// The guest goes on after a checkpoint.
  ///
  /// @param suspendedNanos how long it stood still
  record Resumed(long suspendedNanos) implements TransferEvent {}

  /// The transfer is over, and all that it changed is undone.
  ///
  /// @param complete whether it came to its end without a failure
  /// @param octets written to the stream, all in all
  /// @param elapsedNanos since it began
  record Ended(boolean complete, long octets, long elapsedNanos) implements TransferEvent {}
}
