// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.x86.HvmParam;

/// `{u64 ioreq pfn, u64 bufioreq pfn, u64 store pfn, u32 length, HVM context}` as HVM_PARAMS, with
/// all that the body said, and HVM_CONTEXT (`buffer_tail_hvm` in `xc_domain_restore.c`).
final class HvmTail implements Tail {
  private static final String PART = "HVM tail";

  /// Many times what any number of vCPUs has; it is held in memory twice.
  static final long MOST = 16L << 20;

  private final LegacyCursor in;
  private final GuestState guest;
  private final Framer framer;
  private int given;

  HvmTail(LegacyCursor in, GuestState guest, Framer framer) {
    this.in = in;
    this.guest = guest;
    this.framer = framer;
  }

  @Override
  public @Nullable Framed next() throws IOException {
    return switch (given++) {
      case 0 -> params();
      case 1 -> context();
      default -> null;
    };
  }

  private Framed params() throws IOException {
    long at = in.position();
    guest.ioreqServers(in);
    guest.setParam(HvmParam.IOREQ_PFN, in.takeU64(PART, "ioreq pfn"));
    guest.setParam(HvmParam.BUFIOREQ_PFN, in.takeU64(PART, "bufioreq pfn"));
    guest.setParam(HvmParam.STORE_PFN, in.takeU64(PART, "store pfn"));
    return framer.frame(at, guest.params());
  }

  private Framed context() throws IOException {
    long at = in.position();
    long length = Integer.toUnsignedLong(in.takeU32(PART, "context length"));
    if (length == 0) {
      throw in.malformed(at, PART, "context length", "an HVM context", "0");
    }
    in.hold(length, Math.min(MOST, in.mostOctets()), at, PART, "context length");
    MemorySegment context = in.require(length, PART, null);
    Framed framed = framer.frame(at, new StreamRecord.HvmContext(context));
    in.pass(length, PART, "context");
    return framed;
  }
}
