// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.SaveOutput;

/// Gives everything to two outputs, one after the other.
final class TeeOutput implements SaveOutput {
  private final SaveOutput first;
  private final SaveOutput second;

  /// @param first tells how much was written
  TeeOutput(SaveOutput first, SaveOutput second) {
    this.first = first;
    this.second = second;
  }

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    first.begin(image, domain);
    second.begin(image, domain);
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    first.accept(batch);
    second.accept(batch);
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    first.accept(record);
    second.accept(record);
  }

  @Override
  public long written() {
    return first.written();
  }

  @Override
  public long unread() {
    return first.unread();
  }
}
