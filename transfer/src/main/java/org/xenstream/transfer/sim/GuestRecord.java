// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The page in which a simulated guest describes itself, so that it is found again after a restore:
///
/// ```text
///   0       8      104          112           120        4072       4080            4096
///   +-------+------+------------+-------------+----------+----------+---------------+
///   | magic | spec | generation | incarnation | accounts | checksum | generation id |
///   +-------+------+------------+-------------+----------+----------+---------------+
/// ```
///
/// A PV guest names its pfn in the command line of start_info; an HVM guest's parameter
/// VM_GENERATION_ID_ADDR points into it.
///
/// @param spec what the guest was built like
/// @param generation counted up each time it suspends itself; its vCPUs' states are drawn from it
/// @param incarnation how often it went on somewhere else
/// @param accounts the sum over the version table when the guest last suspended itself, so that a
///   page does not get lost unnoticed together with the table's page that tells of it
record GuestRecord(GuestSpec spec, long generation, long incarnation, long accounts) {
  /// What the command line holds before the pfn.
  static final String COMMAND_LINE = "record=0x";

  /// Where the generation id of an HVM guest lies.
  static final int GENERATION_ID = 4080;

  private static final long MAGIC = 0x01_64_72_6F_63_65_72_78L;
  private static final int SPEC = 8;
  private static final int GENERATION = SPEC + 8 * GuestSpec.WORDS;
  private static final int INCARNATION = GENERATION + 8;
  private static final int ACCOUNTS = INCARNATION + 8;
  private static final int CHECKSUM = 4072;

  /// Writes the page.
  void store(MemorySegment page) {
    page.asSlice(0, PagePattern.PAGE).fill((byte) 0);
    page.set(PagePattern.WORD, 0, MAGIC);
    long[] words = spec.store();
    for (int i = 0; i < words.length; i++) {
      page.set(PagePattern.WORD, SPEC + 8L * i, words[i]);
    }
    page.set(PagePattern.WORD, GENERATION, generation);
    page.set(PagePattern.WORD, INCARNATION, incarnation);
    page.set(PagePattern.WORD, ACCOUNTS, accounts);
    Words id = new Words(spec.seed(), -1);
    page.set(PagePattern.WORD, GENERATION_ID, id.next());
    page.set(PagePattern.WORD, GENERATION_ID + 8, id.next());
    page.set(PagePattern.WORD, CHECKSUM, checksum(page));
  }

  /// Reads the page.
  ///
  /// @return null when it holds no record, or one whose checksum is wrong
  static @Nullable GuestRecord load(MemorySegment page) {
    if (page.get(PagePattern.WORD, 0) != MAGIC
        || page.get(PagePattern.WORD, CHECKSUM) != checksum(page)) {
      return null;
    }
    long[] words = new long[GuestSpec.WORDS];
    for (int i = 0; i < words.length; i++) {
      words[i] = page.get(PagePattern.WORD, SPEC + 8L * i);
    }
    return new GuestRecord(
        GuestSpec.load(words),
        page.get(PagePattern.WORD, GENERATION),
        page.get(PagePattern.WORD, INCARNATION),
        page.get(PagePattern.WORD, ACCOUNTS));
  }

  private static long checksum(MemorySegment page) {
    long sum = MAGIC;
    for (long at = 0; at < PagePattern.PAGE; at += 8) {
      sum = at == CHECKSUM ? sum : PagePattern.mix(sum ^ page.get(PagePattern.WORD, at));
    }
    return sum;
  }
}
