// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import org.jspecify.annotations.Nullable;

/// How a guest's time stamp counter works: the `mode` of an X86_TSC_INFO record
/// (`XEN_CPUID_TSC_MODE_*` in xen/include/public/arch-x86/cpuid.h).
public enum TscMode {
  /// Emulated where the guest's frequency is not the host's.
  DEFAULT(0, "default"),
  /// Always emulated.
  ALWAYS_EMULATE(1, "always_emulate"),
  /// Never emulated.
  NEVER_EMULATE(2, "never_emulate"),
  /// Never emulated, with an incarnation in TSC_AUX; removed in Xen 4.12.
  PVRDTSCP(3, "pvrdtscp");

  private final int value;
  private final String text;

  TscMode(int value, String text) {
    this.value = value;
    this.text = text;
  }

  /// The number in the stream.
  public int value() {
    return value;
  }

  /// The name of Xen's header in lower case.
  public String text() {
    return text;
  }

  /// The mode of a number, or null if there is none.
  public static @Nullable TscMode of(long value) {
    for (TscMode mode : values()) {
      if (mode.value == value) {
        return mode;
      }
    }
    return null;
  }
}
