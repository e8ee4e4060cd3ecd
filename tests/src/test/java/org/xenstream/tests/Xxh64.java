// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import io.airlift.compress.v3.xxhash.XxHash64Hasher;
import java.lang.foreign.MemorySegment;
import org.xenstream.transfer.sim.RestoreReport;

/// XXH64 with seed 0, of a library: none of our own is held against itself.
public final class Xxh64 implements RestoreReport.Hash {
  private final XxHash64Hasher hasher = XxHash64Hasher.create();

  @Override
  public void update(MemorySegment octets) {
    hasher.update(octets);
  }

  @Override
  public long value() {
    return hasher.digest();
  }
}
