// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.ChannelOutput;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.DeadlineException;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ColoPairTest {
  private final Cancellation cancellation = new Cancellation();
  private final Deadline deadline = new Deadline(System::nanoTime);
  private final ColoPair pair = new ColoPair(cancellation, deadline);

  /// The secondary has its checkpoint and never says that it runs.
  @Test
  void aStuckSecondaryHoldsThePrimaryNoLongerThanAllowed() throws IOException {
    Duration limit = Duration.ofMillis(300);
    try (SimHost host = new SimHost(SimOptions.ofFrames(4096));
        FileChannel nowhere = FileChannel.open(Path.of("/dev/null"), StandardOpenOption.WRITE)) {
      SimGuest guest = GuestBuilder.of(GuestKind.HVM).memory(4L << 20).build(host);
      try (SimSource source = new SimSource(guest)) {
        ChannelOutput out =
            new ChannelOutput(nowhere, Patience.endless(cancellation, System::nanoTime), null);
        SaveOptions options =
            new SaveOptions(XenPolicy.DEFAULT, System::nanoTime)
                .type(StreamType.COLO)
                .suspendLimit(limit, deadline);
        assertThrows(
            DeadlineException.class,
            () ->
                Saver.save(
                    host,
                    guest.domain().domid(),
                    new ColoPrimary(source, pair, 3, () -> {}),
                    options,
                    out,
                    into -> {}));
        assertFalse(guest.domain().outcome().isLogDirty());
        source.goOn();
        assertFalse(host.domainInfo(guest.domain().domid()).isSuspended());
      }
      assertTrue(guest.check().survived());
      assertEquals(0, host.openMappings());
    }
  }

  @Test
  void theWaitForTheSecondaryEndsWithTheCancellationOrThePeer() throws IOException {
    pair.nowRunning();
    assertTrue(pair.awaitRunning(1));
    cancellation.cancel();
    assertThrows(TransferCancelledException.class, () -> pair.awaitRunning(2));
    pair.end();
    assertFalse(pair.awaitRunning(2));
  }
}
