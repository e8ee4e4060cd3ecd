// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;

/// The guests that are moved: small, with a balloon partly out, an offline vCPU and a device model
/// that writes to memory.
enum Model {
  HVM(GuestKind.HVM, false, 11),
  PVH(GuestKind.PVH, false, 12),
  PV64_TREE(GuestKind.PV64, false, 13),
  PV64_LIST(GuestKind.PV64, true, 14),
  PV32_TREE(GuestKind.PV32, false, 15),
  PV32_LIST(GuestKind.PV32, true, 16);

  /// 6 MiB: three batches of a stream.
  private static final long PAGES = 1536;

  final GuestKind kind;
  private final boolean linear;

  /// Decides what its pages hold, and what else is drawn for it.
  final long seed;

  Model(GuestKind kind, boolean linear, long seed) {
    this.kind = kind;
    this.linear = linear;
    this.seed = seed;
  }

  GuestBuilder builder() {
    return GuestBuilder.of(kind)
        .memory(PAGES << 12)
        .vcpus(3)
        .offline(0b010)
        .seed(seed)
        .linearP2m(linear)
        .spareTables(8)
        .balloon(64, 16)
        .devicePages(kind == GuestKind.HVM ? 4 : 0)
        .touchedPages(400);
  }
}
