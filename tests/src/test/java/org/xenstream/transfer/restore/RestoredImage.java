// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.tests.Xxh64;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.sim.OuterReport;
import org.xenstream.transfer.sim.RestoreReport;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// An image restored under the rules by which the reference's results were made.
final class RestoredImage {
  private static final int STORE_CHANNEL = 5;
  private static final int CONSOLE_CHANNEL = 6;
  private static final long MOST_PAGES = 1 << 20;

  private RestoredImage() {}

  /// Restores an image that is not compressed, and tells what came of it.
  ///
  /// @throws IOException when it is refused
  static List<String> report(Path file, StreamType type, int vcpus, PagesShown pages)
      throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofReference());
        ImageReader image = ImageReader.of(MappedInput.open(file), Limits.DEFAULT, pages)) {
      try {
        return report(host, image, type, vcpus);
      } finally {
        assertEquals(0, host.openMappings());
      }
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the records are closed with the image
  private static List<String> report(SimHost host, ImageReader image, StreamType type, int vcpus)
      throws IOException {
    OuterReport outer = new OuterReport(Xxh64::new);
    LibxcRecords records = LibxcRecords.of(image, new OuterLayers(image).andThen(outer));
    SimDomain domain =
        records.headers().domain().isHvm()
            ? host.createHvm(vcpus, MOST_PAGES)
            : host.createPv(vcpus, MOST_PAGES);
    Toolstack toolstack = new Toolstack();
    RestoreResult result =
        new Restorer(
                host,
                RestoreRequest.of(domain.domid(), type, STORE_CHANNEL, CONSOLE_CHANNEL),
                new OuterCheckpoints(records, toolstack),
                toolstack,
                new Cancellation(),
                null)
            .restore(records);
    if (!result.failedOver()) {
      passRest(records);
    }
    return outer.around(RestoreReport.of(domain, result, outer.trailing(), Xxh64::new));
  }

  private static void passRest(LibxcRecords records) throws IOException {
    Framed framed;
    do {
      framed = records.next();
    } while (framed != null);
  }
}
