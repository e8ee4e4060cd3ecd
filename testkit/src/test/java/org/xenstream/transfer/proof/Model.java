// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;

/// The guests that are moved: small, with a balloon partly out, an offline vCPU and a device model
/// that writes to memory.
enum Model {
  HVM(GuestKind.HVM, false),
  PVH(GuestKind.PVH, false),
  PV64_TREE(GuestKind.PV64, false),
  PV64_LIST(GuestKind.PV64, true),
  PV32_TREE(GuestKind.PV32, false),
  PV32_LIST(GuestKind.PV32, true);

  /// 6 MiB: three batches of a stream.
  private static final long PAGES = 1536;

  final GuestKind kind;
  private final boolean linear;

  Model(GuestKind kind, boolean linear) {
    this.kind = kind;
    this.linear = linear;
  }

  GuestBuilder builder() {
    return GuestBuilder.of(kind)
        .memory(PAGES << 12)
        .vcpus(3)
        .offline(0b010)
        .seed(11 + ordinal())
        .linearP2m(linear)
        .spareTables(8)
        .balloon(64, 16)
        .devicePages(kind == GuestKind.HVM ? 4 : 0)
        .touchedPages(400);
  }
}
