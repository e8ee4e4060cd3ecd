// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSink;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.save.BackChannel;

/// What joins the hosts of a migration: a stream in one direction, and for COLO one back. Each end
/// belongs to one thread; both can be closed by any.
interface Line extends AutoCloseable {
  /// Where the source writes.
  SaveOutput output();

  /// Where the destination reads.
  OctetInput input();

  /// Where the source reads what the destination tells of its dirty pages.
  BackChannel backChannel();

  /// Where the destination tells it.
  RecordSink backOutput();

  /// Hangs up at the source: the destination reads what was sent, and then the end. Does nothing
  /// the second time.
  void closeSource() throws IOException;

  /// Hangs up at the destination: the source cannot write any more. Does nothing the second time.
  void closeDestination() throws IOException;

  @Override
  void close() throws IOException;
}
