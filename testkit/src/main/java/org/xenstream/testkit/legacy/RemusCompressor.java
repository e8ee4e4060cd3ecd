// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compresses pages as `xc_compression.c` of Xen 4.2 to 4.5 does: pages are gathered, and sent as
/// what differs from the last copy that was sent compressed, if one of the last 8192 such copies is
/// of that page; else whole.
public final class RemusCompressor {
  /// How many pages the reference gathers and remembers.
  public static final int REFERENCE_PAGES = 8192;

  private static final int PAGE = 4096;
  private static final int WORD = 4;
  private static final int LONGEST_RUN = 127;
  private static final int SKIP = 0x80;
  private static final int EMPTY_PAGE = 0;
  private static final int FULL_PAGE = SKIP;

  private final int gathered;
  private final int remembered;

  /// The pfns of the pages that wait, −1 for one that is sent whole.
  private final List<Long> pfns = new ArrayList<>();

  private final List<byte[]> pages = new ArrayList<>();

  /// The last copies sent, the least recently used first.
  private final Map<Long, byte[]> cache = new LinkedHashMap<>(16, 0.75f, true);

  /// @param gathered after how many pages [#add] asks for [#compress]
  /// @param remembered of how many pages the last copy is kept
  public RemusCompressor(int gathered, int remembered) {
    this.gathered = gathered;
    this.remembered = remembered;
  }

  /// Takes a page to be sent.
  ///
  /// @param page kept, not copied
  /// @param whole a page table: sent as it is, and its copy forgotten
  /// @return whether no more pages are taken before [#compress]
  public boolean add(long pfn, byte[] page, boolean whole) {
    if (whole) {
      cache.remove(pfn);
    }
    pfns.add(whole ? -1L : pfn);
    pages.add(page);
    return pages.size() == gathered;
  }

  /// Compresses all pages that were taken.
  ///
  /// @param most the octets of a chunk at most, at least those of the worst page
  /// @return the bodies of the COMPRESSED_DATA chunks; a page lies in one of them whole
  public List<byte[]> compress(int most) {
    List<byte[]> chunks = new ArrayList<>();
    ByteArrayOutputStream chunk = new ByteArrayOutputStream();
    for (int i = 0; i < pages.size(); i++) {
      long pfn = pfns.get(i);
      byte[] page = pages.get(i);
      byte @Nullable [] old = pfn < 0 ? null : cache.get(pfn);
      byte[] packed = old == null ? full(page) : delta(old, page);
      if (chunk.size() + packed.length > most) {
        chunks.add(chunk.toByteArray());
        chunk.reset();
      }
      chunk.writeBytes(packed);
      if (pfn >= 0) {
        remember(pfn, page);
      }
    }
    pfns.clear();
    pages.clear();
    if (chunk.size() > 0) {
      chunks.add(chunk.toByteArray());
    }
    return chunks;
  }

  private void remember(long pfn, byte[] page) {
    cache.put(pfn, page);
    if (cache.size() > remembered) {
      cache.remove(cache.keySet().iterator().next());
    }
  }

  private static byte[] full(byte[] page) {
    byte[] packed = new byte[1 + PAGE];
    packed[0] = (byte) FULL_PAGE;
    System.arraycopy(page, 0, packed, 1, PAGE);
    return packed;
  }

  /// What makes the new page out of the old one.
  static byte[] delta(byte[] old, byte[] page) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    boolean copied = false;
    for (int at = 0; at < PAGE; ) {
      boolean copy = differs(old, page, at);
      int end = at;
      while (end < PAGE && differs(old, page, end) == copy && end - at < LONGEST_RUN * WORD) {
        end += WORD;
      }
      packed.write((end - at) / WORD | (copy ? 0 : SKIP));
      if (copy) {
        packed.write(page, at, end - at);
        copied = true;
      }
      at = end;
    }
    return copied ? packed.toByteArray() : new byte[] {EMPTY_PAGE};
  }

  private static boolean differs(byte[] old, byte[] page, int at) {
    return !Arrays.equals(old, at, at + WORD, page, at, at + WORD);
  }
}
