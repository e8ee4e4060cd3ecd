// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

/// The messages of a save helper to libxl (`@msgs` of `tools/libs/light/libxl_save_msgs_gen.pl`),
/// by their numbers; the same from 4.17 to 4.21. Of those that ask for something, libxl tells by a
/// bit of the helper's arguments (`cbflags`) whether it answers.
enum LibxlMessage {
  /// u32 level, u32 errno or −1, two texts: context, text.
  LOG(1),
  /// Two texts: context, what is done; u64 done, u64 of how many.
  PROGRESS(2),
  /// Suspend the guest. Not 0: done; of a COLO restore as [#CHECKPOINT].
  SUSPEND(3),
  /// Let the guest go on. Above 0: done; of a COLO restore as [#CHECKPOINT].
  POSTCOPY(4),
  /// A checkpoint is complete. Of a save above 0: go on; of a restore `XGR_CHECKPOINT_*`.
  CHECKPOINT(5),
  /// Wait for the next checkpoint. As [#CHECKPOINT].
  WAIT_CHECKPOINT(6),
  /// u32 domid, u32 whether to enable it. 0: done.
  SWITCH_QEMU_LOGDIRTY(7),
  /// u32 what is missing. 0: done.
  STATIC_DATA_DONE(8),
  /// u64 gfn of xenstore's page, u64 of the console's; no answer.
  RESTORE_RESULTS(9),
  /// i32 what the save or restore returned, i32 errno. The answer says nothing.
  COMPLETE(10);

  final int number;

  LibxlMessage(int number) {
    this.number = number;
  }

  /// Its bit in `cbflags`.
  int bit() {
    return 1 << number;
  }
}
