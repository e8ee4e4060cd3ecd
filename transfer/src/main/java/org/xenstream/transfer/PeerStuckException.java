// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;

/// The peer did nothing for so long that it counts as dead, see [Patience].
public final class PeerStuckException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message which one, and for how long
  public PeerStuckException(String message) {
    super(message);
  }
}
