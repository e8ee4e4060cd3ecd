// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

/// What a guest is built like. Everything else about it, where each structure lies and what each
/// page holds, follows from these figures, so that a restored guest can be checked by them alone.
///
/// @param kind PV or HVM, and of which width
/// @param pages how many pages of RAM it has, those ballooned out included
/// @param vcpus how many vCPUs, 1 to [#MOST_VCPUS]
/// @param offline a bit for each vCPU that is offline; vCPU 0 never is
/// @param seed decides what pages and registers hold
/// @param linearP2m PV: the p2m is announced as a list at a virtual address, beside the tree of
///   frame lists; else as the tree alone
/// @param mmioHole HVM: RAM has the hole below 4 GiB that a real machine has, with the special
///   pages in it; else they follow the RAM at once, which keeps the number of pfns small
/// @param spareTables PV: how many pages there are that page-table churn turns into tables and back
/// @param userTables PV of 64 bits: how many tables of level 1 its processes have, each full of
///   entries for data pages
/// @param balloonPages how many pages may be ballooned out and in
/// @param absentPages how many of those are out from the beginning
/// @param devicePages HVM: how many pages the device model writes
/// @param touchedPages how many data pages hold something from the beginning; the others are zero,
///   and take no memory of the machine
public record GuestSpec(
    GuestKind kind,
    long pages,
    int vcpus,
    long offline,
    long seed,
    boolean linearP2m,
    boolean mmioHole,
    int spareTables,
    int userTables,
    long balloonPages,
    long absentPages,
    long devicePages,
    long touchedPages) {
  /// The most vCPUs: as many as the shared info page has room for, for all kinds alike.
  public static final int MOST_VCPUS = 32;

  /// As many as have room in the user half of an address space.
  static final int MOST_USER_TABLES = 1 << 24;

  /// How many 64-bit words [#store] writes.
  static final int WORDS = 12;

  /// Rejects figures that fit no guest.
  public GuestSpec {
    require(vcpus >= 1 && vcpus <= MOST_VCPUS, "vcpus", "1 to " + MOST_VCPUS, vcpus);
    require(
        (offline & 1) == 0 && offline >>> vcpus == 0,
        "offline",
        "bits of vCPUs other than the first",
        offline);
    require(spareTables >= 0 && spareTables <= 1 << 16, "spareTables", "0 to 65536", spareTables);
    require(
        userTables >= 0 && userTables <= (kind == GuestKind.PV64 ? MOST_USER_TABLES : 0),
        "userTables",
        "0 to %d for a PV64 guest, 0 for any other".formatted(MOST_USER_TABLES),
        userTables);
    require(
        absentPages >= 0 && absentPages <= balloonPages,
        "absentPages",
        "0 to balloonPages",
        absentPages);
    require(balloonPages >= 0, "balloonPages", "0 or more", balloonPages);
    require(devicePages >= 0, "devicePages", "0 or more", devicePages);
    require(touchedPages >= 0, "touchedPages", "0 or more", touchedPages);
  }

  static void require(boolean holds, String what, String expected, long found) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s must be %s but was %d".formatted(what, expected, found));
    }
  }

  /// Tells whether a vCPU is online.
  public boolean isOnline(int vcpu) {
    return (offline >>> vcpu & 1) == 0;
  }

  long[] store() {
    return new long[] {
      kind.number(),
      pages,
      vcpus,
      offline,
      seed,
      linearP2m ? 1 : 0,
      mmioHole ? 1 : 0,
      spareTables | (long) userTables << 32,
      balloonPages,
      absentPages,
      devicePages,
      touchedPages
    };
  }

  /// The counterpart of [#store].
  ///
  /// @throws IllegalArgumentException if the words are no guest
  static GuestSpec load(long[] words) {
    return new GuestSpec(
        GuestKind.of(words[0]),
        words[1],
        (int) words[2],
        words[3],
        words[4],
        words[5] != 0,
        words[6] != 0,
        (int) words[7],
        (int) (words[7] >>> 32),
        words[8],
        words[9],
        words[10],
        words[11]);
  }
}
