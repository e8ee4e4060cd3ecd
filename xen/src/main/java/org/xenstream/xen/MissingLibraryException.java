// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;

/// A library of Xen, or a function in it, or Xen itself is not there; says what was looked for.
final class MissingLibraryException extends IOException {
  private static final long serialVersionUID = 1L;

  MissingLibraryException(String message) {
    super(message);
  }
}
