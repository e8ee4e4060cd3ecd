// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamReader;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// A host with one new domain, into which a stream is restored.
final class Receiver implements AutoCloseable {
  final SimHost host;
  final SimDomain domain;
  final Toolstack toolstack = new Toolstack();
  final Cancellation cancellation = new Cancellation();
  Hypervisor port;
  PagesShown pages = PagesShown.LEFT_IN_INPUT;
  long bufferMemory = RestoreRequest.DEFAULT_BUFFER_MEMORY;
  long scratchLimit = RestoreRequest.DEFAULT_SCRATCH_LIMIT;
  boolean ownLimit;
  Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
  @Nullable RecordSink backChannel;

  private Receiver(SimHost host, SimDomain domain) {
    this.host = host;
    this.domain = domain;
    this.port = host;
  }

  static Receiver hvm() throws IOException {
    SimHost host = new SimHost(SimOptions.ofReference());
    return new Receiver(host, host.createHvm(1, 1 << 16));
  }

  static Receiver pv() throws IOException {
    return pv(SimOptions.ofReference());
  }

  static Receiver pv(SimOptions options) throws IOException {
    SimHost host = new SimHost(options);
    return new Receiver(host, host.createPv(1, 1 << 16));
  }

  RestoreResult restore(StreamType type, byte[] stream) throws IOException {
    return restore(
        type, new ChannelInput("a", Channels.newChannel(new ByteArrayInputStream(stream))));
  }

  RestoreResult restore(StreamType type, OctetInput input) throws IOException {
    RestoreRequest request =
        new RestoreRequest(
            domain.domid(), type, 5, 0, 6, 0, bufferMemory, scratch, scratchLimit, ownLimit);
    Restorer restorer =
        new Restorer(port, request, toolstack, toolstack, cancellation, backChannel);
    try (StreamReader reader = StreamReader.open(input, Limits.DEFAULT, pages)) {
      return restorer.restore(reader);
    } finally {
      assertEquals(0, host.openMappings(), "mappings left open");
    }
  }

  /// The first octet of each page the guest has, by pfn.
  Map<Long, Integer> memory() {
    Map<Long, Integer> memory = new TreeMap<>();
    domain
        .outcome()
        .forEachPage(
            (pfn, page) -> memory.put(pfn, Byte.toUnsignedInt(page.get(ValueLayout.JAVA_BYTE, 0))));
    return memory;
  }

  /// A copy of a page the guest has.
  MemorySegment page(long wanted) {
    MemorySegment copy = MemorySegment.ofArray(new byte[4096]);
    domain
        .outcome()
        .forEachPage((pfn, page) -> {
          if (pfn == wanted) {
            copy.copyFrom(page);
          }
        });
    return copy;
  }

  @Override
  public void close() {
    host.close();
  }
}
