// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;

/// The transfer was given up because somebody asked for it, see [Cancellation].
public final class TransferCancelledException extends IOException {
  private static final long serialVersionUID = 1L;

  /// With a message that says so.
  public TransferCancelledException() {
    super("the transfer was cancelled");
  }
}
