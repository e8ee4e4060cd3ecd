// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.util.EnumMap;
import java.util.Map;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;

/// Tells the listener, or refuses where the user wants no guesses. Of each kind a few are told, and
/// in the end how many more there were: a few octets of an image can be worth a note, so that their
/// number has no other bound.
final class Notes {
  /// How many of a kind are told as they come.
  static final int MOST_OF_KIND = 16;

  private final LegacyListener listener;
  private final boolean strict;
  private final Map<LegacyNote.Kind, Many> met = new EnumMap<>(LegacyNote.Kind.class);

  Notes(LegacyListener listener, boolean strict) {
    this.listener = listener;
    this.strict = strict;
  }

  private record Many(long count, Location last) {}

  void add(LegacyNote.Kind kind, Location location, String text) {
    Many before = met.get(kind);
    long count = before == null ? 1 : before.count + 1;
    met.put(kind, new Many(count, location));
    if (count <= MOST_OF_KIND) {
      listener.note(new LegacyNote(kind, location, text));
    }
  }

  /// Tells how many were not told: nothing more comes.
  void end() {
    met.forEach((kind, many) -> {
      long more = many.count - MOST_OF_KIND;
      if (more > 0) {
        listener.note(
            new LegacyNote(
                kind, many.last, "and %d more like the ones before, up to here".formatted(more)));
      }
    });
    met.clear();
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
