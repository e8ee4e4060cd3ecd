// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;

import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.RecordType;

/// COLO's hand-shake, forward and in the back channel: each side waits for one record and refuses
/// any other (`libxl_colo_restore.c`, `libxl_colo_save.c`).
final class ColoCheck implements Check {
  private static final int NEW = 0;
  private static final int SUSPENDED = 1;
  private static final int READY = 2;
  private static final int RESUMED = 3;

  /// In place of an id: a list of pfns is awaited.
  private static final int LIST = -1;

  /// In place of an id: what was found is none of those that are known, so anything may follow.
  private static final int ANY = -2;

  /// Forward: libxl's part of a checkpoint has just ended.
  private boolean behindCheckpointEnd;

  /// In the back channel: what the primary waits for.
  private int awaited = READY;

  /// libxl speaks in the back channel; without it there are lists alone.
  private boolean spoken;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (item instanceof ImageItem.Libxl libxl) {
      if (libxl.record() instanceof LibxlRecord.CheckpointState state) {
        if (before.isBackChannel()) {
          answer(libxl.frame(), state.controlId(), report);
        } else {
          forward(libxl.frame(), state.controlId(), report);
        }
      }
      behindCheckpointEnd = libxl.frame().type() == LibxlRecord.TYPE_CHECKPOINT_END;
    } else if (item instanceof ImageItem.Libxc libxc) {
      behindCheckpointEnd = false;
      if (before.isBackChannel() && spoken) {
        if (awaited != LIST && awaited != ANY) {
          report.placed(
              Rule.COLO_ORDER,
              libxc.framed().frame(),
              expected(name(awaited), libxc.framed().frame().typeName()));
        }
        awaited = READY;
      }
    }
  }

  private void forward(LibxlFrame frame, int id, Report report) {
    if (!behindCheckpointEnd) {
      report.at(
          Rule.CHECKPOINT_STATE_STRAY,
          frame,
          -8,
          null,
          "CHECKPOINT_STATE elsewhere than directly behind CHECKPOINT_END");
    }
    if (id != NEW) {
      report.at(Rule.COLO_ORDER, frame, 0, "control_id", expected(name(NEW), name(id)));
    }
  }

  private void answer(LibxlFrame frame, int id, Report report) {
    if (awaited != ANY && id != awaited) {
      report.at(Rule.COLO_ORDER, frame, 0, "control_id", expected(name(awaited), name(id)));
    }
    spoken = true;
    awaited =
        switch (id) {
          case READY -> RESUMED;
          case RESUMED -> SUSPENDED;
          case SUSPENDED -> LIST;
          default -> ANY;
        };
  }

  private static String name(int id) {
    return id == LIST
        ? RecordType.CHECKPOINT_DIRTY_PFN_LIST.name()
        : "%s (%s)".formatted(Integer.toUnsignedString(id), LibxlRecord.stateName(id));
  }
}
