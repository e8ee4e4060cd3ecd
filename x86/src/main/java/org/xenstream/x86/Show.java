// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.util.function.LongFunction;

/// How a number is presented.
@FunctionalInterface
interface Show {

  /// In hexadecimal.
  Show HEX = (name, value, width) -> new Decoded.Number(name, value, width, Decoded.Radix.HEX);

  /// In tens, without a sign.
  Show DECIMAL =
      (name, value, width) -> new Decoded.Number(name, value, width, Decoded.Radix.DECIMAL);

  /// In tens, with a sign.
  Show SIGNED =
      (name, value, width) -> {
        int unused = Long.SIZE - 8 * width;
        return new Decoded.Number(name, value << unused >> unused, width, Decoded.Radix.SIGNED);
      };

  /// Presents a value.
  ///
  /// @param value the value, zero-extended
  /// @param width its width in octets
  Decoded of(String name, long value, int width);

  /// With a meaning that a function tells.
  static Show explained(LongFunction<String> meaning) {
    return (name, value, width) -> new Decoded.Explained(name, value, width, meaning.apply(value));
  }

  /// One of a few choices, numbered from 0.
  static Show choice(String... meanings) {
    return explained(value ->
        Long.compareUnsigned(value, meanings.length) < 0 ? meanings[(int) value] : "unknown");
  }

  /// A frame number; all ones say that there is none.
  static Show frame(String kind) {
    return (name, value, width) ->
        value == (width == 8 ? -1L : (1L << (8 * width)) - 1)
            ? new Decoded.Explained(name, value, width, "no " + kind)
            : HEX.of(name, value, width);
  }
}
