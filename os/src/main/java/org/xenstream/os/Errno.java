// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

/// Error numbers of Linux (`errno-base.h`, `errno.h`), as far as somebody tells them apart. Calls
/// that are made for each batch return them negated rather than throw.
public final class Errno {
  /// Interrupted by a signal before anything was moved.
  public static final int EINTR = 4;

  /// Nothing can be moved without waiting.
  public static final int EAGAIN = 11;

  /// The memory cannot be reached, or not pinned.
  public static final int EFAULT = 14;

  /// Nobody reads the other end.
  public static final int EPIPE = 32;

  /// The descriptor does not know the flag.
  public static final int EOPNOTSUPP = 95;

  /// The peer is gone, and what it had not read is lost.
  public static final int ECONNRESET = 104;

  private Errno() {}

  /// The error as an exception: `mmap of 4096 octets: Cannot allocate memory`.
  public static SystemCallException failed(String what, int errno) {
    return SystemCall.failed(what, errno);
  }
}
