// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;

/// libxl does not listen or answer any more; the process can only clean up and end.
final class LibxlGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  /// How the process ends, as the C helper's does.
  private final int exitCode;

  LibxlGoneException(String message, int exitCode) {
    super(message);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
