// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.io.IOException;

/// The guest would have stood still for longer than it may, see [Deadline].
public final class DeadlineException extends IOException {
  private static final long serialVersionUID = 1L;

  /// With a message that says so.
  public DeadlineException() {
    super("the guest has been suspended for as long as it may be");
  }
}
