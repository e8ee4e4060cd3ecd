// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;

/// Tells the listener, or refuses where the user wants no guesses.
final class Notes {
  private final LegacyListener listener;
  private final boolean strict;

  Notes(LegacyListener listener, boolean strict) {
    this.listener = listener;
    this.strict = strict;
  }

  void add(LegacyNote.Kind kind, Location location, String text) {
    listener.note(new LegacyNote(kind, location, text));
  }

  /// A note that is an error when the user wants that.
  void addOrRefuse(
      LegacyNote.Kind kind,
      Location location,
      String text,
      Fault fault,
      String expected,
      String found)
      throws StreamFormatException {
    if (strict) {
      throw new StreamFormatException(fault, location, expected, found);
    }
    add(kind, location, text);
  }
}
