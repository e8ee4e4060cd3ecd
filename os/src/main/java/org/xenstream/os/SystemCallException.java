// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;

/// A call to the operating system failed; says which, and why: `pipe: Too many open files`.
public final class SystemCallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int number;

  /// @param message what failed, and the error's text
  /// @param number the error, see [Errno]
  SystemCallException(String message, int number) {
    super(message);
    this.number = number;
  }

  /// The error, see [Errno].
  public int number() {
    return number;
  }
}
