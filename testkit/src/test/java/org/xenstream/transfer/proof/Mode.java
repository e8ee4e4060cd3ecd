// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.policy.XenPolicy;
import org.xenstream.transfer.save.SaveOptions;

/// The ways of saving.
enum Mode {
  PLAIN(StreamType.PLAIN),
  LIVE(StreamType.PLAIN),
  VERIFY(StreamType.PLAIN),
  REMUS(StreamType.REMUS),
  COLO(StreamType.COLO);

  /// How many checkpoints a checkpointed save makes.
  static final int CHECKPOINTS = 3;

  final StreamType type;

  Mode(StreamType type) {
    this.type = type;
  }

  SaveOptions options() {
    SaveOptions plain = new SaveOptions(XenPolicy.DEFAULT, System::nanoTime);
    return switch (this) {
      case PLAIN -> plain;
      case LIVE -> plain.live();
      case VERIFY -> plain.live().verify();
      case REMUS, COLO -> plain.type(type);
    };
  }

  boolean isCheckpointed() {
    return type != StreamType.PLAIN;
  }
}
