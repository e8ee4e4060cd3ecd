// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.util.AbstractList;
import java.util.Objects;
import java.util.function.IntFunction;

/// A list whose entries are made each time they are asked for, so that the tree of a blob of
/// millions of entries takes no more memory than those in use.
final class EntryList extends AbstractList<Decoded> {

  private final int size;
  private final IntFunction<Decoded> entry;

  EntryList(int size, IntFunction<Decoded> entry) {
    this.size = size;
    this.entry = entry;
  }

  @Override
  public Decoded get(int index) {
    return entry.apply(Objects.checkIndex(index, size));
  }

  @Override
  public int size() {
    return size;
  }
}
