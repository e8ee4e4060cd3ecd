// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

/// How long a machine word is: of the toolstack that saved an image, or of the guest in it.
public enum WordWidth {
  /// Four octets.
  BITS_32(4),
  /// Eight octets.
  BITS_64(8);

  private final int octets;

  WordWidth(int octets) {
    this.octets = octets;
  }

  /// The width in octets: 4 or 8.
  public int octets() {
    return octets;
  }

  /// The width in bits: 32 or 64.
  public int bits() {
    return 8 * octets;
  }

  @Override
  public String toString() {
    return bits() + "-bit";
  }
}
