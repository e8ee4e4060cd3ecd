// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;

/// Scratch files are needed, and may or can have no more room: nothing is wrong with the image or
/// its sender. Who reads it knows how more could be had, and says so.
public final class ScratchException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message what is needed for what, and where there is no room for it
  public ScratchException(String message) {
    super(message);
  }

  /// @param message what is needed for what, and where it cannot be had
  /// @param cause what the system says
  public ScratchException(String message, IOException cause) {
    super(message, cause);
  }
}
