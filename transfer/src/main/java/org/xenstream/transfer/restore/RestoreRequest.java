// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.nio.file.Path;
import org.xenstream.transfer.StreamType;

/// What a toolstack says when it asks for a restore (the parameters of `xc_domain_restore`), and
/// how much may be held back between checkpoints.
///
/// @param domid the domain that was made for the guest
/// @param type what the stream is for; no octet of it says so
/// @param storeEventChannel the guest's event channel of xenstore
/// @param storeDomid the domain of xenstore
/// @param consoleEventChannel the guest's event channel of the console
/// @param consoleDomid the domain of the console
/// @param bufferMemory how many octets of records are held in memory until their checkpoint is
///   complete; what is more goes to a scratch file
/// @param scratchDirectory where that file is made; it is deleted at the end
/// @param scratchLimit how many octets go to it; a sender of more is given up
/// @param ownLimit whether somebody here has set that limit: what goes beyond it is then no fault
///   of the sender's, and the restore fails rather than to fall back on the checkpoint before
public record RestoreRequest(
    int domid,
    StreamType type,
    int storeEventChannel,
    int storeDomid,
    int consoleEventChannel,
    int consoleDomid,
    long bufferMemory,
    Path scratchDirectory,
    long scratchLimit,
    boolean ownLimit) {
  /// Room for the records of most checkpoints.
  public static final long DEFAULT_BUFFER_MEMORY = 256L << 20;

  /// More than a guest that is kept by checkpoints ever dirties between two of them.
  public static final long DEFAULT_SCRATCH_LIMIT = 256L << 30;

  /// A request with xenstore and console in domain 0, and the scratch file where temporary files
  /// are.
  public static RestoreRequest of(
      int domid, StreamType type, int storeEventChannel, int consoleEventChannel) {
    return new RestoreRequest(
        domid,
        type,
        storeEventChannel,
        0,
        consoleEventChannel,
        0,
        DEFAULT_BUFFER_MEMORY,
        Path.of(System.getProperty("java.io.tmpdir", ".")),
        DEFAULT_SCRATCH_LIMIT,
        false);
  }
}
