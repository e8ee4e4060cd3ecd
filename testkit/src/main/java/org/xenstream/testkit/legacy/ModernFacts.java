// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.StreamRecord;

/// What a legacy saver knows before it writes, and a modern image says only behind its memory: so
/// it is read once for this, and once more for memory.
final class ModernFacts {
  boolean hvm;
  int guestWidth = 8;
  long p2mSize;

  /// The pfns that some entry names, whatever its type.
  final BitSet named = new BitSet();

  long[] frames = new long[0];

  /// The first context of vCPU 0.
  byte @Nullable [] context;

  /// The octets of a vCPU's XSAVE state; 0 where there is none.
  int xsave;

  StreamRecord.@Nullable TscInfo tsc;

  /// How many sets of states the image has: one, or one for each checkpoint.
  int sets;

  /// The states of the device model, one for each set at most.
  final List<byte[]> emulator = new ArrayList<>();

  /// What the device model keeps in xenstore.
  byte[] xenstore = new byte[0];

  private boolean endedBehindCheckpoint;

  /// @param image read to its end
  static ModernFacts of(ImageReader image) throws IOException {
    ModernFacts facts = new ModernFacts();
    for (ImageItem item = image.next(); item != null; item = image.next()) {
      switch (item) {
        case ImageItem.LibxcBegins(var headers) -> facts.hvm = headers.domain().isHvm();
        case ImageItem.Libxc(var framed, _) -> facts.see(framed.record());
        case ImageItem.Libxl(_, LibxlRecord.EmulatorContext(_, _, var state)) ->
            facts.emulator.add(octets(state));
        case ImageItem.Libxl(_, LibxlRecord.EmulatorXenstoreData(_, _, var data)) ->
            facts.xenstore = octets(data);
        default -> {}
      }
    }
    if (facts.hvm) {
      facts.p2mSize = facts.named.length();
    }
    return facts;
  }

  static byte[] octets(MemorySegment view) {
    return view.toArray(ValueLayout.JAVA_BYTE);
  }

  private void see(StreamRecord record) {
    switch (record) {
      case StreamRecord.PvInfo(int width, _) -> guestWidth = width;
      case StreamRecord.PvP2mFrames p2m -> {
        if (p2m.startPfn() != 0) {
          throw new IllegalArgumentException("a p2m from pfn " + p2m.startPfn() + " on");
        }
        p2mSize = p2m.endPfn() + 1;
        frames = new long[p2m.count()];
        for (int i = 0; i < frames.length; i++) {
          frames[i] = p2m.pfn(i);
        }
      }
      case StreamRecord.PageData(var entries, _) -> {
        endedBehindCheckpoint = false;
        for (int i = 0; i < entries.count(); i++) {
          named.set(Math.toIntExact(entries.pfn(i)));
        }
      }
      case StreamRecord.PvVcpuBasic(long vcpu, var blob) -> {
        if (vcpu == 0 && context == null) {
          context = octets(blob);
        }
      }
      case StreamRecord.PvVcpuXsave(_, var blob) -> {
        int length = Math.toIntExact(blob.byteSize());
        if (xsave != 0 && xsave != length) {
          throw new IllegalArgumentException("XSAVE states of %d and %d".formatted(xsave, length));
        }
        xsave = length;
      }
      case StreamRecord.TscInfo info -> tsc = tsc == null ? info : tsc;
      case StreamRecord.Checkpoint _ -> {
        sets++;
        endedBehindCheckpoint = true;
      }
      case StreamRecord.End _ -> {
        if (!endedBehindCheckpoint) {
          sets++;
        }
      }
      default -> {}
    }
  }
}
