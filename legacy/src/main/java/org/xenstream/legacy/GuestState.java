// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.x86.HvmParam;

/// What the chunks of a body say of the guest beside its memory. As in the reference, it stays from
/// one state of a checkpointed image to the next, until it is said anew.
final class GuestState {
  /// One more than the highest number of a vCPU (`XC_SR_MAX_VCPUS`).
  private static final int MOST_VCPUS = 4096;

  /// The one location of ACPI's ports that the reference sets.
  private static final long ACPI_NEW = 1;

  private final Layout layout;
  private final Notes notes;
  private final boolean toolstackWanted;
  private final BitSet online = new BitSet();
  private final Map<Integer, Long> params = new LinkedHashMap<>();
  private MemorySegment xenstoreData = MemorySegment.ofArray(new byte[0]);
  private long ioreqServerPfn;
  private long ioreqServerPages;
  private long ioreqServersAt = -1;
  private boolean vcpusSaid;
  private boolean lastCheckpoint;

  /// @param toolstackWanted whether a toolstack's record that cannot be read is an error
  GuestState(Layout layout, Notes notes, boolean toolstackWanted) {
    this.layout = layout;
    this.notes = notes;
    this.toolstackWanted = toolstackWanted;
    // Without VCPU_INFO there is vCPU 0 alone.
    online.set(0);
  }

  /// The vCPUs that the tail has, in its order.
  BitSet online() {
    return online;
  }

  /// Whether VCPU_INFO was met; an image without it is of a guest that has vCPU 0 alone.
  boolean vcpusSaid() {
    return vcpusSaid;
  }

  /// Whether the image says that its next tail is the last.
  boolean isLastCheckpoint() {
    return lastCheckpoint;
  }

  /// libxl's EMULATOR_XENSTORE_DATA, out of the toolstack's record; empty without one.
  MemorySegment xenstoreData() {
    return xenstoreData;
  }

  void lastCheckpoint() {
    lastCheckpoint = true;
  }

  /// `{i32 max_id, u64 × (max_id / 64 + 1)}`; the cursor stands behind the id.
  void vcpuInfo(LegacyCursor in) throws IOException {
    String part = Chunk.VCPU_INFO.name();
    long at = in.position();
    int max = in.takeU32(part, "max_id");
    if (max < 0 || max >= MOST_VCPUS) {
      throw in.malformed(at, part, "max_id", "0 to " + (MOST_VCPUS - 1), Integer.toString(max));
    }
    online.clear();
    vcpusSaid = true;
    for (int word = 0; word <= max / 64; word++) {
      long bits = in.takeU64(part, "map");
      for (int bit = 0; bit < 64 && word * 64 + bit <= max; bit++) {
        online.set(word * 64 + bit, (bits >>> bit & 1) != 0);
      }
    }
  }

  /// `{u32 mode, u64 nsec, u32 khz, u32 incarnation}`.
  static StreamRecord tscInfo(LegacyCursor in) throws IOException {
    String part = Chunk.TSC_INFO.name();
    MemorySegment octets = in.require(Chunk.TSC_INFO_LENGTH, part, null);
    StreamRecord record =
        new StreamRecord.TscInfo(
            Wire.u32(octets, 0), Wire.u32(octets, 12), Wire.u64(octets, 4), Wire.u32(octets, 16));
    in.pass(Chunk.TSC_INFO_LENGTH, part, null);
    return record;
  }

