// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What libxl keeps of a guest's emulator beside the libxc stream: the bodies of its records
/// EMULATOR_XENSTORE_DATA and EMULATOR_CONTEXT, behind their emulator id and index
/// (`docs/specs/libxl-migration-stream.pandoc`).
///
/// Both segments are copies that live as long as anybody holds them.
///
/// @param xenstoreData NUL-terminated keys and values in turn, out of the toolstack's record; empty
///   when there was none
/// @param context the emulator's own state, or null when none stood behind the image
/// @param offset where that stood in the legacy image; meaningless without a context
public record DeviceModel(
    MemorySegment xenstoreData, @Nullable MemorySegment context, long offset) {
  /// Tells whether there is nothing to carry.
  public boolean isEmpty() {
    return context == null && xenstoreData.byteSize() == 0;
  }
}
