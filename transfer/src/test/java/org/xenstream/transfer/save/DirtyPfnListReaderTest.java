// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.transfer.PfnBitmap;

class DirtyPfnListReaderTest {
  private static final int PFNS = 100;

  /// What a secondary writes at once, and no more until this side has gone on: to read beyond it is
  /// to wait for ever.
  private static final class Secondary implements ReadableByteChannel {
    private final Deque<ByteBuffer> pieces = new ArrayDeque<>();

    void writes(byte[] octets) {
      pieces.add(ByteBuffer.wrap(octets));
    }

    @Override
    public int read(ByteBuffer into) {
      ByteBuffer piece = pieces.peek();
      if (piece == null) {
        throw new AssertionError("waits for what never comes");
      }
      int count = Math.min(into.remaining(), piece.remaining());
      into.put(piece.slice(piece.position(), count));
      piece.position(piece.position() + count);
      if (!piece.hasRemaining()) {
        pieces.remove();
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  private final Secondary secondary = new Secondary();
  private final DirtyPfnListReader reader = new DirtyPfnListReader("back", secondary);

  private static byte[] list(boolean stray, long... pfns) {
    ByteBuffer octets =
        ByteBuffer.allocate(8 + (stray ? 8 : 0) + 8 * pfns.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(15)
            .putInt(8 * pfns.length);
    if (stray) {
      octets.putLong(0);
    }
    for (long pfn : pfns) {
      octets.putLong(pfn);
    }
    return octets.array();
  }

  private List<Long> merged() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PfnBitmap bitmap = new PfnBitmap(arena, PFNS);
      reader.mergeDirtyPfns(bitmap);
      List<Long> pfns = new ArrayList<>();
      for (long pfn = bitmap.next(0); pfn >= 0; pfn = bitmap.next(pfn + 1)) {
        pfns.add(pfn);
      }
      return pfns;
    }
  }

  @Test
  void listsAsSpecified() throws IOException {
    secondary.writes(list(false, 3, 4, 99));
    assertEquals(List.of(3L, 4L, 99L), merged());
    secondary.writes(list(false, 0, 7));
    assertEquals(List.of(0L, 7L), merged());
    secondary.writes(list(false));
    assertEquals(List.of(), merged());
  }

  @Test
  void listsWithStrayOctetsThatComeAtOnce() throws IOException {
    secondary.writes(list(true, 3, 4, 99));
    assertEquals(List.of(0L, 3L, 4L, 99L), merged());
    secondary.writes(list(true, 5));
    assertEquals(List.of(5L), merged());
    secondary.writes(list(true));
    assertEquals(List.of(), merged());
    secondary.writes(list(true, 6, 7));
    assertEquals(List.of(6L, 7L), merged());
  }

  /// Whether the list ends here cannot be known: pfn 0, or stray octets of which the last pfn is
  /// yet to come. All pages are sent then, once.
  @Test
  void aListThatMayBeShortOfItsLastPfn() throws IOException {
    secondary.writes(list(false, 0, 3));
    assertEquals(PFNS, merged().size());
    secondary.writes(list(false, 0, 4));
    assertEquals(List.of(0L, 4L), merged());
  }

  @Test
  void strayOctetsThatComeLate() throws IOException {
    byte[] whole = list(true, 3, 4);
    ByteBuffer early = ByteBuffer.wrap(whole, 0, whole.length - 8);
    byte[] first = new byte[early.remaining()];
    early.get(first);
    secondary.writes(first);
    assertEquals(PFNS, merged().size());
    byte[] last = new byte[8];
    ByteBuffer.wrap(whole, whole.length - 8, 8).get(last);
    secondary.writes(last);
    secondary.writes(list(true, 9));
    assertEquals(List.of(9L), merged());
  }

  /// As specified, though a reader cannot know: pfn 0 in front, then nothing dirty. What was in
  /// doubt for so long shows at the first list that says.
  @Test
  void anEmptyListBehindADoubtfulOne() throws IOException {
    secondary.writes(list(false, 0, 3));
    assertEquals(PFNS, merged().size());
    for (int i = 0; i < 2; i++) {
      secondary.writes(list(false));
      assertEquals(PFNS, merged().size(), "an empty list, or pfn 15");
      secondary.writes(list(false, 0, 4));
      assertEquals(PFNS, merged().size(), "a list too late, it may be");
    }
    secondary.writes(list(false, 5));
    assertEquals(List.of(5L), merged());
    secondary.writes(list(false, 6));
    assertEquals(List.of(6L), merged());
  }

  /// The same octets with another meaning: pfn 15 comes late, and with it, or later than is waited
  /// for, whole lists.
  @Test
  void pfn15ThatComesLate() throws IOException {
    byte[] whole = list(true, 3, 15);
    secondary.writes(Arrays.copyOf(whole, whole.length - 8));
    assertEquals(PFNS, merged().size());
    byte[] late = Arrays.copyOfRange(whole, whole.length - 8, whole.length);
    secondary.writes(late);
    assertEquals(PFNS, merged().size());
    // Now the list that was wanted then comes, and the one that is wanted now.
    secondary.writes(list(true, 9));
    secondary.writes(list(true, 0, 10));
    assertEquals(List.of(0L, 9L, 10L), merged());
    secondary.writes(list(true, 11));
    assertEquals(List.of(11L), merged());
  }

  @Test
  void pfn15ThatComesWithTheNextList() throws IOException {
    byte[] whole = list(true, 3, 15);
    secondary.writes(Arrays.copyOf(whole, whole.length - 8));
    assertEquals(PFNS, merged().size());
    ByteBuffer both =
        ByteBuffer.allocate(8 + 24).put(whole, whole.length - 8, 8).put(list(true, 9));
    secondary.writes(both.array());
    assertEquals(List.of(9L), merged());
  }

  @Test
  void anEmptyListOfEitherForm() throws IOException {
    secondary.writes(list(true));
    assertEquals(List.of(), merged());
    secondary.writes(list(true, 9));
    assertEquals(List.of(9L), merged());

    Secondary another = new Secondary();
    another.writes(list(false));
    another.writes(list(false));
    another.writes(list(false, 0, 8));
    DirtyPfnListReader specified = new DirtyPfnListReader("back", another);
    try (Arena arena = Arena.ofConfined()) {
      PfnBitmap bitmap = new PfnBitmap(arena, PFNS);
      specified.mergeDirtyPfns(bitmap);
      specified.mergeDirtyPfns(bitmap);
      assertEquals(0, bitmap.count());
      specified.mergeDirtyPfns(bitmap);
      assertEquals(2, bitmap.count());
    }
  }

  @Test
  void whatIsNoSuchListIsRefused() {
    secondary.writes(list(false, 3, 100));
    assertMessage(
        "back @0x10 (back channel record #0 CHECKPOINT_DIRTY_PFN_LIST.pfn): expected below 0x64,"
            + " found 0x64");
    DirtyPfnListReader fresh = new DirtyPfnListReader("back", secondary);
    secondary.writes(new byte[] {1, 0, 0, 0, 8, 0, 0, 0});
    assertEquals(
        "back @0x0 (back channel record #0 CHECKPOINT_DIRTY_PFN_LIST.type): expected"
            + " CHECKPOINT_DIRTY_PFN_LIST and nothing else, found PAGE_DATA",
        assertThrows(StreamFormatException.class, () -> merge(fresh)).getMessage());
    DirtyPfnListReader another = new DirtyPfnListReader("back", secondary);
    secondary.writes(new byte[] {15, 0, 0, 0, 9, 0, 0, 0});
    assertEquals(
        "back @0x4 (back channel record #0 CHECKPOINT_DIRTY_PFN_LIST.body_length): expected a"
            + " multiple of 8, found 9",
        assertThrows(StreamFormatException.class, () -> merge(another)).getMessage());
  }

  private static void merge(DirtyPfnListReader reader) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      reader.mergeDirtyPfns(new PfnBitmap(arena, PFNS));
    }
  }

  private void assertMessage(String message) {
    assertEquals(message, assertThrows(StreamFormatException.class, this::merged).getMessage());
  }
}
