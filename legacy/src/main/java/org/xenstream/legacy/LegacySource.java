// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamHeaders;

/// A legacy image as the records of a modern stream: version 3, little-endian, converted (major
/// version 0).
///
/// It reads on as records are asked for. The offsets of frames are places in the legacy image, and
/// the views of a frame hold the record as it would stand in a modern stream: of a PAGE_DATA up to
/// its pages, which are views of the input ([org.xenstream.core.format.PagesShown#IN_VIEW]), or
/// stay in it until they are taken. A frame's end is therefore no place in the legacy image: the
/// input stands where it was read to.
public final class LegacySource implements RecordSource {
  private LegacySource() {}

  /// Opens the image whose first octet is the input's next one, and reads up to its first chunk: of
  /// a PV guest without extended info further, as far as the evidence for its width lies.
  ///
  /// @param input read from here on; closed with the source
  /// @param options how
  /// @param listener is told what is done besides
  /// @throws org.xenstream.core.format.StreamFormatException when it is no legacy image, or one
  ///   that is damaged at its beginning
  /// @throws IOException when it cannot be read
  public static LegacySource open(OctetInput input, LegacyOptions options, LegacyListener listener)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /// What is known of the image so far.
  public LegacyFacts facts() {
    throw new UnsupportedOperationException();
  }

  /// What belongs into the libxl stream around the records: of a plain stream when [#next] has
  /// given null, of a checkpointed one ([Checkpoints#KEEP]) when it has given a CHECKPOINT, of that
  /// one. Null before.
  public @Nullable DeviceModel deviceModel() {
    throw new UnsupportedOperationException();
  }

  /// How many octets of scratch files were written so far.
  public long scratchWritten() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String name() {
    throw new UnsupportedOperationException();
  }

  @Override
  public StreamHeaders headers() {
    throw new UnsupportedOperationException();
  }

  @Override
  public @Nullable Framed next() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void takePages(Framed batch, MemoryRuns into) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
