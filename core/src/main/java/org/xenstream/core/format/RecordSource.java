// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Records in order, pulled: a reader of octets, a decorator of another source, a translated legacy
/// image, or a guest being saved.
public interface RecordSource extends AutoCloseable {
  /// The source's name, for messages.
  String name();

  /// The headers under which the records come; the same for the life of the source.
  StreamHeaders headers();

  /// The next record, or null after the last. The views of the one before are dead by then.
  ///
  /// @throws StreamFormatException when the structure cannot be followed
  /// @throws IOException when the octets cannot be had
  @Nullable Framed next() throws IOException;

  /// Moves the next pages of the PAGE_DATA shown last into memory, in the order of its entries that
  /// carry data, in as many calls as suit the caller; pages that nobody takes are passed over by
  /// [#next]. With the first call the record's views die, its entries as well.
  ///
  /// @param batch what [#next] gave last: a PAGE_DATA that is not malformed
  /// @param into no longer than the pages that are left of it
  /// @throws StreamFormatException when the source ends amid the pages
  /// @throws IOException when the octets cannot be had
  void takePages(Framed batch, MemoryRuns into) throws IOException;

  /// Releases what the source holds; every view dies.
  @Override
  void close() throws IOException;
}
