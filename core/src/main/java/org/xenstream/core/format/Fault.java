// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// Why the structure of an image cannot be followed. Each has a rule of the same name, under whose
/// id a verification reports it.
public enum Fault {
  /// The octets are no image of a kind that is known.
  NOT_AN_IMAGE,
  /// The source ends where more has to come.
  TRUNCATED,
  /// An image header does not begin with its marker.
  MARKER,
  /// An image header does not carry its id.
  ID,
  /// A version that no specification describes.
  VERSION,
  /// A length over the limit.
  TOO_LONG,
  /// A record whose body contradicts itself: its own fields do not fit its length.
  MALFORMED_BODY,
  /// An outer layer's header contradicts itself.
  MALFORMED_LAYER,
  /// A compressed layer does not decompress, or yields more than the limit.
  DECOMPRESSION,
  /// A record that cannot stand here: the reader cannot tell whose records follow.
  MISPLACED
}
