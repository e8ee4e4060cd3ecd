// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The names of the bits of a word.
final class BitNames implements Show {

  private final @Nullable String[] names = new @Nullable String[Long.SIZE];

  private BitNames() {}

  /// Makes names from a table.
  ///
  /// @param table words of the form `BIT:NAME` between blanks
  static BitNames of(String table) {
    BitNames made = new BitNames();
    for (String word : table.strip().split("\\s+", -1)) {
      int colon = word.indexOf(':');
      int bit = Integer.parseInt(word.substring(0, colon));
      if (made.names[bit] != null) {
        throw new IllegalArgumentException("bit " + bit + " has two names");
      }
      made.names[bit] = word.substring(colon + 1);
    }
    return made;
  }

  /// The names of the bits that are set in a value, the lowest first; `bitN` if a bit has none.
  List<String> set(long value) {
    List<String> set = new ArrayList<>(Long.bitCount(value));
    for (long left = value; left != 0; left &= left - 1) {
      int bit = Long.numberOfTrailingZeros(left);
      String name = names[bit];
      set.add(name != null ? name : "bit" + bit);
    }
    return List.copyOf(set);
  }

  @Override
  public Decoded of(String name, long value, int width) {
    return new Decoded.Flags(name, value, width, set(value));
  }
}
