// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.PoisonedInput;

/// A legacy image read to its end: what came, in short texts.
///
/// @param records such as "PAGE_DATA 0x1=01 0x2:XTAB": of a page its first octet, where not all are
///   the same also its last one
/// @param offsets where the records stood
/// @param notes what the listener was told
/// @param models the device models: of each checkpoint of a checkpointed stream, or the one at the
///   end
record Reading(
    List<String> records,
    List<Long> offsets,
    List<String> notes,
    List<DeviceModel> models,
    LegacyFacts facts,
    long scratchWritten) {

  /// As a pipe, whose views are poisoned as early as is allowed. Pages that are left in their
  /// source give the same.
  static Reading of(byte[] image, LegacyOptions options) throws IOException {
    Reading viewed = read(pipe(image), options);
    Reading taken = read(pipe(image), options.toBuilder().pages(PagesShown.LEFT_IN_INPUT).build());
    assertEquals(viewed.records, taken.records);
    assertEquals(viewed.offsets, taken.offsets);
    assertEquals(viewed.notes, taken.notes);
    return viewed;
  }

  static Reading of(byte[] image) throws IOException {
    return of(image, LegacyOptions.DEFAULT);
  }

  /// As a file.
  static Reading ofFile(byte[] image, LegacyOptions options) throws IOException {
    Path file = Files.createTempFile("legacy", ".img");
    try {
      Files.write(file, image);
      return read(MappedInput.open(file), options);
    } finally {
      Files.delete(file);
    }
  }

  static OctetInput pipe(byte[] image) {
    return new PoisonedInput(
        new ChannelInput("old.img", Channels.newChannel(new ByteArrayInputStream(image))));
  }

  private static Reading read(OctetInput input, LegacyOptions options) throws IOException {
    List<String> records = new ArrayList<>();
    List<Long> offsets = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    List<DeviceModel> models = new ArrayList<>();
    try (LegacySource source =
        LegacySource.open(input, options, note -> notes.add(note.kind() + " " + note))) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        assertEquals(records.size(), framed.frame().index());
        offsets.add(framed.frame().offset());
        records.add(text(source, framed));
        DeviceModel ofCheckpoint = source.deviceModel();
        if (ofCheckpoint != null) {
          models.add(ofCheckpoint);
        }
      }
      DeviceModel last = source.deviceModel();
      if (last != null) {
        models.add(last);
      }
      return new Reading(records, offsets, notes, models, source.facts(), source.scratchWritten());
    }
  }

  private static String text(LegacySource source, Framed framed) throws IOException {
    Frame frame = framed.frame();
    String name = frame.typeName();
    return switch (framed.record()) {
      case StreamRecord.PageData(var entries, var pages) -> {
        assertEquals(8 + entries.count() * 8L + entries.withData() * 4096L, frame.length());
        yield name + entries(source, framed, entries, pages.runs());
      }
      case StreamRecord.PvP2mFrames frames -> {
        StringBuilder text = new StringBuilder(name);
        for (int i = 0; i < frames.count(); i++) {
          text.append(" 0x%x".formatted(frames.pfn(i)));
        }
        yield text + " to 0x%x".formatted(frames.endPfn());
      }
      case StreamRecord.HvmParams params -> {
        StringBuilder text = new StringBuilder(name);
        for (int i = 0; i < params.count(); i++) {
          text.append(" %d=0x%x".formatted(params.index(i), params.value(i)));
        }
        yield text.toString();
      }
      case StreamRecord.PvVcpu vcpu ->
          "%s %d %s".formatted(name, vcpu.vcpuId(), ends(vcpu.context()));
      case StreamRecord.SharedInfo(var page) -> name + " " + ends(page);
      case StreamRecord.HvmContext(var context) -> name + " " + ends(context);
      default -> framed.record().toString();
    };
  }

  private static String entries(
      LegacySource source, Framed framed, PageEntries shown, List<MemorySegment> runs)
      throws IOException {
    // The entries die when the first page is taken.
    long[] entries = new long[shown.count()];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = shown.entry(i);
    }
    int pages = shown.withData();
    StringBuilder text = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(Math.max(1, pages * 4096L));
      long at = 0;
      for (MemorySegment run : runs) {
        MemorySegment.copy(run, 0, all, at, run.byteSize());
        at += run.byteSize();
      }
      if (runs.isEmpty()) {
        take(source, framed, all, pages);
      }
      int page = 0;
      for (long entry : entries) {
        int type = PageType.of(entry);
        text.append(" 0x%x".formatted(entry & Wire.PFN_MASK));
        text.append(type == PageType.NOTAB ? "" : ":" + PageType.name(type));
        if (PageType.hasData(type)) {
          text.append('=').append(ends(all.asSlice(4096L * page++, 4096)));
        }
      }
    }
    return text.toString();
  }

  /// Takes the pages, the last of them by itself.
  private static void take(LegacySource source, Framed framed, MemorySegment into, int pages)
      throws IOException {
    MemoryRuns runs = new MemoryRuns();
    for (int from = 0; from < pages; from = Math.max(from + 1, pages - 1)) {
      runs.clear();
      int to = from == pages - 1 ? pages : pages - 1;
      runs.add(into, from * 4096L, (to - from) * 4096L);
      source.takePages(framed, runs);
    }
  }

  private static String ends(MemorySegment octets) {
    byte first = octets.get(ValueLayout.JAVA_BYTE, 0);
    byte last = octets.get(ValueLayout.JAVA_BYTE, octets.byteSize() - 1);
    return first == last ? "%02x".formatted(first) : "%02x..%02x".formatted(first, last);
  }

  /// The octets of a device model's state.
  static byte[] octets(@Nullable MemorySegment segment) {
    return segment == null ? new byte[0] : segment.toArray(ValueLayout.JAVA_BYTE);
  }
}
