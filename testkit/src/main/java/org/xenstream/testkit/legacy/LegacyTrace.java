// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.legacy.DeviceModel;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.testkit.Records;
import org.xenstream.testkit.XxHash64;

/// A legacy image translated to its end and written down, a line for each record: two ways to read
/// the same image have to give the same lines.
///
/// @param lines what was met, and in the end what is known of the image and its device model
/// @param notes what was said on the way
/// @param fault why it could not be translated to its end, or null
public record LegacyTrace(
    List<String> lines, List<String> notes, @Nullable StreamFormatException fault) {

  /// Translates an image to its end.
  ///
  /// @param input closed at the end
  public static LegacyTrace of(OctetInput input, LegacyOptions options) {
    List<String> lines = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    // A source that cannot be opened leaves the input open.
    try (input;
        LegacySource source =
            LegacySource.open(input, options, note -> notes.add(note.kind() + " " + note))) {
      lines.add(source.headers().domain().toString());
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        lines.add(line(source, framed, options.pages()));
        if (framed.record() instanceof StreamRecord.Checkpoint) {
          lines.add(text(source.deviceModel()));
        }
      }
      lines.add(source.facts().toString());
      lines.add(text(source.deviceModel()));
      return new LegacyTrace(lines, notes, null);
    } catch (StreamFormatException fault) {
      return new LegacyTrace(lines, notes, fault);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(LegacySource source, Framed framed, PagesShown pages)
      throws IOException {
    String where = "@0x%x #%d ".formatted(framed.frame().offset(), framed.frame().index());
    if (!(framed.record() instanceof StreamRecord.PageData(var entries, var shown))) {
      return where + Records.text(framed.record());
    }
    String text = HexFormat.of().formatHex(entries.octets().toArray(ValueLayout.JAVA_BYTE));
    StringBuilder line = new StringBuilder(where).append("PageData ").append(text);
    int count = entries.withData();
    if (pages == PagesShown.LEFT_IN_INPUT) {
      MemorySegment memory = MemorySegment.ofArray(new byte[count * Wire.PAGE_SIZE]);
      MemoryRuns runs = new MemoryRuns();
      runs.add(memory, 0, memory.byteSize());
      source.takePages(framed, runs);
      for (int i = 0; i < count; i++) {
        append(line, memory.asSlice((long) i * Wire.PAGE_SIZE, Wire.PAGE_SIZE));
      }
    } else {
      for (int i = 0; i < count; i++) {
        append(line, shown.page(i));
      }
    }
    return line.toString();
  }

  private static void append(StringBuilder line, MemorySegment page) {
    line.append(' ').append(XxHash64.hex(page));
  }

  private static String text(@Nullable DeviceModel model) throws IOException {
    if (model == null) {
      return "no device model";
    }
    MemorySegment context = model.context();
    return "%s, %s"
        .formatted(
            XxHash64.hex(model.xenstoreData()), context == null ? "–" : XxHash64.hex(context));
  }

  /// The lines, and the fault as the last one.
  @Override
  public String toString() {
    return String.join("\n", lines) + (fault == null ? "" : "\n" + fault.getMessage());
  }
}
