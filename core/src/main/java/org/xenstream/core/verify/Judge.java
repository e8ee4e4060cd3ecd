// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;

/// Judges an image: every rule, all findings in one run.
///
/// Items are pushed, so that whoever reads the image can look at them too:
///
/// ```java
/// Judge judge = new Judge(reader.name(), Judge.Options.DEFAULT);
/// for (ImageItem item; (item = reader.next()) != null; ) {
///   judge.see(item);
/// }
/// Verdict verdict = judge.end();
/// ```
public final class Judge {

  /// What to judge by.
  ///
  /// @param target the release that shall restore the image, or null for any
  /// @param ignored rules that shall not speak; an error that ended the reading is told even so, as
  ///   what stands behind it was never judged
  /// @param mostOfEach how many findings of each rule are quoted; of all no more than 65,536, or
  ///   the first of each rule
  public record Options(@Nullable Release target, Set<Rule> ignored, int mostOfEach) {
    /// Any release, every rule, a hundred findings of each.
    public static final Options DEFAULT = new Options(null, Set.of(), 100);

    public Options {
      ignored = Set.copyOf(ignored);
    }
  }

  private final String source;
  private final Options options;
  private final Report report;
  private final StreamState state;
  private final List<Check> checks;
  private boolean faulted;

  /// @param source the image's name, for locations
  /// @param options what to judge by
  public Judge(String source, Options options) {
    this.source = source;
    this.options = options;
    this.report = new Report(source, options.ignored(), options.mostOfEach());
    this.state = new StreamState();
    this.checks = Checks.fresh(options.target());
  }

  /// Judges a whole image. A fault of structure is a finding, not an exception.
  ///
  /// @throws IOException when the octets cannot be had
  public static Verdict judge(ImageReader image, Options options) throws IOException {
    Judge judge = new Judge(image.name(), options);
    try {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        judge.see(item);
      }
    } catch (StreamFormatException fault) {
      judge.fault(fault);
    }
    return judge.end();
  }

  /// Looks at the next item of the image.
  public void see(ImageItem item) {
    for (int i = 0; i < checks.size(); i++) {
      checks.get(i).see(item, state, report);
    }
    long complete = state.completeCheckpoints();
    state.take(item);
    if (state.completeCheckpoints() > complete) {
      report.settle();
    }
  }

  /// Takes in that the structure could not be followed any further.
  public void fault(StreamFormatException fault) {
    faulted = true;
    Rule rule = FaultRules.of(fault);
    // A restore that cannot have the next record drops what came behind the last complete
    // checkpoint, unread, and goes on with that checkpoint's state (`remus_failover` in
    // `xg_sr_restore.c`). Of a legacy image the translation does so itself, where it ends early;
    // of what it refuses no state is taken.
    if (rule != Rule.LEGACY_MALFORMED
        && state.completeCheckpoints() > 0
        && (fault.fault() == Fault.TRUNCATED || fault.fault() == Fault.TOO_LONG)) {
      dropIncomplete();
      rule = Rule.CHECKPOINT_INCOMPLETE;
    }
    report.ended(
        rule, fault.location(), "expected %s, found %s".formatted(fault.expected(), fault.found()));
  }

  /// END is the exception: what stands between a CHECKPOINT and END is a set by the specification.
  private void dropIncomplete() {
    if (!state.has(RecordType.END)) {
      report.drop(Rule.CHECKPOINT_INCOMPLETE);
    }
  }

  /// Ends the image.
  public Verdict end() {
    // libxl's part of a checkpoint is missing: `checkpoint_done` in `libxl_stream_read.c` tells
    // libxc to fail over to the checkpoint before it, and where there is none, `handle_checkpoint`
    // in `xg_sr_restore.c` gives up.
    if (state.isCheckpointOpen() && !faulted) {
      if (state.completeCheckpoints() > 0) {
        dropIncomplete();
      }
      report.ended(
          state.completeCheckpoints() > 0 ? Rule.CHECKPOINT_INCOMPLETE : Rule.TRUNCATED,
          Location.of(source, state.end(), "libxl", "record header", null),
          "expected libxl records up to CHECKPOINT_END, found the end");
    }
    return new Verdict(report.findings(), report.counts(), options.target());
  }
}
