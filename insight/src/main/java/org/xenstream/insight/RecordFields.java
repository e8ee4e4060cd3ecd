// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.x86.Blobs;
import org.xenstream.x86.Decoded;

/// Presents records field by field: those of the stream itself here, what their blobs hold by
/// [Blobs]. The trees view the record and die with it.
///
/// Long arrays of pfns are shown as runs, and no more than [#MOST_ELEMENTS] of them: a record of
/// 128 MiB must not become a tree of some gigabytes.
public final class RecordFields {
  /// How many elements of an array are shown; a [Decoded.Problem] says how many are not.
  public static final int MOST_ELEMENTS = 1 << 16;

  private RecordFields() {}

  /// The fields of a libxc record.
  ///
  /// @param record a record as it was read
  /// @param guestWidth octets in a word of a PV guest, from its X86_PV_INFO; 0 while not known
  public static List<Decoded> of(StreamRecord record, int guestWidth) {
    return switch (record) {
      case StreamRecord.End _,
          StreamRecord.Verify _,
          StreamRecord.Checkpoint _,
          StreamRecord.StaticDataEnd _ ->
          List.of();
      case StreamRecord.PageData(var entries, _) -> pageData(entries);
      case StreamRecord.PvInfo(int width, int levels) ->
          List.of(decimal("guest_width", width, 1), decimal("pt_levels", levels, 1));
      case StreamRecord.PvP2mFrames frames ->
          List.of(
              hex("p2m_start_pfn", frames.startPfn(), 4),
              hex("p2m_end_pfn", frames.endPfn(), 4),
              decimal("frames", frames.count(), 4),
              pfnRuns("p2m_pfn", frames.count(), frames::pfn));
      case StreamRecord.PvVcpuBasic(long id, var context) ->
          vcpu(id, context, Blobs.vcpuBasic(context, guestWidth));
      case StreamRecord.PvVcpuExtended(long id, var context) ->
          vcpu(id, context, Blobs.vcpuExtended(context));
      case StreamRecord.PvVcpuXsave(long id, var context) ->
          vcpu(id, context, Blobs.vcpuXsave(context));
      case StreamRecord.PvVcpuMsrs(long id, var context) ->
          vcpu(id, context, Blobs.vcpuMsrs(context));
      case StreamRecord.SharedInfo(var page) -> List.of(Blobs.sharedInfo(page, guestWidth));
      case StreamRecord.TscInfo tsc ->
          List.of(
              Blobs.tscMode(Integer.toUnsignedLong(tsc.mode())),
              decimal("khz", Integer.toUnsignedLong(tsc.khz()), 4),
              decimal("nsec", tsc.nsec(), 8),
              decimal("incarnation", Integer.toUnsignedLong(tsc.incarnation()), 4));
      case StreamRecord.HvmContext(var context) -> List.of(Blobs.hvmContext(context));
      case StreamRecord.HvmParams params -> hvmParams(params);
      case StreamRecord.Toolstack(var data) -> List.of(new Decoded.Octets("data", data));
      case StreamRecord.CheckpointDirtyPfnList list ->
          List.of(decimal("count", list.count(), 4), pfnRuns("pfn", list.count(), list::pfn));
      case StreamRecord.CpuidPolicy(var leaves) -> List.of(Blobs.cpuidPolicy(leaves));
      case StreamRecord.MsrPolicy(var entries) -> List.of(Blobs.msrPolicy(entries));
      case StreamRecord.SavingCpu(var name) -> List.of(text("cpu", name));
      case StreamRecord.Unknown(_, var body) -> List.of(new Decoded.Octets("body", body));
      case StreamRecord.Malformed(_, var body, var why) -> malformed(body, why);
    };
  }

  /// The fields of a libxl record.
  ///
  /// @param record a record as it was read
  public static List<Decoded> of(LibxlRecord record) {
    return switch (record) {
      case LibxlRecord.End _, LibxlRecord.LibxcContext _, LibxlRecord.CheckpointEnd _ -> List.of();
      case LibxlRecord.EmulatorXenstoreData(int id, int index, var data) ->
          List.of(emulator(id), decimal("index", index, 4), xenstore(data));
      case LibxlRecord.EmulatorContext(int id, int index, var context) ->
          List.of(
              emulator(id),
              decimal("index", index, 4),
              decimal("octets", context.byteSize(), 8),
              new Decoded.Octets("emulator_ctx", context));
      case LibxlRecord.CheckpointState(int id) ->
          List.of(
              new Decoded.Explained(
                  "control_id", Integer.toUnsignedLong(id), 4, LibxlRecord.stateName(id)));
      case LibxlRecord.Unknown(_, var body) -> List.of(new Decoded.Octets("body", body));
      case LibxlRecord.Malformed(_, var body, var why) -> malformed(body, why);
    };
  }

