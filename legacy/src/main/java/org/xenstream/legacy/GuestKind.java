// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.xenstream.core.format.Wire;

/// What kind of guest an image holds.
public enum GuestKind {
  /// Paravirtualised.
  PV(Wire.DOMAIN_X86_PV),
  /// Virtualised by hardware.
  HVM(Wire.DOMAIN_X86_HVM);

  private final int domainType;

  GuestKind(int domainType) {
    this.domainType = domainType;
  }

  /// The type in a modern domain header, such as [Wire#DOMAIN_X86_PV].
  public int domainType() {
    return domainType;
  }
}
