// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.TransferEvent;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.sim.GuestReport;

/// How a migration ended: where the guest runs now, and how it is.
///
/// @param survivor where it runs
/// @param failure why it did not move, where it was to; null when all went as planned, be it that
///   the planned death of the primary is part of it
/// @param saved what the save did; null when it failed
/// @param restored what the restore did; null when it failed
/// @param passes the passes over memory, in their order
/// @param checkpoints the checkpoints that were complete at the sender
/// @param octets sent
/// @param totalNanos from the first octet until the guest ran where it runs now
/// @param downtimeNanos how long the guest stood still: of a migration, until it ran elsewhere or
///   again; of checkpoints, the longest of them
/// @param pagesWritten how many pages the guest wrote meanwhile
/// @param check the self-check of the guest that runs; null where none does
/// @param backup the self-check of the backup, where one was kept and not needed
public record MigrationOutcome(
    Survivor survivor,
    @Nullable IOException failure,
    @Nullable SaveReport saved,
    @Nullable RestoreResult restored,
    List<TransferEvent.RoundEnded> passes,
    int checkpoints,
    long octets,
    long totalNanos,
    long downtimeNanos,
    long pagesWritten,
    @Nullable GuestReport check,
    @Nullable GuestReport backup) {
  /// Where a guest runs in the end.
  public enum Survivor {
    /// Where it was.
    SOURCE,
    /// Where it was to go.
    DESTINATION,
    /// It was lost: its host died before there was anything to take over.
    NONE
  }

  /// Copies what it is given.
  public MigrationOutcome {
    passes = List.copyOf(passes);
  }

  /// Tells whether the guest is whole, wherever it runs; and so is its backup, where one was kept.
  public boolean survived() {
    return check != null && check.survived() && (backup == null || backup.survived());
  }

  /// Entries of all passes but a verify pass, pages without data among them.
  public long pagesSent() {
    return passes.stream()
        .filter(pass -> pass.pass() != TransferEvent.Pass.VERIFY)
        .mapToLong(TransferEvent.RoundEnded::sent)
        .sum();
  }

  /// How many of them were sent after the first pass, which sends everything.
  public long pagesResent() {
    return passes.isEmpty() ? 0 : pagesSent() - passes.getFirst().sent();
  }
}
