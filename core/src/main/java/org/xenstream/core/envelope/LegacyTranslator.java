// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.RecordSource;

/// Reads legacy images as the records of a modern stream. The provider is found by
/// `java.util.ServiceLoader`, so that whoever has no old images need not have it; without one a
/// legacy image is named and not read any further.
public interface LegacyTranslator {
  /// Opens the legacy image whose first octet is the input's next one.
  ///
  /// @param input read from here on
  /// @param reading how
  /// @param limits what lengths are held against
  /// @param pages what is done with the pages of PAGE_DATA records
  /// @throws org.xenstream.core.format.StreamFormatException when it is damaged at its beginning
  /// @throws IOException when it cannot be read
  Translation open(OctetInput input, LegacyReading reading, Limits limits, PagesShown pages)
      throws IOException;

  /// A legacy image on its way. Offsets of frames are places in the legacy image; a frame's end is
  /// none. What of the input is passed, it passes itself.
  interface Translation extends RecordSource {
    /// What is to be said of the translation since this was asked last, also when
    /// [RecordSource#next] has thrown.
    List<LegacyRemark> remarks();

    /// What belongs into the libxl stream around the records: known when [RecordSource#next] has
    /// given null, or a CHECKPOINT. Null before, and where there is nothing.
    ///
    /// @throws IOException when it cannot be read
    @Nullable Emulator emulator() throws IOException;
  }

  /// The state of a guest's emulator, in libxl's records. Views die with the next step.
  ///
  /// @param xenstoreData the body of EMULATOR_XENSTORE_DATA without emulator id and index:
  ///   NUL-terminated keys and values in turn; may be empty
  /// @param context the whole record EMULATOR_CONTEXT, little-endian, of emulator 0 and index 0; or
  ///   null
  /// @param offset where the state stood in the legacy image
  record Emulator(MemorySegment xenstoreData, @Nullable MemorySegment context, long offset) {}
}
