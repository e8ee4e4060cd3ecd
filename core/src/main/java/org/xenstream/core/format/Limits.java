// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// What a reader holds the lengths of an image against, so that no number in it decides how much
/// memory is taken.
///
/// @param maxRecordLength the longest body of a libxc or libxl record in octets. The reference's
///   limit for libxc is [Wire#RECORD_LENGTH_MAX]; its libxl has none
/// @param maxConfigLength the longest configuration text in an outer layer, in octets
/// @param maxDecompressed the most octets a compressed layer may yield
public record Limits(long maxRecordLength, long maxConfigLength, long maxDecompressed) {
  /// The reference's record limit, 4 MiB of configuration, 64 TiB of decompressed image.
  public static final Limits DEFAULT = new Limits(Wire.RECORD_LENGTH_MAX, 4L << 20, 1L << 46);
}
