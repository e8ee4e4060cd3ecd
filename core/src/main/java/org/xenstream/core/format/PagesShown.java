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
  /// In view of a PV guest, whose pages may be page tables, else left in the input. For a judge,
  /// who looks at tables alone: of a pipe the other pages pass by in small pieces, and need not all
  /// be there at once.
  TABLES_IN_VIEW;

  /// What this means for the stream of a guest: one of the other two.
  PagesShown of(DomainHeader guest) {
    if (this != TABLES_IN_VIEW) {
      return this;
    }
    return guest.isHvm() ? LEFT_IN_INPUT : IN_VIEW;
  }
}
