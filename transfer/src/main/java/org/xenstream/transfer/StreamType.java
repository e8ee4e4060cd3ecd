// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

/// What a stream is for (`xc_stream_type_t` of `tools/include/xenguest.h`). No octet of a stream
/// says it: both ends are told.
public enum StreamType {
  /// One state of the guest, with END behind it.
  PLAIN,
  /// Checkpoint after checkpoint; the receiver takes over from the last complete one.
  REMUS,
  /// Both guests run; the receiver tells the sender which pages it dirtied itself.
  COLO
}
