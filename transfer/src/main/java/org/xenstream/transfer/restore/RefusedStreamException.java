// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Location;

/// A stream whose octets can be followed, but from which no guest can be restored:
/// `domain.img @0x2a08 (record #17 X86_PV_INFO): expected one such record, found a second`.
public final class RefusedStreamException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Location location;
  private final String expected;
  private final String found;

  /// @param location where it shows
  /// @param expected what a restore wants there
  /// @param found what is there
  public RefusedStreamException(Location location, String expected, String found) {
    super("%s: expected %s, found %s".formatted(location, expected, found));
    this.location = location;
    this.expected = expected;
    this.found = found;
  }

  /// For a field of a record.
  ///
  /// @param at the field's offset in the record's body
  static RefusedStreamException of(
      String source, Frame frame, long at, @Nullable String field, String expected, String found) {
    return new RefusedStreamException(
        Location.of(source, frame, frame.bodyOffset() + at, field), expected, found);
  }

  /// For a record as a whole.
  static RefusedStreamException of(String source, Frame frame, String expected, String found) {
    return new RefusedStreamException(
        Location.of(source, frame, frame.offset(), null), expected, found);
  }

  /// Where it shows.
  public Location location() {
    return location;
  }

  /// What a restore wants there.
  public String expected() {
    return expected;
  }

  /// What is there.
  public String found() {
    return found;
  }
}
