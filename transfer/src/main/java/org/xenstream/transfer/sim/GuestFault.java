// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

/// Something about a guest that is not as the guest left it.
///
/// @param kind what kind of fault
/// @param pfn the page; −1 when it is about none
/// @param message where, what was expected, and what was found
public record GuestFault(Kind kind, long pfn, String message) {
  /// The kinds of faults.
  public enum Kind {
    /// A data page holds an older version than the guest wrote.
    LOST,
    /// A data page holds parts of more than one version, or of nothing known.
    TORN,
    /// There is no page where one was.
    MISSING,
    /// A data page holds that of another pfn.
    WRONG_PFN,
    /// There is a page where the guest had none. A guest that balloons while it is saved may get
    /// one: the stream has no means to take back a page that was sent (`process_page_data` in
    /// tools/libs/guest/xg_sr_restore.c populates, and never the other way round).
    EXTRA,
    /// A data page holds a newer version than the version table tells: the table was lost.
    AHEAD,
    /// A page-table entry does not name what it should.
    TABLE_ENTRY,
    /// A page table is not of the type, or not as pinned, as it should be.
    TABLE_TYPE,
    /// The p2m, or the m2p, is not as it should be.
    P2M,
    /// A vCPU's state, or the HVM context, is not the guest's last one.
    CONTEXT,
    /// Something else that is not a data page: start_info, shared info, the record, parameters.
    STRUCTURE,
    /// The CPU policy or the clock is not the guest's.
    POLICY
  }

  @Override
  public String toString() {
    return pfn < 0
        ? "%s: %s".formatted(kind, message)
        : "%s at pfn 0x%x: %s".formatted(kind, pfn, message);
  }
}
