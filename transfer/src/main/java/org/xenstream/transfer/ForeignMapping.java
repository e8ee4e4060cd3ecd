// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.MemorySegment;

/// Frames of a guest, mapped. Frame number `i` of the call lies at [#offset] of [#memory]; on a
/// real host the frames follow each other, in the simulated one they lie where the machine's memory
/// has them. Two frames whose offsets follow each other can be written as one run.
public interface ForeignMapping extends AutoCloseable {
  /// Native memory in which all frames lie; read-only where the mapping is. Dies with the mapping.
  MemorySegment memory();

  /// Where frame `i` begins, in octets from the start of [#memory].
  long offset(int i);

  /// 0 where frame `i` is mapped; else the error number that kept it from being so, and its memory
  /// must not be touched.
  int error(int i);

  /// How many frames were asked for.
  int count();

  /// Unmaps, once: what lies there a moment later may be another mapping. The simulated hypervisor
  /// notices a second time.
  @Override
  void close();
}
