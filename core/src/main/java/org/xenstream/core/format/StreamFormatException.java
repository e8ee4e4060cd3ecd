// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;

/// The octets are not what the format wants, and the reader cannot know where the next field lies
/// (or, for a record's body, what it says).
///
/// The message names source, offset, record, field, expected and found: `domain.img @0x2a08 (record
/// #17 HVM_PARAMS.count): expected 40 octets, found 24`.
public final class StreamFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Fault fault;
  private final transient Location location;
  private final String expected;
  private final String found;

  /// @param fault the kind of fault
  /// @param location where it is
  /// @param expected what the format wants there
  /// @param found what is there
  public StreamFormatException(Fault fault, Location location, String expected, String found) {
    super("%s: expected %s, found %s".formatted(location, expected, found));
    this.fault = fault;
    this.location = location;
    this.expected = expected;
    this.found = found;
  }

  /// The kind of fault.
  public Fault fault() {
    return fault;
  }

  /// Where it is.
  public Location location() {
    return location;
  }

  /// What the format wants there.
  public String expected() {
    return expected;
  }

  /// What is there.
  public String found() {
    return found;
  }
}
