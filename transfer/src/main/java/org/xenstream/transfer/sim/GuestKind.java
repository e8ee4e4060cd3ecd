// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.Locale;

/// The kinds of guests that [GuestBuilder] builds.
public enum GuestKind {
  /// Hardware-virtualised, with an emulated platform and a device model.
  HVM(1, 0),
  /// Hardware-virtualised without either.
  PVH(2, 0),
  /// Paravirtual, of 64 bits: page tables of four levels.
  PV64(3, 8),
  /// Paravirtual, of 32 bits: PAE page tables of three levels.
  PV32(4, 4);

  private final int number;
  private final int width;

  GuestKind(int number, int width) {
    this.number = number;
    this.width = width;
  }

  /// The kind of a name such as `pv64`.
  ///
  /// @throws IllegalArgumentException if there is no such kind; the message lists those there are
  public static GuestKind parse(String name) {
    for (GuestKind kind : values()) {
      if (kind.toString().equals(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "no kind of guest \"" + name + "\"; known are hvm, pvh, pv64 and pv32");
  }

  /// A number by which a guest's memory names its kind.
  int number() {
    return number;
  }

  static GuestKind of(long number) {
    for (GuestKind kind : values()) {
      if (kind.number == number) {
        return kind;
      }
    }
    throw new IllegalArgumentException("there is no kind of guest " + number);
  }

  /// Whether page tables hold mfns and the guest keeps its own p2m.
  public boolean isPv() {
    return width != 0;
  }

  /// The width of a PV guest's word in octets, 8 or 4; 0 for the others.
  public int width() {
    return width;
  }

  /// How many levels a PV guest's page tables have, 4 or 3; 0 for the others.
  public int levels() {
    return width == 0 ? 0 : width == 8 ? 4 : 3;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
