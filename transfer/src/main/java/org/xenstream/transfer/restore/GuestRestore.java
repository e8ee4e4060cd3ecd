// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;

/// What differs between kinds of guests while one is restored (`struct xc_sr_restore_ops` of
/// `tools/libs/guest/xg_sr_common.h`). There are no default methods: a kind of guest that has
/// nothing to do says so.
sealed interface GuestRestore extends AutoCloseable permits HvmRestore, PvRestore {
  /// Asks the hypervisor what is needed of the new domain. The headers were found to fit.
  void setUp() throws IOException;

  /// The highest pfn that a page of the stream may have; −1 when none may come yet.
  long highestPfn();

  /// Finds the frames of populated pfns; [org.xenstream.transfer.Hypervisor#INVALID_FRAME] for
  /// others.
  ///
  /// @param pfns no higher than [#highestPfn]
  /// @param frames takes the frames, by position
  void frames(long[] pfns, long[] frames, int count);

  /// Takes note of the frames that pfns were given.
  void setFrames(long[] pfns, long[] frames, int count) throws IOException;

  /// Tells whether [#setTypes] does anything.
  boolean keepsTypes();

  /// Takes note of pages' types, see [org.xenstream.core.format.PageType].
  void setTypes(long[] pfns, byte[] types, int count);

  /// Tells whether pages of this type have to be changed before the guest can use them.
  boolean isLocalised(int type);

  /// The first page from `from` on in which [#checkPage] saw something to be changed; −1 when there
  /// is none.
  long nextLocalised(long from);

  /// Tells whether none of these pages is of such a type already, of those that [#setTypes] named.
  ///
  /// @param entries of a PAGE_DATA record, in ascending order
  boolean areFirst(long[] entries, int count);

  /// Looks whether a page of the stream can become one of this guest, and takes note where there is
  /// something to be changed in it.
  ///
  /// @param at the record that brought it
  /// @param type one of which [#isLocalised] tells
  /// @param memory the page lies here, at `offset`
  void checkPage(Frame at, int type, long pfn, MemorySegment memory, long offset)
      throws IOException;

  /// Makes a page of the stream that was found good one of this host, in place.
  ///
  /// @param populator gives frames to pfns that the page names and that have none yet
  /// @param memory the page lies here, at `offset`
  void localise(long pfn, Populator populator, MemorySegment memory, long offset)
      throws IOException;

  /// Takes a record that is only known to one kind of guest.
  ///
  /// @throws RefusedStreamException when it is not known to this one
  void accept(Framed framed) throws IOException;

  /// Does what is to be done when memory and state are complete: at END, on failover, and at each
  /// checkpoint of COLO.
  ///
  /// @param at where the records end, in octets from the start of the source
  void complete(long at) throws IOException;

  /// The frame of the xenstore page, 0 when none is known.
  long storeFrame();

  /// The frame of the console page, 0 when none is known.
  long consoleFrame();

  /// How often a page that belongs to the host side was cleared.
  long cleared();

  /// Releases what is held.
  @Override
  void close();
}
