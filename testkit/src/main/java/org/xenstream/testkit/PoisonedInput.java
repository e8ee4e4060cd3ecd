// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.OctetInput;

/// Another input whose views are strictly as short-lived as promised: at the next peek, advance or
/// close their memory is overwritten and then taken away, so that whoever kept one reads nonsense
/// through a buffer or meets an `IllegalStateException`.
public final class PoisonedInput implements OctetInput {
  private static final byte POISON = (byte) 0xDB;

  private final OctetInput input;
  private final Shown peeked = new Shown();
  private final Shown near = new Shown();

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
  public void mayReadTo(long end) {
    input.mayReadTo(end);
  }

  @Override
  public MemorySegment peek(long count) throws IOException {
    peeked.poison();
    return peeked.show(input.peek(count));
  }

  @Override
  public MemorySegment read(long count) throws IOException {
    peeked.poison();
    return peeked.show(input.read(count));
  }

  @Override
  public MemorySegment near(long count) throws IOException {
    near.poison();
    return near.show(input.near(count));
  }

  @Override
  public long advance(long count) throws IOException {
    peeked.poison();
    near.poison();
    return input.advance(count);
  }

  @Override
  public long take(MemorySegment into) throws IOException {
    peeked.poison();
    near.poison();
    return input.take(into);
  }

  @Override
  public long moveTo(WritableByteChannel to, long count) throws IOException {
    peeked.poison();
    near.poison();
    return input.moveTo(to, count);
  }

  @Override
  public void close() throws IOException {
    peeked.poison();
    near.poison();
    input.close();
  }

  /// A view that was given away, until it is taken back.
  private static final class Shown {
    private @Nullable Arena arena;
    private MemorySegment view = MemorySegment.NULL;

    @SuppressWarnings("MustBeClosedChecker") // closed when it is poisoned
    MemorySegment show(MemorySegment there) {
      Arena own = Arena.ofConfined();
      arena = own;
      // No longer than what is there, so that the first octet behind it cannot be read by mistake.
      view = own.allocate(there.byteSize());
      return view.copyFrom(there);
    }

    void poison() {
      if (arena != null) {
        view.fill(POISON);
        arena.close();
        arena = null;
      }
    }
  }
}
