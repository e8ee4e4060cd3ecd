// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.RecordSink;
import org.xenstream.transfer.DomainInfo;

/// What differs between kinds of guests while one is saved, in the order in which [Saver] asks
/// (`struct xc_sr_save_ops` of `xg_sr_common.h`). There are no default methods: a kind of guest
/// with nothing to do says so.
sealed interface GuestSave permits HvmSave, PvSave {
  /// The type of the domain header.
  int domainType();

  /// Finds out what is needed of the guest, and maps it. Called once, before anything is written;
  /// when it fails, [#cleanup] undoes what had been done.
  void setup() throws IOException;

  /// The number of pfns, known after [#setup].
  long pfnCount();

  /// Writes what no execution of the guest can change.
  void staticData(RecordSink out) throws IOException;

  /// Writes what stands before all memory.
  void startOfStream(RecordSink out) throws IOException;

  /// Writes what stands before the memory of each checkpoint.
  void startOfCheckpoint(RecordSink out) throws IOException;

  /// Gives the frame of each pfn, [org.xenstream.transfer.Hypervisor#INVALID_FRAME] where the guest
  /// has none.
  ///
  /// @param pfns below [#pfnCount]
  /// @param frames takes the frames, by position
  void frames(long[] pfns, long[] frames, int count);

  /// Tells whether a page of this type has to be rewritten for the stream.
  boolean normalises(int type);

  /// Rewrites a page of such a type.
  ///
  /// @param source where the page lies, at `from`; a running guest may write it meanwhile
  /// @param target takes the page as the stream has it, at `to`
  Normalised normalise(int type, MemorySegment source, long from, MemorySegment target, long to);

  /// Says why [#normalise] was not done last.
  String whyNot();

  /// Finds out whether the guest has changed what must not change while it is saved.
  ///
  /// @throws SaveException if it has
  void checkState() throws SaveException;

  /// Writes the state of a suspended guest that is not memory.
  ///
  /// @param info as it is now
  void endOfCheckpoint(RecordSink out, DomainInfo info) throws IOException;

  /// Goes through [#endOfCheckpoint] while the guest runs, so that all code it takes has run once
  /// by the time when the guest is suspended. What a running guest's state lacks is passed over.
  ///
  /// @param nowhere forgets what it is given
  void rehearse(RecordSink nowhere) throws IOException;

  /// Undoes what [#setup] has done. Called once.
  void cleanup() throws IOException;

  /// What became of a page that has to be rewritten.
  enum Normalised {
    /// It was.
    DONE,
    /// It names what is no frame of the guest: its content is changing, or wrong.
    UNSTABLE,
    /// It holds what a stream cannot hold, and no time mends that.
    IMPOSSIBLE
  }
}
