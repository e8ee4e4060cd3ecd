// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;

import java.lang.foreign.ValueLayout;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.StreamRecord;

/// X86_PV_INFO and X86_PV_P2M_FRAMES.
final class PvRecordCheck implements Check {
  private static final int PV_INFO = 8;
  private static final long P2M_HEADER = 8;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (!(item instanceof ImageItem.Libxc libxc)) {
      return;
    }
    Frame frame = libxc.framed().frame();
    StreamRecord record = libxc.framed().record();
    if (record instanceof StreamRecord.PvInfo info) {
      pvInfo(info, frame, report);
    } else if (record instanceof StreamRecord.PvP2mFrames frames) {
      p2mFrames(frames, frame, before, report);
    } else if (before.isPv()
        && before.maxPfn() >= 0
        && !before.isDamaged()
        && before.completes(record)) {
      p2mComplete(frame, before, report);
    }
  }

  private static void pvInfo(StreamRecord.PvInfo info, Frame frame, Report report) {
    boolean known =
        (info.guestWidth() == 4 && info.ptLevels() == 3)
            || (info.guestWidth() == 8 && info.ptLevels() == 4);
    if (!known) {
      report.at(
          Rule.PV_INFO_PAIR,
          frame,
          0,
          "guest_width",
          expected(
              "width and levels 4 and 3, or 8 and 4",
              info.guestWidth() + " and " + info.ptLevels()));
    }
    for (int at = 2; at < PV_INFO; at++) {
      byte octet = frame.octets().get(ValueLayout.JAVA_BYTE, 8 + at);
      if (octet != 0) {
        report.at(
            Rule.PV_INFO_RESERVED, frame, at, "reserved", expected("0", "0x%02x".formatted(octet)));
        break;
      }
    }
    if (frame.length() > PV_INFO) {
      report.length(Rule.PV_INFO_LONG, frame, "8");
    }
  }

  private static void p2mFrames(
      StreamRecord.PvP2mFrames frames, Frame frame, StreamState before, Report report) {
    if (frames.startPfn() > frames.endPfn()) {
      report.at(
          Rule.P2M_RANGE,
          frame,
          0,
          "p2m_start_pfn",
          expected(
              "at most p2m_end_pfn, 0x%x".formatted(frames.endPfn()),
              Report.hex(frames.startPfn())));
      return;
    }
    long entries = before.p2mEntriesInFrame();
    long wanted = frames.endPfn() / entries - frames.startPfn() / entries + 1;
    if (frames.count() != wanted) {
      report.at(
          Rule.P2M_COUNT,
          frame,
          P2M_HEADER,
          "p2m_pfn",
          "pfns 0x%x to 0x%x in frames of %d: expected %d, found %d"
              .formatted(frames.startPfn(), frames.endPfn(), entries, wanted, frames.count()));
    }
  }

  /// What `update_guest_p2m` asks of the frames when all memory is there.
  private static void p2mComplete(Frame frame, StreamState before, Report report) {
    long slots = before.maxPfn() / before.p2mEntriesInFrame() + 1;
    PvMemory memory = before.memory();
    long kept = Math.min(slots, PvMemory.TRACKED / 512);
    if (!before.affords(kept)) {
      return;
    }
    for (long slot = 0; slot < kept; slot++) {
      long pfn = memory.p2mFrame(slot);
      if (pfn == -1) {
        report.placed(
            Rule.P2M_GAP,
            frame,
            "%s without the p2m frame of pfn 0x%x"
                .formatted(frame.typeName(), slot * before.p2mEntriesInFrame()));
        return;
      }
      Rule rule = before.isOfGuest(pfn) ? Rule.P2M_FRAME_TYPE : Rule.P2M_FRAME_BEYOND_GUEST;
      if (!before.isOrdinary(pfn) && !report.counted(rule)) {
        report.placed(
            rule,
            frame,
            "p2m frame %d: expected an ordinary page, found %s"
                .formatted(slot, before.describe(pfn)));
      }
    }
  }
}
