// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamReader;
import org.xenstream.os.Descriptor;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.save.SaveOptions;
import org.xenstream.transfer.save.Saver;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;

/// Whole transfers of simulated guests of two sizes: with `-prof gc`, what the larger one makes
/// more of garbage than the smaller, over the batches that it has more, is the garbage of a batch.
/// `pages` are the guest's.
public class TransferBenchmark extends QuickBenchmark {
  /// A guest on a host, and the image of it.
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Guest {
    /// Its kind.
    @Param({"HVM", "PV64"})
    public GuestKind kind;

    /// Its memory.
    @Param({"64", "512"})
    public int mebibytes;

    private SimHost host;
    private SimGuest guest;
    private Path image;

    /// Builds it.
    @Setup(Level.Trial)
    public void make() throws IOException {
      host = host();
      guest = GuestBuilder.of(kind).memory((long) mebibytes << 20).build(host);
      image = Files.createTempFile("transfer", ".img");
      save(Descriptor.openToWrite(image));
    }

    private SimHost host() throws IOException {
      return new SimHost(SimOptions.ofFrames(2L * pages() + 4096));
    }

    private long pages() {
      return (long) mebibytes << 8;
    }

    private void save(Descriptor to) throws IOException {
      Patience patience = Patience.endless(new Cancellation(), System::nanoTime);
      try (DescriptorOutput out = new DescriptorOutput("save", to, patience, null);
          SimSource source = new SimSource(guest)) {
        SaveOptions options = new SaveOptions(XenPolicy.DEFAULT, System::nanoTime);
        Saver.save(host, guest.domain().domid(), source, options, out, null);
        source.goOn();
      }
    }

    private void restore() throws IOException {
      Patience patience = Patience.endless(new Cancellation(), System::nanoTime);
      try (SimHost other = host()) {
        SimDomain domain = SimDestination.createDomain(other, guest.spec());
        try (SimDestination destination = new SimDestination(other, domain);
            StreamReader source =
                StreamReader.open(
                    new DescriptorInput("image", Descriptor.openToRead(image), patience),
                    Limits.DEFAULT,
                    PagesShown.LEFT_IN_INPUT)) {
          RestoreRequest request = RestoreRequest.of(domain.domid(), StreamType.PLAIN, 1, 2);
          new Restorer(other, request, destination, RestoreListener.NONE, new Cancellation(), null)
              .restore(source);
        }
      }
    }

    /// Deletes the image.
    @TearDown(Level.Trial)
    public void release() throws IOException {
      host.close();
      Files.deleteIfExists(image);
    }
  }

  /// Saves it to nowhere.
  @Benchmark
  public void save(Guest guest, Rate rate) throws IOException {
    guest.save(Descriptor.openToWrite(Path.of("/dev/null")));
    rate.count(guest.pages() << 12, guest.pages());
  }

  /// Restores its image on a new host.
  @Benchmark
  public void restore(Guest guest, Rate rate) throws IOException {
    guest.restore();
    rate.count(guest.pages() << 12, guest.pages());
  }
}
