// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import org.jspecify.annotations.Nullable;

/// A place in an image, for messages: `domain.img @0x2a08 (record #17 HVM_PARAMS.count)`.
///
/// @param source the image's name as the user gave it
/// @param offset octets from the start of the (decompressed) image
/// @param layer "libxc", "libxl", "xl" and so on
/// @param recordIndex the record's number within its layer from 0, or −1 outside records
/// @param part the record's or header's name, or empty
/// @param field the field within it, or null
public record Location(
    String source,
    long offset,
    String layer,
    long recordIndex,
    String part,
    @Nullable String field) {

  /// A place outside any record: a header, or the octets after the end.
  public static Location of(
      String source, long offset, String layer, String part, @Nullable String field) {
    return new Location(source, offset, layer, -1, part, field);
  }

  /// The place of a field of a libxc record.
  public static Location of(String source, Frame frame, long offset, @Nullable String field) {
    return new Location(source, offset, "libxc", frame.index(), frame.typeName(), field);
  }

  /// The part and field, with the record's number: `record #17 HVM_PARAMS.count`.
  public String what() {
    StringBuilder text = new StringBuilder();
    if (!layer.isEmpty() && !layer.equals("libxc")) {
      text.append(layer).append(' ');
    }
    if (recordIndex >= 0) {
      text.append("record #").append(recordIndex).append(' ');
    }
    text.append(part);
    if (field != null) {
      text.append(part.isEmpty() ? "" : ".").append(field);
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return "%s @0x%x (%s)".formatted(source, offset, what());
  }
}
