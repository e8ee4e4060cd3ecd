// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.lang.foreign.MemorySegment;
import org.xenstream.core.format.StreamFormatException;

/// What one record of a libxl stream says (`docs/specs/libxl-migration-stream.pandoc`). Views die
/// with the reader's next step.
public sealed interface LibxlRecord {
  /// Type of END.
  int TYPE_END = 0;

  /// Type of LIBXC_CONTEXT.
  int TYPE_LIBXC_CONTEXT = 1;

  /// Type of EMULATOR_XENSTORE_DATA.
  int TYPE_EMULATOR_XENSTORE_DATA = 2;

  /// Type of EMULATOR_CONTEXT.
  int TYPE_EMULATOR_CONTEXT = 3;

  /// Type of CHECKPOINT_END.
  int TYPE_CHECKPOINT_END = 4;

  /// Type of CHECKPOINT_STATE.
  int TYPE_CHECKPOINT_STATE = 5;

  /// Octets of a CHECKPOINT_STATE: the specification draws 8, libxl writes and reads 4
  /// (`libxl_sr_stream_format.h`).
  int CHECKPOINT_STATE_LENGTH = 4;

  /// The specification's name of a type, or its number with what bit 31 says.
  static String nameOf(int type) {
    return switch (type) {
      case TYPE_END -> "END";
      case TYPE_LIBXC_CONTEXT -> "LIBXC_CONTEXT";
      case TYPE_EMULATOR_XENSTORE_DATA -> "EMULATOR_XENSTORE_DATA";
      case TYPE_EMULATOR_CONTEXT -> "EMULATOR_CONTEXT";
      case TYPE_CHECKPOINT_END -> "CHECKPOINT_END";
      case TYPE_CHECKPOINT_STATE -> "CHECKPOINT_STATE";
      default -> (type < 0 ? "OPTIONAL_0x%08x" : "MANDATORY_0x%08x").formatted(type);
    };
  }

  /// The stream ends here.
  record End() implements LibxlRecord {}

  /// A libxc stream follows.
  record LibxcContext() implements LibxlRecord {}

  /// What an emulator keeps in xenstore.
  ///
  /// @param emulatorId 0 unknown (legacy), 1 qemu traditional, 2 qemu
  /// @param index which of the domain's emulators
  /// @param data NUL-terminated keys and values in turn
  record EmulatorXenstoreData(int emulatorId, int index, MemorySegment data)
      implements LibxlRecord {}

  /// An emulator's own state.
  ///
  /// @param emulatorId 0 unknown (legacy), 1 qemu traditional, 2 qemu
  /// @param index which of the domain's emulators
  /// @param context its blob
  record EmulatorContext(int emulatorId, int index, MemorySegment context) implements LibxlRecord {}

  /// The libxl part of a checkpoint ends here; libxc records follow.
  record CheckpointEnd() implements LibxlRecord {}

  /// COLO's hand-shake.
  ///
  /// @param controlId 0 new checkpoint, 1 secondary suspended, 2 ready, 3 resumed
  record CheckpointState(int controlId) implements LibxlRecord {}

  /// A record of a type that the specification does not know.
  ///
  /// @param type its number
  /// @param body its body
  record Unknown(int type, MemorySegment body) implements LibxlRecord {}

  /// A record of a known type that is too short for its own fields.
  ///
  /// @param type its number
  /// @param body its body
  /// @param why what is wrong, and where
  record Malformed(int type, MemorySegment body, StreamFormatException why)
      implements LibxlRecord {}

  /// What COLO's primary or secondary says by an id of its hand-shake.
  static String stateName(int id) {
    return switch (id) {
      case 0 -> "new checkpoint";
      case 1 -> "secondary suspended";
      case 2 -> "secondary ready";
      case 3 -> "secondary resumed";
      default -> "unknown";
    };
  }

  /// The name of an emulator by its id.
  static String emulatorName(int id) {
    return switch (id) {
      case 0 -> "unknown (legacy)";
      case 1 -> "qemu traditional";
      case 2 -> "qemu";
      default -> "0x%x".formatted(id);
    };
  }
}
