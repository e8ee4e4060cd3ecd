// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.HvmContextCursor;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// HVM_CONTEXT and HVM_PARAMS, as far as every release judges them alike.
final class HvmCheck implements Check {
  private static final int HEADER_LENGTH = 24;
  private static final int CPU = 2;
  private static final int PIC = 3;
  private static final int PICS = 2;

  private final @Nullable Release target;

  /// What the parameters that are set once have been set to so far, 0 where nothing else was.
  private final long[] set = new long[Release.latest().hvmParams()];

  /// @param target the release for which the image is judged: what the newest one refuses is then
  ///   of no interest
  HvmCheck(@Nullable Release target) {
    this.target = target;
  }

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc) || before.isPv()) {
      return;
    }
    Frame frame = libxc.framed().frame();
    StreamRecord record = libxc.framed().record();
    if (record instanceof StreamRecord.HvmContext context) {
      context(context.context(), frame, before, report);
    } else if (record instanceof StreamRecord.HvmParams params) {
      params(params, frame, report);
    }
  }

  private void context(MemorySegment blob, Frame frame, StreamState before, Report report) {
    if (blob.byteSize() == 0) {
      report.length(Rule.HVM_CONTEXT_EMPTY, frame, "more than 0");
      return;
    }
    HvmContextCursor cursor = HvmContextCursor.over(blob);
    int configured = before.config().maxVcpus();
    int vcpus =
        configured > 0
            ? Math.min(configured, HvmContextFacts.MAX_VCPUS)
            : HvmContextFacts.MAX_VCPUS;
    // Two words of instances for each typecode.
    long[] seen = new long[2 * (HvmContextFacts.LAST + 1)];
    HvmEntryCheck content = new HvmEntryCheck(target, frame, report);
    // Since 4.7 a domain has to have the device whose state is loaded.
    boolean pvh = "pvh".equals(before.config().type()) && (target == null || target.atLeast(7));
    boolean first = true;
    boolean cpu = false;
    while (cursor.next()) {
      if (first) {
        first = false;
        if (!header(cursor, frame, report)) {
          return;
        }
      } else if (cursor.typecode() == HvmContextFacts.HEADER) {
        entry(Rule.HVM_CONTEXT_HEADER, cursor, frame, "typecode", "a second HEADER", report);
      } else if (cursor.typecode() != HvmContextFacts.END) {
        cpu |= cursor.typecode() == CPU;
        if (pvh
            && HvmContextFacts.isOfPc(cursor.typecode())
            && !report.counted(Rule.HVM_CONTEXT_OF_PVH)) {
          entry(
              Rule.HVM_CONTEXT_OF_PVH,
              cursor,
              frame,
              "typecode",
              name(cursor) + " for a domain that the configuration makes PVH",
              report);
        }
        if (entry(cursor, frame, vcpus, seen, report)) {
          content.judge(cursor);
        }
      }
    }
    switch (cursor.state()) {
      case TRUNCATED ->
          report.at(
              Rule.HVM_CONTEXT_TRUNCATED,
              frame,
              cursor.position(),
              "entry",
              expected(
                  cursor.offset() == cursor.position() && cursor.length() > 0
                      ? "%d octets of %s"
                          .formatted(8 + cursor.length(), HvmContextFacts.nameOf(cursor.typecode()))
                      : "8 octets of a descriptor",
                  blob.byteSize() - cursor.position() + " octets before the end"));
      case NO_END ->
          report.at(
              Rule.HVM_CONTEXT_NO_END,
              frame,
              cursor.position(),
              "entry",
              expected("END", "the end of the context"));
      case ENDED_BY_END -> {
        if (cursor.position() < blob.byteSize()) {
          report.at(
              Rule.HVM_CONTEXT_AFTER_END,
              frame,
              cursor.position(),
              null,
              blob.byteSize() - cursor.position() + " octets behind END");
        }
        if (!cpu) {
          report.at(Rule.HVM_CONTEXT_NO_CPU, frame, 0, null, "no CPU entry for any vCPU");
        }
      }
      case UNDERWAY -> {}
    }
  }

  /// Tells whether the context begins with a header, so that looking on makes sense.
  private static boolean header(HvmContextCursor cursor, Frame frame, Report report) {
    if (cursor.typecode() != HvmContextFacts.HEADER || cursor.length() != HEADER_LENGTH) {
      entry(
          Rule.HVM_CONTEXT_HEADER,
          cursor,
          frame,
          "typecode",
          expected(
              "HEADER of 24 octets first",
              HvmContextFacts.nameOf(cursor.typecode()) + " of " + cursor.length()),
          report);
      return false;
    }
    MemorySegment body = cursor.body();
    int magic = Wire.u32(body, 0);
    int version = Wire.u32(body, 4);
    long at = cursor.offset() + HvmContextCursor.DESCRIPTOR_SIZE;
    if (magic != HvmContextFacts.MAGIC) {
      report.at(
          Rule.HVM_CONTEXT_MAGIC,
          frame,
          at,
          "HEADER.magic",
          expected("0x%08x".formatted(HvmContextFacts.MAGIC), "0x%08x".formatted(magic)));
    }
    if (version != HvmContextFacts.VERSION) {
      report.at(
          Rule.HVM_CONTEXT_VERSION,
          frame,
          at + 4,
          "HEADER.version",
          expected("1", Integer.toUnsignedString(version)));
    }
    return true;
  }

  /// Tells whether the entry is of a known type.
  private static boolean entry(
      HvmContextCursor cursor, Frame frame, int vcpus, long[] seen, Report report) {
    int typecode = cursor.typecode();
    int instance = cursor.instance();
    if (typecode > HvmContextFacts.LAST) {
      if (!report.counted(Rule.HVM_CONTEXT_TYPECODE)) {
        entry(
            Rule.HVM_CONTEXT_TYPECODE,
            cursor,
            frame,
            "typecode",
            expected("1 to " + HvmContextFacts.LAST, typecode),
            report);
      }
      return false;
    }
    if (!HvmContextFacts.someReleaseTakes(typecode, cursor.length())
        && !report.counted(Rule.HVM_CONTEXT_LENGTH)) {
      report.at(
          Rule.HVM_CONTEXT_LENGTH,
          frame,
          cursor.offset() + 4,
          name(cursor) + ".length",
          expected(
              Release.latest().hvmContextLength(typecode).orElseThrow().toString(),
              cursor.length()));
    }
    int instances = HvmContextFacts.isPerVcpu(typecode) ? vcpus : typecode == PIC ? PICS : 1 << 16;
    if (instance >= instances) {
      if (!report.counted(Rule.HVM_CONTEXT_INSTANCE)) {
        report.at(
            Rule.HVM_CONTEXT_INSTANCE,
            frame,
            cursor.offset() + 2,
            name(cursor) + ".instance",
            expected("below " + instances, instance));
      }
    } else if (instance < HvmContextFacts.MAX_VCPUS) {
      int word = 2 * typecode + instance / Long.SIZE;
      if ((seen[word] >>> instance & 1) != 0 && !report.counted(Rule.HVM_CONTEXT_REPEATED)) {
        entry(
            Rule.HVM_CONTEXT_REPEATED,
            cursor,
            frame,
            "typecode",
            "a second %s of instance %d".formatted(name(cursor), instance),
            report);
      }
      seen[word] |= 1L << instance;
    }
    return true;
  }

  private static String name(HvmContextCursor cursor) {
    return HvmContextFacts.nameOf(cursor.typecode());
  }

  private static void entry(
      Rule rule,
      HvmContextCursor cursor,
      Frame frame,
      String field,
      String message,
      Report report) {
    report.at(rule, frame, cursor.offset(), field, message);
  }

  private void params(StreamRecord.HvmParams params, Frame frame, Report report) {
    int reserved = Wire.u32(frame.octets(), Wire.RECORD_HEADER + 4);
    if (reserved != 0) {
      report.at(
          Rule.HVM_PARAMS_RESERVED,
          frame,
          4,
          "reserved",
          expected("0", hex(Integer.toUnsignedLong(reserved))));
    }
    if (params.count() == 0) {
      report.at(Rule.HVM_PARAMS_EMPTY, frame, 0, "count", expected("more than 0", "0"));
    }
    long seen = 0;
    for (int n = 0; n < params.count(); n++) {
      long index = params.index(n);
      long at = 8 + n * 16L;
      param(index, params.value(n), n, at, frame, report);
      boolean changed = changed(index, params.value(n), n, at, frame, report);
      if (index >= 0 && index < Long.SIZE) {
        if (!changed && (seen >>> index & 1) != 0 && !report.counted(Rule.HVM_PARAM_REPEATED)) {
          report.at(
              Rule.HVM_PARAM_REPEATED,
              frame,
              at,
              "param[" + n + "].index",
              "parameter " + index + " comes again");
        }
        seen |= 1L << index;
      }
    }
  }

  /// Tells whether a parameter has another value already, from this record or one before it, and
  /// cannot be given a new one. What is refused in any case is not looked at.
  private boolean changed(long index, long value, int n, long at, Frame frame, Report report) {
    Release release = target == null ? Release.latest() : target;
    if (!release.setsHvmParamOnce(index) || !isTaken(index, value)) {
      return false;
    }
    long before = set[(int) index];
    if (before == 0 || before == value) {
      set[(int) index] = value;
      return false;
    }
    if (!report.counted(Rule.HVM_PARAM_CHANGED)) {
      report.at(
          Rule.HVM_PARAM_CHANGED,
          frame,
          at + 8,
          "param[" + n + "].value",
          expected("parameter " + index + " to stay " + hex(before), hex(value)));
    }
    return true;
  }

  private boolean isTaken(long index, long value) {
    return target == null ? someReleaseTakes(index, value) : target.takesHvmParam(index, value);
  }

  /// Tells whether any release goes on after a parameter with a value.
  static boolean someReleaseTakes(long index, long value) {
    for (int i = 0; i < Release.ALL.size(); i++) {
      if (Release.ALL.get(i).takesHvmParam(index, value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean allRefuse(long index) {
    for (int i = 0; i < Release.ALL.size(); i++) {
      if (Release.ALL.get(i).hvmParam(index) != Release.ParamFate.REFUSED) {
        return false;
      }
    }
    return true;
  }

  private void param(long index, long value, int n, long at, Frame frame, Report report) {
    if (Release.latest().takesHvmParam(index, value)) {
      return;
    }
    if (allRefuse(index)) {
      if (!report.counted(Rule.HVM_PARAM_INDEX)) {
        report.at(
            Rule.HVM_PARAM_INDEX,
            frame,
            at,
            "param[" + n + "].index",
            expected(
                "a parameter that a release lets a restore set", Long.toUnsignedString(index)));
      }
    } else if (!someReleaseTakes(index, value)) {
      if (!report.counted(Rule.HVM_PARAM_VALUE)) {
        report.at(
            Rule.HVM_PARAM_VALUE,
            frame,
            at + 8,
            "param[" + n + "].value",
            expected("a value that a release takes for parameter " + index, hex(value)));
      }
    } else if (target == null && !report.counted(Rule.HVM_PARAM_NOT_NOW)) {
      report.at(
          Rule.HVM_PARAM_NOT_NOW,
          frame,
          at,
          "param[" + n + "].index",
          "parameter %d = 0x%x, which Xen %s refuses".formatted(index, value, Release.latest()));
    }
  }
}
