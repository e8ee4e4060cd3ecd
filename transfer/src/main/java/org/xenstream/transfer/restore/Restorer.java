// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.InferStaticDataEnd;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferCancelledException;

/// Restores one guest from the records of a stream (`tools/libs/guest/xg_sr_restore.c`).
///
/// A plain stream is applied as it comes. Of a checkpointed one the records up to the first
/// CHECKPOINT are; from then on they are held until the next CHECKPOINT, so that the guest is
/// always that of a complete one when the sender dies. A version 2 stream is read through
/// [InferStaticDataEnd].
///
/// Where it differs from the reference on purpose:
///
/// - An optional record among those that were held is passed over; C refuses it.
/// - END completes the records held before it, as the specification lets a set of records end with
///   END; C drops them.
/// - A PV guest's pages are refused until X86_PV_P2M_FRAMES has come; C takes pfn 0, and dies of
///   it.
/// - A page table that names a pfn beyond the guest is refused; C dies of an assertion.
/// - The back channel is written as specified, without the stray octets of 4.18 and later.
///
/// Whatever happens, all that was mapped or held is released once, when [#restore] returns or
/// throws; the domain is then the caller's to start or to destroy.
public final class Restorer {
  private final Hypervisor hypervisor;
  private final RestoreRequest request;
  private final RestoreCallbacks callbacks;
  private final RestoreListener listener;
  private final Cancellation cancellation;
  private final @Nullable RecordSink backChannel;
  private boolean started;

  /// @param callbacks called on the thread that restores
  /// @param backChannel COLO: takes a CHECKPOINT_DIRTY_PFN_LIST at each checkpoint; null for other
  ///   streams
  /// @throws IllegalArgumentException for a COLO stream without a back channel
  public Restorer(
      Hypervisor hypervisor,
      RestoreRequest request,
      RestoreCallbacks callbacks,
      RestoreListener listener,
      Cancellation cancellation,
      @Nullable RecordSink backChannel) {
    if (request.type() == StreamType.COLO && backChannel == null) {
      throw new IllegalArgumentException("COLO needs a back channel");
    }
    this.hypervisor = hypervisor;
    this.request = request;
    this.callbacks = callbacks;
    this.listener = listener;
    this.cancellation = cancellation;
    this.backChannel = backChannel;
  }

  /// Restores the guest. Can be called once.
  ///
  /// @param source stands behind the headers; stays the caller's to close, and may go on behind END
  /// @throws RefusedStreamException when the records make no guest
  /// @throws StreamFormatException when the stream cannot be followed
  /// @throws org.xenstream.transfer.HypervisorException when the hypervisor refuses something: of
  ///   the stream, with its place there
  /// @throws TransferCancelledException when that was asked for
  public RestoreResult restore(RecordSource source) throws IOException {
    if (started) {
      throw new IllegalStateException("a restorer restores once");
    }
    started = true;
    DomainInfo domain = hypervisor.domainInfo(request.domid());
    checkHeaders(source, domain);
    if (request.type() == StreamType.COLO && !domain.hvm()) {
      // A secondary's page tables are in use at the next checkpoint, and cannot be written then;
      // libxl has COLO for HVM guests alone.
      throw refused(
          source,
          source.headers().domainOffset(),
          "domain header",
          "type",
          "x86 HVM for COLO",
          source.headers().domain().typeName());
    }
    try (Arena arena = Arena.ofShared();
        GuestRestore guest = strategy(domain, source.name());
        CheckpointBuffer buffer =
            new CheckpointBuffer(source.name(), source.headers().order(), request)) {
      return new RestoreRun(
              hypervisor,
              request,
              callbacks,
              listener,
              cancellation,
              backChannel,
              new InferStaticDataEnd(source),
              guest,
              buffer,
              arena)
          .run();
    }
  }

  private GuestRestore strategy(DomainInfo domain, String source) throws IOException {
    return domain.hvm()
        ? new HvmRestore(hypervisor, request, source)
        : new PvRestore(hypervisor, request, domain, source);
  }

  private static void checkHeaders(RecordSource source, DomainInfo domain) throws IOException {
    StreamHeaders headers = source.headers();
    if (headers.order() == ByteOrder.BIG_ENDIAN) {
      throw refused(
          source,
          headers.offset() + 16,
          "image header",
          "options",
          "a little-endian stream",
          "a big-endian one");
    }
    DomainHeader header = headers.domain();
    int wanted = domain.hvm() ? Wire.DOMAIN_X86_HVM : Wire.DOMAIN_X86_PV;
    if (header.type() != wanted) {
      throw refused(
          source,
          headers.domainOffset(),
          "domain header",
          "type",
          "x86 %s, the kind of domain %d".formatted(domain.hvm() ? "HVM" : "PV", domain.domid()),
          header.typeName());
    }
    if (header.pageShift() != Wire.PAGE_SHIFT) {
      throw refused(
          source,
          headers.domainOffset() + 4,
          "domain header",
          "page_shift",
          Integer.toString(Wire.PAGE_SHIFT),
          Integer.toString(header.pageShift()));
    }
  }

  private static RefusedStreamException refused(
      RecordSource source, long at, String part, String field, String expected, String found) {
    return new RefusedStreamException(
        Location.of(source.name(), at, "libxc", part, field), expected, found);
  }
}
