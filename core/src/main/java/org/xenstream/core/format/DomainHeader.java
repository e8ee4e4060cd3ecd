// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// The sixteen octets after the image header (specification, "Domain Header").
///
/// @param type [Wire#DOMAIN_X86_PV] or [Wire#DOMAIN_X86_HVM]; others are reserved
/// @param pageShift page size as a power of two; 12 in every image known
/// @param reserved two octets, kept as they came; zero when written
/// @param xenMajor major version of the Xen that saved; 0 when a legacy image was converted
/// @param xenMinor minor version of the Xen that saved, or the converter's own version
public record DomainHeader(int type, int pageShift, int reserved, int xenMajor, int xenMinor) {

  /// A header as a saver writes it.
  public static DomainHeader of(int type, int xenMajor, int xenMinor) {
    return new DomainHeader(type, Wire.PAGE_SHIFT, 0, xenMajor, xenMinor);
  }

  /// Tells whether the guest is PV.
  public boolean isPv() {
    return type == Wire.DOMAIN_X86_PV;
  }

  /// Tells whether the guest is HVM or PVH.
  public boolean isHvm() {
    return type == Wire.DOMAIN_X86_HVM;
  }

  /// Tells whether a converter of legacy images wrote the stream.
  public boolean isConverted() {
    return xenMajor == 0;
  }

  /// "x86 PV", "x86 HVM" or "type 0x…".
  public String typeName() {
    return switch (type) {
      case Wire.DOMAIN_X86_PV -> "x86 PV";
      case Wire.DOMAIN_X86_HVM -> "x86 HVM";
      default -> "type 0x%x".formatted(type);
    };
  }
}
