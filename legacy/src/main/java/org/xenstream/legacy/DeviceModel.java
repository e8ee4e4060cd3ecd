// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What libxl keeps of a guest's emulator beside the libxc stream: the bodies of its records
/// EMULATOR_XENSTORE_DATA and EMULATOR_CONTEXT, behind their emulator id and index
/// (`docs/specs/libxl-migration-stream.pandoc`).
///
/// @param xenstoreData NUL-terminated keys and values in turn, out of the toolstack's record; empty
///   when there was none. A copy that lives as long as anybody holds it
/// @param state the emulator's own state, or null when none stood behind the image
/// @param offset where that stood in the legacy image; meaningless without a state
public record DeviceModel(MemorySegment xenstoreData, @Nullable EmulatorState state, long offset) {
  /// Tells whether there is nothing to carry.
  public boolean isEmpty() {
    return state == null && xenstoreData.byteSize() == 0;
  }

  /// The emulator's own state in view, or null.
  public @Nullable MemorySegment context() throws IOException {
    return state == null ? null : state.octets();
  }

  /// Deletes what is kept of it in a file.
  void close() throws IOException {
    if (state != null) {
      state.close();
    }
  }
}
