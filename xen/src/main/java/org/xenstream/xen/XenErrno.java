// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

/// Error numbers of Xen and of Linux on x86, which are the same where both have them
/// (`xen/include/public/errno.h`), as far as calls for a guest give them.
enum XenErrno {
  EPERM(1),
  ENOENT(2),
  ESRCH(3),
  EINTR(4),
  EIO(5),
  ENXIO(6),
  E2BIG(7),
  EBADF(9),
  EAGAIN(11),
  ENOMEM(12),
  EACCES(13),
  EFAULT(14),
  EBUSY(16),
  EEXIST(17),
  EXDEV(18),
  ENODEV(19),
  EINVAL(22),
  ENOTTY(25),
  ENOSPC(28),
  EPIPE(32),
  ERANGE(34),
  EDEADLK(35),
  ENOSYS(38),
  ENODATA(61),
  ETIME(62),
  EOVERFLOW(75),
  EILSEQ(84),
  ERESTART(85),
  EOPNOTSUPP(95),
  EADDRINUSE(98),
  ENOBUFS(105),
  ETIMEDOUT(110),
  ECANCELED(125);

  final int number;

  XenErrno(int number) {
    this.number = number;
  }

  /// What stands for a name where there is none, before the number.
  private static final String NAMELESS = "errno ";

  /// The name of a number; `errno 999` where there is none.
  static String nameOf(int number) {
    for (XenErrno error : values()) {
      if (error.number == number) {
        return error.name();
      }
    }
    return NAMELESS + number;
  }

  /// The number of a name that [#nameOf] gave; that of `EIO` where there is none.
  static int numberOf(String name) {
    for (XenErrno error : values()) {
      if (error.name().equals(name)) {
        return error.number;
      }
    }
    try {
      return name.startsWith(NAMELESS)
          ? Integer.parseInt(name.substring(NAMELESS.length()))
          : EIO.number;
    } catch (NumberFormatException e) {
      return EIO.number;
    }
  }
}
