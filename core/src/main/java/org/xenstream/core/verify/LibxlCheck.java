// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;

/// The libxl stream: its header, its records, and how they take turns with those of libxc.
final class LibxlCheck implements Check {
  private static final long EMULATOR_HEADER = 8;
  private static final int LAST_EMULATOR = 2;

  /// How many emulators are told apart in a set: a guest has one.
  private static final int MOST_EMULATORS = 16;

  private boolean context;

  /// Between a CHECKPOINT of libxc and CHECKPOINT_END.
  private boolean inCheckpoint;

  private boolean emulatorSaved;

  /// The first record of an emulator that came before anything told of whom it is.
  private @Nullable LibxlFrame early;

  /// Id and index of those whose state came in this set.
  private final long[] savedInSet = new long[MOST_EMULATORS];

  private int emulatorsInSet;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (item instanceof ImageItem.Libxl libxl) {
      record(libxl.frame(), libxl.record(), before, report);
    } else if (item instanceof ImageItem.Libxc libxc) {
      if (libxc.framed().record() instanceof StreamRecord.Checkpoint) {
        inCheckpoint = true;
        if (before.isLegacy()) {
          // Nothing ends the set of a legacy checkpoint but the next one.
          emulatorsInSet = 0;
        }
      }
    } else if (item instanceof ImageItem.LayerFound found
        && found.layer() instanceof Layer.LibxlStream stream) {
      header(stream, found.offset(), report);
    } else if (item instanceof ImageItem.LibxcBegins begins
        && early != null
        && begins.headers().domain().isPv()) {
      withoutHvm(early, "PV", report);
    }
  }

  private static void header(Layer.LibxlStream stream, long offset, Report report) {
    int options = stream.options();
    if ((options & Layer.LibxlStream.BIG_ENDIAN) != 0) {
      report.outside(
          Rule.LIBXL_BIG_ENDIAN,
          offset + 12,
          "libxl",
          "header",
          "options",
          expected("bit 0 clear, as on x86", "0x%x".formatted(options)));
    }
    if ((options & ~(Layer.LibxlStream.BIG_ENDIAN | Layer.LibxlStream.LEGACY)) != 0) {
      report.outside(
          Rule.LIBXL_OPTIONS_RESERVED,
          offset + 12,
          "libxl",
          "header",
          "options",
          expected("bits 2 to 31 clear", "0x%x".formatted(options)));
    }
    if ((options & Layer.LibxlStream.LEGACY) != 0) {
      report.outside(
          Rule.LIBXL_CONVERTED,
          offset + 12,
          "libxl",
          "header",
          "options",
          "converted from a legacy image");
    }
  }

  private void record(LibxlFrame frame, LibxlRecord record, StreamState before, Report report) {
    padding(frame, report);
    if (record instanceof LibxlRecord.Malformed malformed) {
      StreamFormatException why = malformed.why();
      report.add(Rule.LIBXL_RECORD_SIZE, why.location(), expected(why.expected(), why.found()));
    }
    switch (frame.type()) {
      case LibxlRecord.TYPE_END -> {
        signal(Rule.LIBXL_SIGNAL_WITH_BODY, frame, report);
        if (!context) {
          report.at(
              Rule.LIBXC_CONTEXT_MISSING,
              frame,
              -8,
              null,
              "END without any LIBXC_CONTEXT before it");
        }
        withinCheckpoint(frame, report);
        if (!emulatorSaved && before.hasDeviceModel()) {
          unsaved(frame, report);
        }
      }
      case LibxlRecord.TYPE_LIBXC_CONTEXT -> {
        signal(Rule.LIBXC_CONTEXT_WITH_BODY, frame, report);
        if (context) {
          report.at(Rule.LIBXC_CONTEXT_TWICE, frame, -8, null, "a second LIBXC_CONTEXT");
        }
        withinCheckpoint(frame, report);
        context = true;
      }
      case LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA, LibxlRecord.TYPE_EMULATOR_CONTEXT ->
          emulator(frame, record, before, report);
      case LibxlRecord.TYPE_CHECKPOINT_END -> {
        signal(Rule.LIBXL_SIGNAL_WITH_BODY, frame, report);
        if (!inCheckpoint) {
          report.at(
              Rule.CHECKPOINT_END_STRAY,
              frame,
              -8,
              null,
              "CHECKPOINT_END without a CHECKPOINT of libxc before it");
        }
        inCheckpoint = false;
        if (emulatorsInSet == 0 && before.hasDeviceModel()) {
          if (emulatorSaved) {
            report.at(
                Rule.EMULATOR_CONTEXT_STALE,
                frame,
                -8,
                null,
                "CHECKPOINT_END without an EMULATOR_CONTEXT in its checkpoint");
          } else {
            unsaved(frame, report);
          }
        }
        emulatorsInSet = 0;
      }
      // COLO's hand-shake has a check of its own.
      case LibxlRecord.TYPE_CHECKPOINT_STATE -> {}
      default ->
          report.at(
              Rule.LIBXL_RECORD_UNKNOWN,
              frame,
              -8,
              null,
              "a record of type 0x%x, which is unknown".formatted(frame.type()));
    }
  }

  private void withinCheckpoint(LibxlFrame frame, Report report) {
    if (inCheckpoint) {
      report.at(
          Rule.CHECKPOINT_SET_BROKEN,
          frame,
          -8,
          null,
          frame.typeName() + " before the CHECKPOINT_END of a checkpoint");
    }
  }

  private static void padding(LibxlFrame frame, Report report) {
    MemorySegment padding = frame.padding();
    long at = Report.firstSet(padding);
    if (at >= 0) {
      report.at(
          Rule.LIBXL_PADDING_NOT_ZERO,
          frame,
          frame.length() + at,
          "padding",
          expected("0", hex(Byte.toUnsignedLong(padding.get(ValueLayout.JAVA_BYTE, at)))));
    }
  }

  private static void signal(Rule rule, LibxlFrame frame, Report report) {
    if (frame.length() != 0) {
      report.at(rule, frame, -4, "body_length", expected("0", frame.length()));
    }
  }

  private static void unsaved(LibxlFrame frame, Report report) {
    report.at(
        Rule.EMULATOR_CONTEXT_MISSING,
        frame,
        -8,
        null,
        frame.typeName()
            + " without any EMULATOR_CONTEXT before it, of a guest that has a device model");
  }

  /// Counts an emulator's state, unless it came before in this set.
  private void saved(LibxlFrame frame, int id, int index, Report report) {
    emulatorSaved = true;
    long which = (long) id << 32 | Integer.toUnsignedLong(index);
    for (int i = 0; i < emulatorsInSet; i++) {
      if (savedInSet[i] == which) {
        if (!report.counted(Rule.EMULATOR_CONTEXT_REPEATED)) {
          report.at(
              Rule.EMULATOR_CONTEXT_REPEATED,
              frame,
              -8,
              null,
              "a second EMULATOR_CONTEXT of emulator %s, index %s"
                  .formatted(Integer.toUnsignedString(id), Integer.toUnsignedString(index)));
        }
        return;
      }
    }
    if (emulatorsInSet < MOST_EMULATORS) {
      savedInSet[emulatorsInSet++] = which;
    }
  }

  private void emulator(LibxlFrame frame, LibxlRecord record, StreamState before, Report report) {
    String type = before.config().type();
    boolean pvh = "pvh".equals(type);
    // The configuration can be replaced (XS0205), so the libxc stream counts where it has begun.
    boolean pv = before.headers() == null ? "pv".equals(type) : before.isPv();
    if (pv || pvh) {
      withoutHvm(frame, pvh ? "PVH" : "PV", report);
    } else if (before.headers() == null && early == null) {
      early = frame.withoutOctets();
    }
    int id = -1;
    if (record instanceof LibxlRecord.EmulatorXenstoreData data) {
      id = data.emulatorId();
      xenstore(data.data(), frame, report);
    } else if (record instanceof LibxlRecord.EmulatorContext emulator) {
      id = emulator.emulatorId();
      saved(frame, id, emulator.index(), report);
    } else {
      if (frame.type() == LibxlRecord.TYPE_EMULATOR_CONTEXT) {
        // Malformed, which is said elsewhere: not missing as well.
        emulatorSaved = true;
        emulatorsInSet = Math.max(emulatorsInSet, 1);
      }
      return;
    }
    if (id < 0 || id > LAST_EMULATOR) {
      report.at(
          Rule.EMULATOR_ID,
          frame,
          0,
          "emulator_id",
          expected("0 to 2", Integer.toUnsignedString(id)));
    }
  }

  private static void withoutHvm(LibxlFrame frame, String kind, Report report) {
    report.at(
        Rule.EMULATOR_WITHOUT_HVM,
        frame,
        -8,
        null,
        "an emulator's record for a " + kind + " guest");
  }

  /// Where in a key the first character is that no xenstore takes, −1 when there is none.
  private static long oddCharacter(MemorySegment data, long start, long end) {
    for (long at = start; at < end; at++) {
      int c = data.get(ValueLayout.JAVA_BYTE, at);
      boolean letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
      if (!letter && "0123456789-/_@".indexOf(c) < 0) {
        return at;
      }
    }
    return -1;
  }

  /// Keys and values in turn, each ended by a NUL; a key is relative and not empty.
  private static void xenstore(MemorySegment data, LibxlFrame frame, Report report) {
    long size = data.byteSize();
    if (size > 0 && data.get(ValueLayout.JAVA_BYTE, size - 1) != 0) {
      report.at(
          Rule.XENSTORE_DATA_FORM,
          frame,
          EMULATOR_HEADER + size - 1,
          "xenstore_data",
          expected("a NUL at the end", hex(data.get(ValueLayout.JAVA_BYTE, size - 1) & 0xFF)));
      return;
    }
    long strings = 0;
    long start = 0;
    for (long at = 0; at < size; at++) {
      if (data.get(ValueLayout.JAVA_BYTE, at) != 0) {
        continue;
      }
      boolean key = (strings++ & 1) == 0;
      if (key
          && (at == start || data.get(ValueLayout.JAVA_BYTE, start) == '/')
          && !report.counted(Rule.XENSTORE_KEY)) {
        report.at(
            Rule.XENSTORE_KEY,
            frame,
            EMULATOR_HEADER + start,
            "xenstore_data",
            expected("a relative key", at == start ? "an empty one" : "one that begins with /"));
      }
      long odd = key ? oddCharacter(data, start, at) : -1;
      if (odd >= 0 && !report.counted(Rule.XENSTORE_KEY_CHARACTERS)) {
        report.at(
            Rule.XENSTORE_KEY_CHARACTERS,
            frame,
            EMULATOR_HEADER + odd,
            "xenstore_data",
            expected(
                "a key of letters, digits and -/_@",
                hex(data.get(ValueLayout.JAVA_BYTE, odd) & 0xFF)));
      }
      start = at + 1;
    }
    if ((strings & 1) != 0) {
      report.at(
          Rule.XENSTORE_DATA_FORM,
          frame,
          EMULATOR_HEADER,
          "xenstore_data",
          expected("keys and values in turn", strings + " strings"));
    }
  }
}
