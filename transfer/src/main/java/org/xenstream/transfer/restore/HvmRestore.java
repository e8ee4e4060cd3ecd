// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;
import org.xenstream.x86.HvmParam;

/// HVM and PVH guests (`tools/libs/guest/xg_sr_restore_x86_hvm.c`): a frame is its pfn, pages come
/// as they are.
///
/// The console page is cleared like that of xenstore, as releases up to 4.20 do; the development
/// tree also marks it as disconnected (`xc_dom_console_init`), which a guest of any release takes
/// no harm from missing.
final class HvmRestore implements GuestRestore {
  /// A physical address has 52 bits at most.
  private static final long HIGHEST_PFN = (1L << 40) - 1;

  /// A longer context than any guest has is not worth the memory: 16 KiB for each of 1024 vCPUs.
  private static final long MOST_CONTEXT = 16L << 20;

  private final Hypervisor hypervisor;
  private final RestoreRequest request;
  private final String source;
  private final long[] frame = new long[1];
  private @Nullable MemorySegment context;
  private @Nullable Location contextAt;
  private long storeFrame;
  private long consoleFrame;
  private long cleared;

  HvmRestore(Hypervisor hypervisor, RestoreRequest request, String source) {
    this.hypervisor = hypervisor;
    this.request = request;
    this.source = source;
  }

  /// Nothing is needed.
  @Override
  public void setUp() {}

  /// The reference takes every pfn and fails when it cannot have the bitmap for it; what no address
  /// can name is refused here.
  @Override
  public long highestPfn() {
    return HIGHEST_PFN;
  }

  @Override
  public void frames(long[] pfns, long[] frames, int count) {
    System.arraycopy(pfns, 0, frames, 0, count);
  }

  /// A frame is its pfn.
  @Override
  public void setFrames(long[] pfns, long[] frames, int count) {}

  @Override
  public boolean keepsTypes() {
    return false;
  }

  /// All pages are alike.
  @Override
  public void setTypes(long[] pfns, byte[] types, int count) {}

  @Override
  public boolean isLocalised(int type) {
    return false;
  }

  @Override
  public long nextLocalised(long from) {
    return -1;
  }

  @Override
  public boolean areFirst(long[] entries, int count) {
    return true;
  }

  /// Pages name no frames.
  @Override
  public void checkPage(Frame at, int type, long pfn, MemorySegment memory, long offset) {}

  /// Pages name no frames.
  @Override
  public void localise(long pfn, Populator populator, MemorySegment memory, long offset) {}

  @Override
  public void accept(Framed framed) throws IOException {
    switch (framed.record()) {
      case StreamRecord.HvmContext(var octets) -> {
        if (octets.byteSize() == 0) {
          throw RefusedStreamException.of(source, framed.frame(), "a context", "an empty record");
        }
        if (octets.byteSize() > MOST_CONTEXT) {
          throw RefusedStreamException.of(
              source,
              framed.frame(),
              -4,
              "body_length",
              "at most " + MOST_CONTEXT,
              Long.toString(octets.byteSize()));
        }
        context = MemorySegment.ofArray(octets.toArray(ValueLayout.JAVA_BYTE));
        contextAt = Location.of(source, framed.frame(), framed.frame().bodyOffset(), null);
      }
      case StreamRecord.HvmParams params -> params(framed.frame(), params);
      default ->
          throw RefusedStreamException.of(
              source,
              framed.frame(),
              "a record of an x86 HVM guest",
              RecordType.nameOf(framed.record().type()));
    }
  }

  private void params(Frame at, StreamRecord.HvmParams params) throws IOException {
    for (int i = 0; i < params.count(); i++) {
      long index = params.index(i);
      long value = params.value(i);
      HvmParam param = HvmParam.of(index);
      if (param == HvmParam.PAE_ENABLED) {
        // It only ever told the toolstack what CPUID to make, and a hypervisor refuses it.
        continue;
      }
      if (param == HvmParam.CONSOLE_PFN) {
        consoleFrame = value;
        clear(value);
      } else if (param == HvmParam.STORE_PFN) {
        storeFrame = value;
        clear(value);
      } else if (param == HvmParam.IOREQ_PFN || param == HvmParam.BUFIOREQ_PFN) {
        clear(value);
      } else if (index >>> 32 != 0) {
        throw RefusedStreamException.of(
            source,
            at,
            8 + 16L * i,
            "param[%d].index".formatted(i),
            "the index of an HVM parameter",
            "0x%x".formatted(index));
      }
      try {
        hypervisor.setHvmParam(request.domid(), (int) index, value);
      } catch (HypervisorException e) {
        throw e.at(
            Location.of(source, at, at.bodyOffset() + 8 + 16L * i, "param[%d]".formatted(i)));
      }
    }
  }

  /// Clears a page. One that is not there is passed over, as in C: who maps it will miss it.
  private void clear(long gfn) throws IOException {
    frame[0] = gfn;
    try (ForeignMapping page = hypervisor.map(request.domid(), Hypervisor.Access.WRITE, frame, 1)) {
      if (page.error(0) == 0) {
        page.memory().asSlice(page.offset(0), Wire.PAGE_SIZE).fill((byte) 0);
        cleared++;
      }
    }
  }

  @Override
  public void complete(long at) throws IOException {
    int domid = request.domid();
    hypervisor.setHvmParam(domid, HvmParam.STORE_EVTCHN.index(), request.storeEventChannel());
    hypervisor.setHvmParam(domid, HvmParam.CONSOLE_EVTCHN.index(), request.consoleEventChannel());
    if (context == null || contextAt == null) {
      throw new RefusedStreamException(
          Location.of(source, at, "libxc", "end of the records", null),
          "a record " + RecordType.HVM_CONTEXT,
          "none");
    }
    try {
      hypervisor.setHvmContext(domid, context);
    } catch (HypervisorException e) {
      throw e.at(contextAt);
    }
    hypervisor.seedGrantTable(
        domid, true, consoleFrame, storeFrame, request.consoleDomid(), request.storeDomid());
  }

  @Override
  public long storeFrame() {
    return storeFrame;
  }

  @Override
  public long consoleFrame() {
    return consoleFrame;
  }

  @Override
  public long cleared() {
    return cleared;
  }

  /// Nothing is held.
  @Override
  public void close() {}
}
