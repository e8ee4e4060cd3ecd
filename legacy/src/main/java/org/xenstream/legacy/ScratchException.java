// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;

/// A legacy image needs scratch files, and may or can have no more of them.
public final class ScratchException extends org.xenstream.core.envelope.ScratchException {
  private static final long serialVersionUID = 1L;

  ScratchException(String message) {
    super(message);
  }

  ScratchException(String message, IOException cause) {
    super(message, cause);
  }
}