  private static List<Decoded> malformed(MemorySegment body, StreamFormatException why) {
    return List.of(
        new Decoded.Problem("expected %s, found %s".formatted(why.expected(), why.found())),
        new Decoded.Octets("body", body));
  }

  private static List<Decoded> vcpu(long id, MemorySegment context, Decoded decoded) {
    return List.of(decimal("vcpu_id", id, 4), decimal("octets", context.byteSize(), 4), decoded);
  }

  private static List<Decoded> pageData(PageEntries entries) {
    List<Decoded> runs = new ArrayList<>();
    int count = entries.count();
    int from = 0;
    while (from < count && runs.size() < MOST_ELEMENTS) {
      int to = from + 1;
      while (to < count && entries.entry(to) == entries.entry(from) + (to - from)) {
        to++;
      }
      runs.add(
          new Decoded.Group(
              Integer.toString(runs.size()),
              List.of(
                  new Decoded.Text("type", PageType.name(entries.type(from))),
                  hex("pfn", entries.pfn(from), 8),
                  decimal("pages", to - from, 4))));
      from = to;
    }
    addRest(runs, count - from);
    return List.of(
        decimal("count", count, 4),
        decimal("pages", entries.withData(), 4),
        new Decoded.Group("pfn", runs));
  }

  private static Decoded pfnRuns(String name, int count, IntToLongFunction pfn) {
    List<Decoded> runs = new ArrayList<>();
    int from = 0;
    while (from < count && runs.size() < MOST_ELEMENTS) {
      int to = from + 1;
      while (to < count && pfn.applyAsLong(to) == pfn.applyAsLong(from) + (to - from)) {
        to++;
      }
      runs.add(
          new Decoded.Group(
              Integer.toString(runs.size()),
              List.of(hex("first", pfn.applyAsLong(from), 8), decimal("count", to - from, 4))));
      from = to;
    }
    addRest(runs, count - from);
    return new Decoded.Group(name, runs);
  }

  private static List<Decoded> hvmParams(StreamRecord.HvmParams params) {
    List<Decoded> fields = new ArrayList<>();
    int shown = Math.min(params.count(), MOST_ELEMENTS);
    for (int i = 0; i < shown; i++) {
      fields.add(Blobs.hvmParam(params.index(i), params.value(i)));
    }
    addRest(fields, params.count() - shown);
    return List.of(decimal("count", params.count(), 4), new Decoded.Group("param", fields));
  }

  private static void addRest(List<Decoded> elements, int rest) {
    if (rest > 0) {
      elements.add(new Decoded.Problem(rest + " more are not shown"));
    }
  }

  private static Decoded emulator(int id) {
    return new Decoded.Explained(
        "emulator_id", Integer.toUnsignedLong(id), 4, LibxlRecord.emulatorName(id));
  }

  /// Keys and values in turn, each with its NUL.
  private static Decoded xenstore(MemorySegment data) {
    List<Decoded> pairs = new ArrayList<>();
    String[] parts = string(data).split("\0", -1);
    int whole = parts.length - 1;
    for (int i = 0; i + 1 < whole && pairs.size() < MOST_ELEMENTS; i += 2) {
      pairs.add(new Decoded.Text(Decoded.printable(parts[i]), Decoded.printable(parts[i + 1])));
    }
    if (whole % 2 != 0) {
      pairs.add(
          new Decoded.Problem("the key " + Decoded.printable(parts[whole - 1]) + " has no value"));
    }
    if (!parts[whole].isEmpty()) {
      pairs.add(new Decoded.Problem(Decoded.printable(parts[whole]) + " does not end with a NUL"));
    }
    return new Decoded.Group("xenstore", pairs);
  }

  private static Decoded text(String name, MemorySegment octets) {
    return new Decoded.Text(name, Decoded.printable(string(octets).replaceAll("\0+$", "")));
  }

  private static String string(MemorySegment octets) {
    long length = Math.min(octets.byteSize(), 16L << 20);
    return new String(octets.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), ISO_8859_1);
  }

  private static Decoded decimal(String name, long value, int width) {
    return new Decoded.Number(name, value, width, Decoded.Radix.DECIMAL);
  }

  private static Decoded hex(String name, long value, int width) {
    return new Decoded.Number(name, value, width, Decoded.Radix.HEX);
  }
}
