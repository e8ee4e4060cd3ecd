// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import org.xenstream.core.format.Framed;
import org.xenstream.core.format.StreamHeaders;

/// One thing met on the way through an image, in the order of its octets. Views in it die with the
/// reader's next step.
public sealed interface ImageItem {
  /// Where it begins, in octets from the start of the (decompressed) source.
  long offset();

  /// Where it ends, in octets from the start of the source; [#TO_THE_END] when that is wherever the
  /// source ends. While an item is shown its octets are still unread: whoever copies an image may
  /// take them from the input.
  long end();

  /// The end of an item that reaches to the end of a source of unknown length.
  long TO_THE_END = Long.MAX_VALUE;

  /// A layer begins, or a part of one.
  ///
  /// @param offset where
  /// @param length the octets of its own header, so that what it wraps begins behind them
  /// @param layer what it is
  record LayerFound(long offset, long length, Layer layer) implements ImageItem {
    @Override
    public long end() {
      return layer instanceof Layer.LegacyImage ? TO_THE_END : offset + length;
    }
  }

  /// A libxc stream begins.
  ///
  /// @param headers its headers
  record LibxcBegins(StreamHeaders headers) implements ImageItem {
    @Override
    public long offset() {
      return headers.offset();
    }

    @Override
    public long end() {
      return headers.end();
    }
  }

  /// A record of a libxc stream, or of a back channel.
  ///
  /// @param framed the record and its place
  /// @param end where its octets end; behind the frame's own end where stray octets were left out.
  ///   Of a legacy image, in which a record has no octets, where it is read to
  record Libxc(Framed framed, long end) implements ImageItem {
    @Override
    public long offset() {
      return framed.frame().offset();
    }
  }

  /// A record of a libxl stream.
  ///
  /// @param frame its place
  /// @param record what it says
  record Libxl(LibxlFrame frame, LibxlRecord record) implements ImageItem {
    @Override
    public long offset() {
      return frame.offset();
    }

    @Override
    public long end() {
      return frame.offset() + frame.octets().byteSize();
    }
  }

  /// Something that the translation of a legacy image has to say.
  ///
  /// @param remark what
  record Remarked(LegacyRemark remark) implements ImageItem {
    @Override
    public long offset() {
      return remark.location().offset();
    }

    @Override
    public long end() {
      return offset();
    }
  }

  /// Octets behind the end of everything that is known.
  ///
  /// @param offset where they begin
  /// @param length how many there are; −1 when the source's length is not known
  record Trailing(long offset, long length) implements ImageItem {
    @Override
    public long end() {
      return TO_THE_END;
    }
  }
}
