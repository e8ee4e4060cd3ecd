// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.nio.ByteOrder;

/// The first 24 octets of an image (specification, "Image Header"); all big-endian.
///
/// @param version the version of the specification, 2 or 3 where the reader takes it
/// @param options the sixteen option bits, reserved ones included
/// @param reserved the six octets after the options, kept as they came; zero when written
public record ImageHeader(int version, int options, long reserved) {
  /// The version that Xen writes since 4.14.
  public static final int V3 = 3;

  /// The version that Xen 4.6 to 4.13 wrote.
  public static final int V2 = 2;

  /// A header as a saver writes it.
  public static ImageHeader of(int version, ByteOrder order) {
    return new ImageHeader(version, order == ByteOrder.BIG_ENDIAN ? Wire.OPT_BIG_ENDIAN : 0, 0);
  }

  /// The byte order of the domain header and the records.
  public ByteOrder order() {
    return (options & Wire.OPT_BIG_ENDIAN) == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
  }
}
