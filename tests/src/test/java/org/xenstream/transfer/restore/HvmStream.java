// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import org.xenstream.testkit.StreamBuilder;

/// Octets of an HVM guest's stream.
final class HvmStream {
  static final int VERIFY = 0x0D;
  static final int CHECKPOINT = 0x0E;
  static final long XALLOC = 0xE000_0000_0000_0000L;
  static final long XTAB = 0xF000_0000_0000_0000L;

  private HvmStream() {}

  /// Headers and static data.
  static StreamBuilder begin() {
    return StreamBuilder.stream().imageHeader(3).domainHeader(2).record(0x10);
  }

  /// What comes behind memory: its TSC, a context, the pages of xenstore (pfn 2) and console (3).
  static StreamBuilder state(StreamBuilder stream) {
    stream.record(0x08, stream.part().u32(0).u32(2_000_000).u64(7).u32(1).u32(0).octets());
    stream.record(0x09, StreamBuilder.filled(32, 0x11));
    return stream.record(0x0A, stream.part().u32(2).u32(0).u64(1).u64(2).u64(17).u64(3).octets());
  }
}
