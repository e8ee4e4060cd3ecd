// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.RecordSink;

/// Where a save puts its stream. When a call returns, nothing of what it was given is looked at any
/// more: guest memory may change and be unmapped.
public interface SaveOutput extends RecordSink {
  /// Writes both headers; called once, first.
  void begin(ImageHeader image, DomainHeader domain) throws IOException;

  /// Writes one PAGE_DATA record.
  void accept(PageBatch batch) throws IOException;

  /// How many octets have been written so far.
  long written();

  /// How many of them still wait to be taken by the receiver, as far as that is known: they leave
  /// before any that is written from now on.
  default long unread() {
    return 0;
  }
}
