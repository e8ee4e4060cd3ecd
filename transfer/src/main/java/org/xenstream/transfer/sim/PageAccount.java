// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

/// The entry that a guest's version table holds for a pfn: what the page is and which version of it
/// must be there. Functions over the entry, which is a plain `long`:
///
/// ```text
///   63     60 59   57     56     55                 0
///   +--------+-------+--------+--------------------+
///   | kind   | level | flag   | version            |
///   +--------+-------+--------+--------------------+
/// ```
///
/// The flag of a page table says that it is pinned; that of a data page, that a device may be
/// writing the next version at this moment.
///
/// So an entry of zero is a data page that was never written.
final class PageAccount {
  /// Holds [PagePattern].
  static final int DATA = 0;

  /// Ballooned out; the version is the last one, so that the next is a new one.
  static final int ABSENT = 1;

  /// There, with a content that is checked by what it is, or not at all.
  static final int SYSTEM = 2;

  /// A page table of a PV guest.
  static final int TABLE = 3;

  private static final int KIND_SHIFT = 60;
  private static final int LEVEL_SHIFT = 57;
  private static final long FLAG = 1L << 56;
  private static final long VERSION_MASK = FLAG - 1;

  private PageAccount() {}

  static int kind(long entry) {
    return (int) (entry >>> KIND_SHIFT);
  }

  static int level(long entry) {
    return (int) (entry >>> LEVEL_SHIFT) & 7;
  }

  static boolean isPinned(long entry) {
    return (entry & FLAG) != 0;
  }

  /// Tells whether a data page may also be of the next version.
  static boolean isInFlight(long entry) {
    return (entry & FLAG) != 0;
  }

  static long version(long entry) {
    return entry & VERSION_MASK;
  }

  static long data(long version) {
    return version & VERSION_MASK;
  }

  static long inFlight(long version) {
    return FLAG | (version & VERSION_MASK);
  }

  /// What an entry adds to the sum over the whole table, see [SimGuest].
  static long weight(long pfn, long entry) {
    return entry == 0 ? 0 : PagePattern.mix(entry ^ PagePattern.mix(pfn + 1));
  }

  static long absent(long version) {
    return (long) ABSENT << KIND_SHIFT | (version & VERSION_MASK);
  }

  static long system() {
    return (long) SYSTEM << KIND_SHIFT;
  }

  static long table(int level, boolean pinned, long version) {
    return (long) TABLE << KIND_SHIFT
        | (long) level << LEVEL_SHIFT
        | (pinned ? FLAG : 0)
        | (version & VERSION_MASK);
  }
}
