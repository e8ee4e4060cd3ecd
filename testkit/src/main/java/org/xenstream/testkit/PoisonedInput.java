// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.OctetInput;

/// Another input whose views are strictly as short-lived as promised: at the next peek, advance or
/// close their memory is overwritten and then taken away, so that whoever kept one reads nonsense
/// through a buffer or meets an `IllegalStateException`.
public final class PoisonedInput implements OctetInput {
  private static final byte POISON = (byte) 0xDB;

  private final OctetInput input;
  private @Nullable Arena arena;
  private MemorySegment shown = MemorySegment.NULL;
  private @Nullable Arena nearArena;
  private MemorySegment near = MemorySegment.NULL;

  /// @param input closed with this one
  public PoisonedInput(OctetInput input) {
    this.input = input;
  }

  @Override
  public String name() {
    return input.name();
  }

  @Override
  public long position() {
    return input.position();
  }

  @Override
  public long size() {
    return input.size();
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed by the next call
  public MemorySegment peek(long count) throws IOException {
    poison();
    MemorySegment there = input.peek(count);
    arena = Arena.ofConfined();
    // No longer than what is there, so that the first octet behind it cannot be read by mistake.
    shown = arena.allocate(there.byteSize());
    return shown.copyFrom(there);
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed by the next call
  public MemorySegment near(long count) throws IOException {
    poisonNear();
    MemorySegment there = input.near(count);
    nearArena = Arena.ofConfined();
    near = nearArena.allocate(there.byteSize());
    return near.copyFrom(there);
  }

  private void poison() {
    if (arena != null) {
      shown.fill(POISON);
      arena.close();
      arena = null;
    }
  }

  private void poisonNear() {
    if (nearArena != null) {
      near.fill(POISON);
      nearArena.close();
      nearArena = null;
    }
  }

  @Override
  public long advance(long count) throws IOException {
    poison();
    poisonNear();
    return input.advance(count);
  }

  @Override
  public void close() throws IOException {
    poison();
    poisonNear();
    input.close();
  }
}
