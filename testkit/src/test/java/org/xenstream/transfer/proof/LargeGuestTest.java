// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.SaveReport;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.GuestLoad;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;
import org.xenstream.transfer.sim.Workload;

/// A guest of up to 64 GiB of which little was touched runs, is saved live, and is whole, in a
/// process that takes a small part of that. `docs/TESTING.md` has the command that moves one of
/// which 2 GiB were touched.
@Timeout(300)
class LargeGuestTest {
  private static final long TOUCHED = 256L << 8;

  /// Bookkeeping of pfns and frames, 24 octets each; a PV guest's own tables and p2m, with their
  /// shadows; and what was touched.
  private static final long MOST_MEMORY = 1536L << 20;

  @ParameterizedTest
  @CsvSource({"HVM, 64", "PV64, 16"})
  void aSparseGuestIsSavedLive(GuestKind kind, long gibibytes) throws IOException {
    long pages = gibibytes << 18;
    long before = residentOctets();
    try (SimHost host = new SimHost(SimOptions.ofFrames(pages + pages / 64))) {
      SimGuest guest =
          GuestBuilder.of(kind)
              .memory(pages << 12)
              .mmioHole(true)
              .linearP2m(true)
              .touchedPages(TOUCHED)
              .build(host);
      Tally tally = new Tally();
      SaveReport report;
      try (SimSource source = new SimSource(guest);
          GuestLoad load =
              GuestLoad.start(guest, new Workload.Sweep(TOUCHED), 10_000, System::nanoTime, 1)) {
        report =
            Saver.save(
                host,
                guest.domain().domid(),
                source,
                new SaveOptions(XenPolicy.DEFAULT, System::nanoTime).live(),
                tally,
                null);
        assertTrue(load.pagesWritten() > 0, "it ran meanwhile");
        source.goOn();
      }
      assertEquals(SaveReport.Ending.COMPLETE, report.ending());
      assertTrue(report.pages() >= pages, report::toString);
      assertEquals(report.pages(), tally.pages);
      assertTrue(guest.check().survived());
      assertEquals(0, host.openMappings());
      long taken = residentOctets() - before;
      assertTrue(taken <= MOST_MEMORY, () -> taken + " octets of memory");
    }
  }

  /// What this process alone has of the machine's memory: what nobody wrote is shared, and would be
  /// counted once for each page.
  private static long residentOctets() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(one -> one.startsWith("RssAnon:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
  }

  /// Counts pages and looks at none, as a look at an untouched page takes a page table's entry.
  private static final class Tally implements SaveOutput {
    private long pages;
    private long written;

    @Override
    public void begin(ImageHeader image, DomainHeader domain) {}

    @Override
    public void accept(PageBatch batch) {
      pages += batch.pages();
      written += batch.bodyLength();
    }

    @Override
    public void accept(StreamRecord record) {}

    @Override
    public long written() {
      return written;
    }
  }
}