  /// `{4 octets of padding, u64}`. A value that the reference does not set is left out, since a
  /// modern restore sets whatever it is told: it fails over pages of ioreq servers that are 0, and
  /// clears page 0 for a console there.
  ///
  /// @param at where the chunk begins
  void param(LegacyCursor in, Chunk chunk, HvmParam param, long at) throws IOException {
    in.takeU32(chunk.name(), "padding");
    long value = in.takeU64(chunk.name(), "value");
    if (layout.isPv()) {
      notes.addOrRefuse(
          LegacyNote.Kind.CHUNK_SKIPPED,
          in.at(at, chunk.name(), null),
          "a parameter of HVM guests in the image of a PV guest is left out",
          Fault.MISPLACED,
          "no parameter of HVM guests in the image of a PV guest",
          chunk.name());
      return;
    }
    switch (chunk) {
      case HVM_IOREQ_SERVER_PFN -> {
        ioreqServerPfn = value;
        ioreqServersAt = at;
      }
      case HVM_NR_IOREQ_SERVER_PAGES -> {
        ioreqServerPages = value;
        ioreqServersAt = at;
      }
      case HVM_ACPI_IOPORTS_LOCATION -> {
        if (value == ACPI_NEW) {
          setParam(param, value);
        } else {
          leaveOut(in.at(at, chunk.name(), "value"), "0x%x, as all but 1".formatted(value));
        }
      }
      default -> {
        if (value == 0) {
          leaveOut(in.at(at, chunk.name(), "value"), "0");
        } else {
          setParam(param, value);
        }
      }
    }
  }

  private void leaveOut(Location where, String value) {
    notes.add(
        LegacyNote.Kind.CHUNK_SKIPPED,
        where,
        "%s is left out: a legacy restore does not set it".formatted(value));
  }

  /// Of the pages of ioreq servers both parameters count, or neither; what was said before stays.
  /// Called when a state's body has ended.
  void ioreqServers(LegacyCursor in) {
    if (ioreqServerPfn != 0 && ioreqServerPages != 0) {
      setParam(HvmParam.IOREQ_SERVER_PFN, ioreqServerPfn);
      setParam(HvmParam.NR_IOREQ_SERVER_PAGES, ioreqServerPages);
    } else if (ioreqServersAt >= 0) {
      leaveOut(
          in.at(ioreqServersAt, "ioreq servers", null),
          "%s pages from pfn 0x%x on"
              .formatted(Long.toUnsignedString(ioreqServerPages), ioreqServerPfn));
    }
    ioreqServersAt = -1;
  }

  void setParam(HvmParam param, long value) {
    params.put(param.index(), value);
  }

  /// All parameters said so far, each once, in the order in which they were first met.
  StreamRecord.HvmParams params() {
    MemorySegment octets = MemorySegment.ofArray(new byte[params.size() * 16]);
    long at = 0;
    for (Map.Entry<Integer, Long> param : params.entrySet()) {
      Wire.putU64(octets, at, param.getKey(), ByteOrder.LITTLE_ENDIAN);
      Wire.putU64(octets, at + 8, param.getValue(), ByteOrder.LITTLE_ENDIAN);
      at += 16;
    }
    return new StreamRecord.HvmParams(octets);
  }

  /// `{u32 length, data}`. libxl writes one for PV guests, too, with nothing in it, and the
  /// reference does not look at it; libxl refuses the modern record for any but HVM guests
  /// (`process_record` in `libxl_stream_read.c`).
  ///
  /// @param at where the chunk begins
  void toolstack(LegacyCursor in, long at) throws IOException {
    String part = Chunk.TOOLSTACK.name();
    long where = in.position();
    long length = Integer.toUnsignedLong(in.takeU32(part, "length"));
    in.holdConfig(length, where, part, "length");
    MemorySegment data = in.require(length, part, "data");
    if (length > 0) {
      try {
        MemorySegment pairs = new ToolstackRecord(in, where + 4, data).xenstoreData();
        if (!layout.isPv()) {
          xenstoreData = pairs;
        } else if (pairs.byteSize() > 0) {
          notes.add(
              LegacyNote.Kind.CHUNK_SKIPPED,
              in.at(at, part, null),
              "what a device model has moved is left out: a PV guest has none");
        }
      } catch (StreamFormatException unreadable) {
        if (toolstackWanted && !layout.isPv()) {
          throw unreadable;
        }
        notes.add(
            LegacyNote.Kind.CHUNK_SKIPPED,
            in.at(at, part, null),
            "the toolstack's record is left out: " + unreadable.getMessage());
      }
    }
    in.pass(length, part, "data");
  }
}
