// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.function.Executable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.StreamFormatException;

/// Expectations that tests of the format share.
public final class Expect {
  private Expect() {}

  /// The code throws a [StreamFormatException] of this kind and with this whole message.
  public static void fault(Fault fault, String message, Executable code) {
    StreamFormatException thrown = assertThrows(StreamFormatException.class, code);
    assertEquals(message, thrown.getMessage());
    assertEquals(fault, thrown.fault());
  }
}
