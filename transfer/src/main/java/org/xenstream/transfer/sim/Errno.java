// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

/// The error numbers that Xen's calls give here (xen/include/public/errno.h).
public enum Errno {
  /// Not allowed.
  EPERM(1),
  /// No such domain or vCPU.
  ESRCH(3),
  /// More than fits into one call.
  E2BIG(7),
  /// No memory left.
  ENOMEM(12),
  /// Not while the domain has memory.
  EACCES(13),
  /// In use, or done in part.
  EBUSY(16),
  /// Set already.
  EEXIST(17),
  /// A value that is not allowed.
  EINVAL(22),
  /// Something that there is not.
  ERANGE(34),
  /// Nothing there.
  ENODATA(61),
  /// More bits than there is room for.
  EOVERFLOW(75),
  /// Not for this kind of domain.
  EOPNOTSUPP(95);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /// The number, as [org.xenstream.transfer.ForeignMapping#error] gives it.
  public int number() {
    return number;
  }
}
