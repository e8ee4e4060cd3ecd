// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.core.format.Wire;
import org.xenstream.x86.PageTableEntry;

/// What of a page table can be looked up at once. Guests are given memory in large pieces, so
/// neighbours in a table mostly map neighbours in memory: such a run is one place in each table of
/// frames. The rest is looked up in one loop, so that the processor waits for many of them at a
/// time. The loops are plain ones that the compiler turns into vector instructions.
public final class EntryRuns {
  /// Shorter runs are not worth the looking.
  public static final int SHORTEST = 32;

  private static final int SINGLES = 64;

  /// So many u64s are in a line of the processor's cache.
  private static final int LINE = 8;

  /// Without a look at the alignment of each.
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private static final long NEXT = 1L << 12;

  /// A number to itself: the compiler makes vector instructions of a loop that adds it, and not of
  /// one that adds its own counter.
  private static final long[] STEPS = new long[Wire.MAX_BATCH];

  static {
    for (int i = 0; i < STEPS.length; i++) {
      STEPS[i] = i;
    }
  }

  private EntryRuns() {}

  /// The first entry from `from` on that is present; `end` where there is none.
  public static int present(long[] table, int from, int end) {
    int i = from;
    while (i + 8 <= end && eightAbsent(table, i)) {
      i += 8;
    }
    while (i < end && (table[i] & PageTableEntry.PRESENT) == 0) {
      i++;
    }
    return i;
  }

  private static boolean eightAbsent(long[] table, int i) {
    long any =
        table[i]
            | table[i + 1]
            | table[i + 2]
            | table[i + 3]
            | table[i + 4]
            | table[i + 5]
            | table[i + 6]
            | table[i + 7];
    return (any & PageTableEntry.PRESENT) == 0;
  }

  /// How many entries from the present one at `i` on, as a run, map what follows its frame: at
  /// least [#SHORTEST] and maybe not all of them; 0 where they are fewer.
  ///
  /// @param end the run ends before it
  /// @param key the bits that count, with all of the frame; the others may differ
  public static int length(long[] table, int i, int end, long key) {
    for (int length = end - i; length >= SHORTEST; length >>= 1) {
      if (isRun(table, i, length, key)) {
        return length;
      }
    }
    return 0;
  }

  /// Tells whether entries are a run: present, and each maps what follows the frame of the one
  /// before.
  ///
  /// @param key as for [#length]
  public static boolean isRun(long[] table, int first, int length, long key) {
    if (length == 0 || !mayBeRun(table, first, length, key)) {
      return false;
    }
    long begin = table[first] & key;
    long differ = 0;
    for (int i = 0; i < length; i++) {
      differ |= (table[first + i] & key) ^ (begin + (STEPS[i] << 12));
    }
    return differ == 0;
  }

  /// Tells whether u64s in native order go up by one. They are looked at where they lie: a copy of
  /// them would cost as much again.
  ///
  /// @param at where the first lies, in octets
  /// @param first what it has to be
  /// @param count at most 1024
  public static boolean ascends(MemorySegment in, long at, long first, int count) {
    long differ = 0;
    for (int i = 0; i < count; i++) {
      differ |= in.get(U64, at + 8L * i) ^ (first + STEPS[i]);
    }
    return differ == 0;
  }

  /// Tells whether u64s go down by one, with the parameters of [#ascends].
  public static boolean descends(MemorySegment in, long at, long first, int count) {
    long differ = 0;
    for (int i = 0; i < count; i++) {
      differ |= in.get(U64, at + 8L * i) ^ (first - STEPS[i]);
    }
    return differ == 0;
  }

  /// Tells whether a run of [#SHORTEST] or more may begin at an entry, by a look at two.
  public static boolean mayBegin(long[] table, int i, int end, long key) {
    return i + SHORTEST <= end && mayBeRun(table, i, SHORTEST, key);
  }

  /// A look at two entries, which mostly tells.
  private static boolean mayBeRun(long[] table, int first, int length, long key) {
    return (table[first] & PageTableEntry.PRESENT) != 0
        && (table[first + length - 1] & key) - (table[first] & key) == NEXT * (length - 1);
  }

  /// Where the entries from `i` on end that are best looked up in one go, with those between them
  /// that are not present: before what may be a run, or a long piece that is empty.
  public static int singles(long[] table, int i, int end, long key) {
    int until = i + SINGLES;
    while (until < end
        && !mayBegin(table, until, end, key)
        && present(table, until, end) < until + SINGLES) {
      until += SINGLES;
    }
    return Math.min(until, end);
  }

  /// Reads u64s in native order, each wherever it lies. Those of eight neighbours mostly lie in one
  /// line of the processor's cache: so every eighth comes first, and the processor waits for many
  /// lines at a time, not for four or five.
  ///
  /// @param offsets where each lies, in octets
  /// @param into takes them, by position; may be `offsets`
  public static void read(MemorySegment from, long[] offsets, int first, int end, long[] into) {
    for (int k = 0; k < LINE; k++) {
      for (int i = first + k; i < end; i += LINE) {
        into[i] = from.get(U64, offsets[i]);
      }
    }
  }
}
