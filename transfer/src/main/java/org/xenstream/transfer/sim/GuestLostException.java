// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;

/// A domain does not hold the guest that it should: so little of it is left that it cannot even be
/// checked.
public final class GuestLostException extends IOException {
  private static final long serialVersionUID = 1L;

  /// The exception with its message.
  ///
  /// @param message what was looked for, where, and what was found
  public GuestLostException(String message) {
    super(message);
  }
}
