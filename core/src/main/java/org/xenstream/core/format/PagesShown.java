// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// What a reader does with the pages of a PAGE_DATA record.
public enum PagesShown {
  /// They are part of the record, as views: for whoever looks at them.
  IN_VIEW,
  /// They stay in the input: the record has its entries and [PageRuns#NONE], its frame has the
  /// octets up to the pages. For a restore, which moves them from the source to where they belong
  /// by [RecordSource#takePages], with no copy in between. That the input ends amid the pages shows
  /// when they are taken, or passed over.
  LEFT_IN_INPUT,
  /// They are in view, of a PV guest as views of what one read brought: for a judge, who looks at
  /// each page of such a guest, as it may be a page table or the start info. To touch a page of a
  /// mapped file costs more than to copy it.
  READ,
  /// Read of a PV guest, else left in the input: for a judge of a pipe, whose other pages pass by
  /// in small pieces, and need not all be there at once.
  TABLES_IN_VIEW;

  /// What this means for the stream of a guest: READ stands for a PV guest's alone, and
  /// TABLES_IN_VIEW for none.
  PagesShown of(DomainHeader guest) {
    return switch (this) {
      case IN_VIEW, LEFT_IN_INPUT -> this;
      case READ -> guest.isHvm() ? IN_VIEW : READ;
      case TABLES_IN_VIEW -> guest.isHvm() ? LEFT_IN_INPUT : READ;
    };
  }
}
