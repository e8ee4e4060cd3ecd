// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/// The arithmetic of both ways to find a p2m (`map_p2m_tree` and `map_p2m_list` of the reference).
class P2mDiscoveryTest {
  private static final long PER_LIST = 512 * 512;

  @Test
  void theEndOfATreeIsLeftOutButForItsFirst() {
    assertEquals(1000, P2mTree.lowered(new long[] {5}, PER_LIST, 1000));
    assertEquals(
        3 * PER_LIST - 1, P2mTree.lowered(new long[] {5, 6, 7, 7, 7}, PER_LIST, 5 * PER_LIST - 1));
    assertEquals(
        5 * PER_LIST - 1, P2mTree.lowered(new long[] {5, 6, 7, 7, 8}, PER_LIST, 5 * PER_LIST - 1));
    assertEquals(PER_LIST - 1, P2mTree.lowered(new long[] {7, 7, 7}, PER_LIST, 3 * PER_LIST - 1));
    // Never raised.
    assertEquals(
        2 * PER_LIST + 5, P2mTree.lowered(new long[] {5, 6, 7}, PER_LIST, 2 * PER_LIST + 5));
  }

  @Test
  void theEndOfAListIsLeftOutWithItsFirst() {
    assertEquals(1000, P2mList.lowered(new long[] {5}, 0, 512, 1000));
    assertEquals(
        2 * PER_LIST - 1, P2mList.lowered(new long[] {5, 6, 7, 7, 7}, 0, 512, 5 * PER_LIST - 1));
    // The last alone is kept, whatever it is; so is all when all are the same.
    assertEquals(
        5 * PER_LIST - 1, P2mList.lowered(new long[] {5, 6, 7, 7, 8}, 0, 512, 5 * PER_LIST - 1));
    assertEquals(3 * PER_LIST - 1, P2mList.lowered(new long[] {7, 7, 7}, 0, 512, 3 * PER_LIST - 1));
    assertEquals(PER_LIST + 5, P2mList.lowered(new long[] {5, 6}, 0, 512, PER_LIST + 5));
    // A list that begins in the middle of its first table has so many frames less there.
    assertEquals(
        (1024 - 100) * 512 - 1,
        P2mList.lowered(new long[] {5, 6, 7, 7}, 100, 512, 4 * PER_LIST - 100 * 512 - 1));
  }

  @Test
  void slotsAreCountedAcrossTables() {
    assertEquals(1, P2mList.slotsBetween(0xFFFF_C900_0000_0000L, 0xFFFF_C900_0000_0FFFL, 1));
    assertEquals(2, P2mList.slotsBetween(0xFFFF_C900_0000_1000L, 0xFFFF_C900_0000_2FFFL, 1));
    assertEquals(513, P2mList.slotsBetween(0xFFFF_C900_001F_F000L, 0xFFFF_C900_003F_FFFFL, 1));
    assertEquals(2, P2mList.slotsBetween(0xFFFF_C900_001F_F000L, 0xFFFF_C900_003F_FFFFL, 2));
    assertEquals(1, P2mList.slotsBetween(0x8000_0000L, 0x8010_0000L, 3));
  }
}
