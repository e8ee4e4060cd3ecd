// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;

/// A legacy image needs scratch files, and may or can have no more of them. Who reads it knows how
/// more could be had, and says so.
public final class ScratchException extends IOException {
  private static final long serialVersionUID = 1L;

  ScratchException(String message) {
    super(message);
  }

  ScratchException(String message, IOException cause) {
    super(message, cause);
  }
}
