// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSink;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.DescriptorInput;
import org.xenstream.transfer.DescriptorOutput;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.SaveOutput;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.save.BackChannel;
import org.xenstream.transfer.save.DirtyPfnListReader;

/// A pair of sockets of this machine: what `ssh` gives to both ends of an `xl migrate`. The back
/// channel is the same pair, the other way round.
final class SocketLine implements Line {
  private final DescriptorOutput output;
  private final DescriptorInput input;
  private final @Nullable BackInput backInput;
  private final @Nullable DescriptorOutput backOutput;

  private SocketLine(
      DescriptorOutput output,
      DescriptorInput input,
      @Nullable BackInput backInput,
      @Nullable DescriptorOutput backOutput) {
    this.output = output;
    this.input = input;
    this.backInput = backInput;
    this.backOutput = backOutput;
  }

  /// Opens one.
  ///
  /// @param abandoned ends all waiting at the destination
  @SuppressWarnings("MustBeClosedChecker") // the ends live as long as the line
  static SocketLine open(MigrationPlan plan, Cancellation abandoned) throws IOException {
    Patience here = plan.patience();
    Patience there =
        new Patience(abandoned, new Deadline(plan.nanoTime), plan.stall(), plan.nanoTime);
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      DescriptorPair pair = keep(opened, DescriptorPair.sockets());
      Descriptor first = pair.first();
      Descriptor second = pair.second();
      BackInput back = null;
      DescriptorOutput backOutput = null;
      if (plan.type == StreamType.COLO) {
        Descriptor reading = keep(opened, Descriptor.borrow(first.number()));
        back = keep(opened, new BackInput(reading, here));
        Descriptor writing = keep(opened, Descriptor.borrow(second.number()));
        backOutput = keep(opened, new DescriptorOutput("back channel", writing, there, null));
        backOutput.resume(ByteOrder.LITTLE_ENDIAN);
      }
      DescriptorOutput output =
          keep(opened, new DescriptorOutput("migration stream", first, here, plan.limit()));
      DescriptorInput input = new DescriptorInput("migration stream", second, there);
      return new SocketLine(output, input, back, backOutput);
    } catch (Throwable failure) {
      closeAll(opened, failure);
      throw failure;
    }
  }

  private static <T extends AutoCloseable> T keep(Deque<AutoCloseable> opened, T part) {
    opened.push(part);
    return part;
  }

  /// The last first: a part is closed before what it is made of.
  private static void closeAll(Deque<AutoCloseable> opened, Throwable failure) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
    }
  }

  @Override
  public SaveOutput output() {
    return output;
  }

  @Override
  public OctetInput input() {
    return input;
  }

  @Override
  public BackChannel backChannel() {
    if (backInput == null) {
      throw new IllegalStateException("only COLO has a back channel");
    }
    return new DirtyPfnListReader("back channel", backInput);
  }

  @Override
  public RecordSink backOutput() {
    if (backOutput == null) {
      throw new IllegalStateException("only COLO has a back channel");
    }
    return backOutput;
  }

  @Override
  public void closeSource() {
    if (backInput != null) {
      backInput.close();
    }
    output.close();
  }

  @Override
  public void closeDestination() {
    if (backOutput != null) {
      backOutput.close();
    }
    input.close();
  }

  @Override
  public void close() {
    closeSource();
    closeDestination();
  }
}
