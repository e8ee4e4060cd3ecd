// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.PagesShown;

/// The records of a tail that is held back until it is known whether another one follows: in memory
/// as long as they are few, as nearly always, else in a scratch file.
final class HeldRecords implements AutoCloseable {
  private static final long IN_MEMORY = 1 << 20;

  private final Scratch scratch;
  private final Deque<Framed> records = new ArrayDeque<>();
  private @Nullable Journal journal;
  private long octets;

  HeldRecords(Scratch scratch) {
    this.scratch = scratch;
  }

  /// @param framed with octets of its own
  void add(Framed framed, Location where) throws IOException {
    octets += framed.frame().octets().byteSize();
    if (journal == null && octets <= IN_MEMORY) {
      records.add(framed);
      return;
    }
    if (journal == null) {
      journal = new Journal(scratch, where);
    }
    journal.add(framed);
  }

  /// The next record, or null behind the last.
  @Nullable Framed next(CompressedPages store) throws IOException {
    Framed first = records.poll();
    return first != null || journal == null ? first : journal.next(PagesShown.IN_VIEW, store);
  }

  @Override
  public void close() throws IOException {
    records.clear();
    if (journal != null) {
      journal.close();
    }
  }
}
