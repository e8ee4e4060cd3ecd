// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.nio.ByteOrder;

/// Both headers of a stream and where they stood.
///
/// @param offset where the image header begins in the source, in octets
/// @param image the image header
/// @param domain the domain header
public record StreamHeaders(long offset, ImageHeader image, DomainHeader domain) {
  /// The byte order of the domain header and the records.
  public ByteOrder order() {
    return image.order();
  }

  /// Where the records begin in the source, in octets.
  public long end() {
    return domainOffset() + Wire.DOMAIN_HEADER;
  }

  /// Where the domain header begins in the source, in octets.
  public long domainOffset() {
    return offset + Wire.IMAGE_HEADER;
  }
}
