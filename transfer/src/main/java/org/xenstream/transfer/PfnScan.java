// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Finds the pfns of a bitmap, an array of them at a time and in ascending order: what each pass of
/// a save does. For one thread at a time; begun anew for each pass.
public final class PfnScan {
  /// A part of the bitmap: an array is read many times faster than memory by code that is not
  /// compiled well.
  private final long[] words = new long[512];

  private MemorySegment bits = MemorySegment.NULL;

  /// How many words the bitmap has.
  private long length;

  /// Which of them `words` begins with, and how many those are.
  private long first;

  private int held;

  /// Which of `words` is looked at, and what of it has not been given yet.
  private int at;

  private long rest;

  /// Of no bitmap yet: nothing is found until [#begin].
  public PfnScan() {}

  /// From the first pfn of `bitmap` on. What is set or cleared in it meanwhile may be seen or not.
  public void begin(PfnBitmap bitmap) {
    bits = bitmap.words();
    length = bits.byteSize() >>> 3;
    first = 0;
    held = 0;
    at = 0;
    rest = 0;
  }

  /// The next pfns whose bits are set.
  ///
  /// @param pfns takes them, as many as fit
  /// @return how many; fewer than fit when these are the last, 0 when there are no more
  public int next(long[] pfns) {
    int count = 0;
    int i = at;
    long word = rest;
    while (count < pfns.length) {
      if (word != 0) {
        pfns[count++] = ((first + i) << 6) + Long.numberOfTrailingZeros(word);
        word &= word - 1;
      } else if (++i < held) {
        word = words[i];
      } else if (fetch()) {
        i = 0;
        word = words[0];
      } else {
        break;
      }
    }
    at = i;
    rest = word;
    return count;
  }

  /// Takes the next part of the bitmap.
  ///
  /// @return false where there is none
  private boolean fetch() {
    first += held;
    held = (int) Math.min(words.length, length - first);
    MemorySegment.copy(bits, ValueLayout.JAVA_LONG, 8 * first, words, 0, held);
    return held > 0;
  }
}
