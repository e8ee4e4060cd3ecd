// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import org.xenstream.core.format.RecordSink;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.x86.HvmParam;

/// Saves an HVM or PVH guest (`xg_sr_save_x86_hvm.c`): frames are pfns, pages are sent as they are,
/// and the device model has to mark what it writes.
final class HvmSave implements GuestSave {
  /// The parameters that are sent, in this order (`write_hvm_params`).
  static final List<HvmParam> PARAMS =
      List.of(
          HvmParam.STORE_PFN,
          HvmParam.IOREQ_PFN,
          HvmParam.BUFIOREQ_PFN,
          HvmParam.PAGING_RING_PFN,
          HvmParam.MONITOR_RING_PFN,
          HvmParam.SHARING_RING_PFN,
          HvmParam.VM86_TSS_SIZED,
          HvmParam.CONSOLE_PFN,
          HvmParam.ACPI_IOPORTS_LOCATION,
          HvmParam.VIRIDIAN,
          HvmParam.IDENT_PT,
          HvmParam.VM_GENERATION_ID_ADDR,
          HvmParam.IOREQ_SERVER_PFN,
          HvmParam.NR_IOREQ_SERVER_PAGES,
          HvmParam.X87_FIP_WIDTH,
          HvmParam.MCA_CAP);

  private final Hypervisor hypervisor;
  private final int domid;
  private final SaveCallbacks callbacks;
  private long pfns;
  private boolean qemuMarks;

  HvmSave(Hypervisor hypervisor, int domid, SaveCallbacks callbacks) {
    this.hypervisor = hypervisor;
    this.domid = domid;
    this.callbacks = callbacks;
  }

  @Override
  public int domainType() {
    return Wire.DOMAIN_X86_HVM;
  }

  @Override
  public void setup() throws IOException {
    pfns = hypervisor.pfnCount(domid);
    callbacks.switchQemuLogDirty(true);
    qemuMarks = true;
  }

  @Override
  public long pfnCount() {
    return pfns;
  }

  @Override
  public void staticData(RecordSink out) throws IOException {
    CommonRecords.writeCpuPolicy(hypervisor, domid, out);
  }

  @Override
  public void startOfStream(RecordSink out) {}

  @Override
  public void startOfCheckpoint(RecordSink out) {}

  @Override
  public void frames(long[] pfns, long[] frames, int count) {
    System.arraycopy(pfns, 0, frames, 0, count);
  }

  @Override
  public boolean normalises(int type) {
    return false;
  }

  @Override
  public Normalised normalise(
      int type, MemorySegment source, long from, MemorySegment target, long to) {
    throw new IllegalStateException("an HVM guest's pages are sent as they are");
  }

  @Override
  public String whyNot() {
    throw new IllegalStateException("an HVM guest's pages are sent as they are");
  }

  @Override
  public void checkState() {}

  /// Parameters before the context, as the specification wants it. Every saver there has been has
  /// them the other way round, and every restore takes either.
  @Override
  public void endOfCheckpoint(RecordSink out, DomainInfo info) throws IOException {
    writeState(out);
  }

  private void writeState(RecordSink out) throws IOException {
    CommonRecords.writeTsc(hypervisor, domid, out);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment context = hypervisor.hvmContext(domid, arena);
      if (context.byteSize() == 0) {
        throw new SaveException(domid, "expected an HVM context, found 0 octets");
      }
      writeParams(out, arena);
      out.accept(new StreamRecord.HvmContext(context));
    }
  }

  @Override
  public void rehearse(RecordSink nowhere) throws IOException {
    writeState(nowhere);
  }

  /// Parameters that are zero are left out; when all are, so is the record.
  private void writeParams(RecordSink out, Arena arena) throws IOException {
    MemorySegment params = arena.allocate(16L * PARAMS.size(), 8);
    int count = 0;
    for (HvmParam param : PARAMS) {
      long value = hypervisor.hvmParam(domid, param.index());
      if (value != 0) {
        Wire.putU64(params, 16L * count, param.index(), ByteOrder.LITTLE_ENDIAN);
        Wire.putU64(params, 16L * count + 8, value, ByteOrder.LITTLE_ENDIAN);
        count++;
      }
    }
    if (count > 0) {
      out.accept(new StreamRecord.HvmParams(params.asSlice(0, 16L * count)));
    }
  }

  @Override
  public void cleanup() throws IOException {
    if (qemuMarks) {
      qemuMarks = false;
      callbacks.switchQemuLogDirty(false);
    }
  }
}
