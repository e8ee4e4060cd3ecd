// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;

/// Takes records in order: a writer of octets, or a guest being restored.
public interface RecordSink {
  /// Takes one record and keeps no view of it.
  ///
  /// @throws IOException when it cannot be passed on
  void accept(StreamRecord record) throws IOException;
}
