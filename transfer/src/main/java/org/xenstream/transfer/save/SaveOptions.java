// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Deadline;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.TransferListener;
import org.xenstream.transfer.policy.PrecopyPolicy;

/// How to save a guest. Begins with [#plain] and is changed by the `with…` methods.
///
/// @param live the guest runs while most of its memory is sent; of necessity in a checkpointed
///   stream
/// @param verify sends all memory again when the guest is suspended, to be compared; as in the
///   reference it has an effect in live saves of plain streams only
/// @param type what the stream is for
/// @param policy when pre-copy ends
/// @param savingCpu the name of this host's CPU, 7-bit text, to go into a SAVING_CPU record; null
///   for none
/// @param fixedDowntime what of a downtime is no work of the save's, as far as it is known: until
///   the toolstack has suspended the guest, and what the receiver does behind the last octet. It is
///   added to what the save finds out itself, for the policy
/// @param suspendLimit how long the guest may be suspended by this save at a time before the save
///   gives up; null for any time
/// @param deadline where that limit is counted; the same object has to be given to the output, so
///   that it does not wait for longer
/// @param nanoTime a clock that only goes forward
/// @param listener is told how it goes on
/// @param cancellation asks for the end
public record SaveOptions(
    boolean live,
    boolean verify,
    StreamType type,
    PrecopyPolicy policy,
    @Nullable String savingCpu,
    Duration fixedDowntime,
    @Nullable Duration suspendLimit,
    Deadline deadline,
    LongSupplier nanoTime,
    TransferListener listener,
    Cancellation cancellation) {

  /// Rejects a checkpointed stream that is not live, which the reference cannot save either, and a
  /// name that is not 7-bit text.
  public SaveOptions {
    if (type != StreamType.PLAIN && !live) {
      throw new IllegalArgumentException("a checkpointed stream begins with a live save");
    }
    if (savingCpu != null && !isCpuName(savingCpu)) {
      throw new IllegalArgumentException("the name of the CPU must be 7-bit text: " + savingCpu);
    }
  }

  /// Tells whether a SAVING_CPU record can hold this name: 7-bit text.
  public static boolean isCpuName(String name) {
    return !name.isEmpty() && name.chars().allMatch(c -> c < 0x80);
  }

  /// A plain stream of a guest that is suspended first.
  ///
  /// @param policy when pre-copy ends, if there is any
  /// @param nanoTime a clock that only goes forward, in nanoseconds
  public static SaveOptions plain(PrecopyPolicy policy, LongSupplier nanoTime) {
    return new SaveOptions(
        false,
        false,
        StreamType.PLAIN,
        policy,
        null,
        Duration.ZERO,
        null,
        new Deadline(nanoTime),
        nanoTime,
        TransferListener.NONE,
        new Cancellation());
  }

  /// The guest runs while most of its memory is sent.
  public SaveOptions withLive() {
    return new SaveOptions(
        true,
        verify,
        type,
        policy,
        savingCpu,
        fixedDowntime,
        suspendLimit,
        deadline,
        nanoTime,
        listener,
        cancellation);
  }

  /// All memory is sent twice.
  public SaveOptions withVerify() {
    return new SaveOptions(
        live,
        true,
        type,
        policy,
        savingCpu,
        fixedDowntime,
        suspendLimit,
        deadline,
        nanoTime,
        listener,
        cancellation);
  }

  /// What the stream is for; a checkpointed one is live too.
  public SaveOptions withType(StreamType newType) {
    return new SaveOptions(
        live || newType != StreamType.PLAIN,
        verify,
        newType,
        policy,
        savingCpu,
        fixedDowntime,
        suspendLimit,
        deadline,
        nanoTime,
        listener,
        cancellation);
  }

  /// Says on which CPU the guest was saved.
  public SaveOptions withSavingCpu(String name) {
    return new SaveOptions(
        live,
        verify,
        type,
        policy,
        Objects.requireNonNull(name),
        fixedDowntime,
        suspendLimit,
        deadline,
        nanoTime,
        listener,
        cancellation);
  }

  /// Says what of a downtime is no work of the save's.
  public SaveOptions withFixedDowntime(Duration time) {
    return new SaveOptions(
        live,
        verify,
        type,
        policy,
        savingCpu,
        time,
        suspendLimit,
        deadline,
        nanoTime,
        listener,
        cancellation);
  }

  /// Bounds the time for which the guest is suspended.
  ///
  /// @param limit how long at a time
  /// @param shared where it is counted, given to the output as well
  public SaveOptions withSuspendLimit(Duration limit, Deadline shared) {
    return new SaveOptions(
        live,
        verify,
        type,
        policy,
        savingCpu,
        fixedDowntime,
        limit,
        shared,
        nanoTime,
        listener,
        cancellation);
  }

  /// Tells a listener.
  public SaveOptions withListener(TransferListener newListener) {
    return new SaveOptions(
        live,
        verify,
        type,
        policy,
        savingCpu,
        fixedDowntime,
        suspendLimit,
        deadline,
        nanoTime,
        newListener,
        cancellation);
  }

  /// Can be given up.
  public SaveOptions withCancellation(Cancellation newCancellation) {
    return new SaveOptions(
        live,
        verify,
        type,
        policy,
        savingCpu,
        fixedDowntime,
        suspendLimit,
        deadline,
        nanoTime,
        listener,
        newCancellation);
  }
}
