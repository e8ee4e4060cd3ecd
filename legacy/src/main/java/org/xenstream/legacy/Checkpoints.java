// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

/// What becomes of an image that holds several states, as Remus wrote them.
public sealed interface Checkpoints {
  /// The state of the last complete checkpoint, as a plain stream. What comes behind a complete
  /// checkpoint waits in a scratch file until the next one is complete.
  Checkpoints LAST = new Last();

  /// A checkpointed stream with every complete checkpoint, in constant memory.
  Checkpoints KEEP = new Keep();

  /// The state of one checkpoint, counted from 1, as a plain stream.
  static Checkpoints number(int n) {
    return new Nth(n);
  }

  /// See [#LAST].
  record Last() implements Checkpoints {}

  /// See [#KEEP].
  record Keep() implements Checkpoints {}

  /// See [#number].
  ///
  /// @param n which checkpoint, from 1
  record Nth(int n) implements Checkpoints {
    /// @throws IllegalArgumentException when there cannot be such a checkpoint
    public Nth {
      if (n < 1) {
        throw new IllegalArgumentException("checkpoints are counted from 1, not " + n);
      }
    }
  }
}
