// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// The levels of page tables: 1 to 4 in a 64-bit guest, 1 to 3 in a PAE guest.
public enum PageTableLevel {
  /// Maps pages.
  L1(1, 12, "4 KiB", false),
  /// Maps level 1 tables or superpages of 2 MiB.
  L2(2, 21, "2 MiB", true),
  /// Maps level 2 tables or superpages of 1 GiB; a PAE guest's has 4 entries.
  L3(3, 30, "1 GiB", true),
  /// Maps level 3 tables.
  L4(4, 39, "512 GiB", false);

  private final int number;
  private final int shift;
  private final String mappedSize;
  private final boolean superpages;

  PageTableLevel(int number, int shift, String mappedSize, boolean superpages) {
    this.number = number;
    this.shift = shift;
    this.mappedSize = mappedSize;
    this.superpages = superpages;
  }

  /// The number of the level, 1 to 4.
  public int number() {
    return number;
  }

  /// The level of a number.
  ///
  /// @param number 1 to 4
  /// @throws IllegalArgumentException if there is no such level
  public static PageTableLevel of(int number) {
    return switch (number) {
      case 1 -> L1;
      case 2 -> L2;
      case 3 -> L3;
      case 4 -> L4;
      default -> throw new IllegalArgumentException("there is no page table of level " + number);
    };
  }

  /// How many entries of a table of this level count.
  ///
  /// @param guestWidth 8 or 4: whether the guest has 64 bits, or 32 and PAE
  public int entries(int guestWidth) {
    return this == L3 && guestWidth == 4 ? PageTableEntry.PAE_L3_ENTRIES : PageTableEntry.ENTRIES;
  }

  /// The slot of a table of this level through which a virtual address goes.
  ///
  /// @param address the virtual address; a 32-bit one zero-extended
  public int slot(long address) {
    return (int) (address >>> shift) & PageTableEntry.ENTRIES - 1;
  }

  /// How many octets of virtual addresses one entry covers.
  public long span() {
    return 1L << shift;
  }

  /// Whether an entry of this level can map a superpage.
  public boolean hasSuperpages() {
    return superpages;
  }

  String mappedSize() {
    return mappedSize;
  }
}
