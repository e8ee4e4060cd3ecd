// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// The four bits of a PAGE_DATA entry that say what a page is: `XEN_DOMCTL_PFINFO_*` of
/// `xen/include/public/domctl.h`, shifted down to 0–15 (specification, "PAGE_DATA").
///
/// They are plain numbers, not an enum, because a stream holds millions of them.
public final class PageType {
  /// An ordinary page.
  public static final int NOTAB = 0x0;

  /// An L1 page table.
  public static final int L1TAB = 0x1;

  /// An L2 page table.
  public static final int L2TAB = 0x2;

  /// An L3 page table.
  public static final int L3TAB = 0x3;

  /// An L4 page table.
  public static final int L4TAB = 0x4;

  /// The flag that turns a table's type into that of a pinned one (0x9 to 0xC).
  public static final int PINNED = 0x8;

  /// A page that the hardware lost; no data, and a restore populates nothing.
  public static final int BROKEN = 0xD;

  /// A page to allocate and leave empty; no data.
  public static final int XALLOC = 0xE;

  /// No page; no data, and a restore populates nothing.
  public static final int XTAB = 0xF;

  /// Bit set of the types that the specification reserves (5 to 8).
  public static final int RESERVED_SET = 0b1_1110_0000;

  /// Bit set of the types without page data.
  public static final int DATALESS_SET = 1 << BROKEN | 1 << XALLOC | 1 << XTAB;

  /// Bit set of the page-table types, pinned or not.
  public static final int TABLE_SET = 0b0001_1110_0001_1110;

  private static final String[] NAMES = {
    "NOTAB",
    "L1TAB",
    "L2TAB",
    "L3TAB",
    "L4TAB",
    "0x5",
    "0x6",
    "0x7",
    "0x8",
    "L1TAB_PIN",
    "L2TAB_PIN",
    "L3TAB_PIN",
    "L4TAB_PIN",
    "BROKEN",
    "XALLOC",
    "XTAB"
  };

  private PageType() {}

  /// The type in bits 63–60 of an entry.
  public static int of(long entry) {
    return (int) (entry >>> Wire.PFN_TYPE_SHIFT);
  }

  /// Tells whether the record holds a page for an entry of this type (`page_type_has_stream_data`,
  /// `xg_sr_common.h`). Reserved types are taken to: no reader accepts them, and the size of a
  /// record with a damaged type then still fits.
  public static boolean hasData(int type) {
    return (DATALESS_SET >>> type & 1) == 0;
  }

  /// Tells whether a restore gives the guest a frame for an entry of this type
  /// (`page_type_to_populate`, `xg_sr_common.h`).
  public static boolean isPopulated(int type) {
    return type != XTAB && type != BROKEN;
  }

  /// Tells whether the page is a page table, pinned or not.
  public static boolean isTable(int type) {
    return (TABLE_SET >>> type & 1) != 0;
  }

  /// The level of a page table, 1 to 4; 0 for what is none.
  public static int level(int type) {
    return isTable(type) ? type & 7 : 0;
  }

  /// The specification's name; reserved types by their number.
  public static String name(int type) {
    return NAMES[type & 15];
  }
}
