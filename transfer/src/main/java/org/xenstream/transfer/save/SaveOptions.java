// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferListener;
import org.xenstream.transfer.policy.PrecopyPolicy;

/// How to save a guest. Begins as a plain stream of a guest that is suspended first.
public final class SaveOptions {
  final PrecopyPolicy policy;
  final LongSupplier nanoTime;
  boolean live;
  boolean verify;
  StreamType type = StreamType.PLAIN;
  @Nullable String savingCpu;
  Duration fixedDowntime = Duration.ZERO;
  @Nullable Duration suspendLimit;
  Deadline deadline;
  TransferListener listener = TransferListener.NONE;
  Cancellation cancellation = new Cancellation();

  /// @param policy when pre-copy ends, if there is any
  /// @param nanoTime a clock that only goes forward, in nanoseconds
  public SaveOptions(PrecopyPolicy policy, LongSupplier nanoTime) {
    this.policy = policy;
    this.nanoTime = nanoTime;
    this.deadline = new Deadline(nanoTime);
  }

  /// Tells whether a SAVING_CPU record can hold this name: 7-bit text.
  public static boolean isCpuName(String name) {
    return !name.isEmpty() && name.chars().allMatch(c -> c < 0x80);
  }

  /// The guest runs while most of its memory is sent.
  public SaveOptions live() {
    live = true;
    return this;
  }

  /// Sends all memory again when the guest is suspended, to be compared; as in the reference it has
  /// an effect in live saves of plain streams only.
  public SaveOptions verify() {
    verify = true;
    return this;
  }

  /// What the stream is for. A checkpointed one is live too: the reference cannot save another one
  /// either.
  public SaveOptions type(StreamType value) {
    type = value;
    live |= value != StreamType.PLAIN;
    return this;
  }

  /// Says in a SAVING_CPU record on which CPU the guest was saved.
  ///
  /// @param name [#isCpuName]
  public SaveOptions savingCpu(String name) {
    if (!isCpuName(name)) {
      throw new IllegalArgumentException("the name of the CPU must be 7-bit text: " + name);
    }
    savingCpu = name;
    return this;
  }

  /// What of a downtime is no work of the save's, as far as it is known: until the toolstack has
  /// suspended the guest, and what the receiver does behind the last octet. It is added to what the
  /// save finds out itself, for the policy.
  public SaveOptions fixedDowntime(Duration value) {
    fixedDowntime = value;
    return this;
  }

  /// Bounds the time for which the guest is suspended.
  ///
  /// @param limit how long at a time before the save gives up
  /// @param shared where it is counted; the same object has to be given to the output, so that it
  ///   does not wait for longer
  public SaveOptions suspendLimit(Duration limit, Deadline shared) {
    suspendLimit = limit;
    deadline = shared;
    return this;
  }

  /// Is told how it goes on.
  public SaveOptions listener(TransferListener value) {
    listener = value;
    return this;
  }

  /// Can be given up.
  public SaveOptions cancellation(Cancellation value) {
    cancellation = value;
    return this;
  }
}
