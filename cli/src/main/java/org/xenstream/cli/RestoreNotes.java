// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.PageType;
import org.xenstream.transfer.restore.RestoreListener;

/// What a restore has to tell besides what came of it: which pages of a verify pass differ, the
/// first of them, and why its sender was given up. Of a migration it is told on another thread.
final class RestoreNotes implements RestoreListener {
  /// A page that is not as it was sent.
  ///
  /// @param pfn its place
  /// @param type its name, as of the page type
  record Mismatch(long pfn, String type) {
    @Override
    public String toString() {
      return "pfn 0x%x (type %s) differs".formatted(pfn, type);
    }
  }

  private static final int MOST = 16;

  private final Runnable step;
  private final List<Mismatch> mismatches = new ArrayList<>();
  private long count;
  private @Nullable IOException failover;

  /// @param step is run at each batch
  RestoreNotes(Runnable step) {
    this.step = step;
  }

  @Override
  public void batch(long pages) {
    step.run();
  }

  @Override
  public synchronized void mismatch(long pfn, int type) {
    if (count++ < MOST) {
      mismatches.add(new Mismatch(pfn, PageType.name(type)));
    }
  }

  @Override
  public void checkpoint(long number) {}

  @Override
  public synchronized void failover(IOException why) {
    failover = why;
  }

  /// The first pages that differ.
  synchronized List<Mismatch> mismatches() {
    return List.copyOf(mismatches);
  }

  /// How many more there are.
  synchronized long unnamed() {
    return count - mismatches.size();
  }

  /// Why the last checkpoint was taken, or null.
  synchronized @Nullable String failover() {
    return failover == null ? null : Failure.text(failover);
  }

  /// Tells it line by line.
  synchronized void tell(Console console) {
    mismatches.forEach(mismatch -> console.complain("verify: " + mismatch));
    if (unnamed() > 0) {
      console.complain("verify: " + Units.count(unnamed()) + " more differ");
    }
    if (failover != null) {
      console.complain("failed over: " + Failure.text(failover));
    }
  }
}
