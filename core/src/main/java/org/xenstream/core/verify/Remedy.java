// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

/// What an operator can do about a finding; many rules share an answer.
public enum Remedy {
  /// Damage on the way.
  FETCH_AGAIN(
      "The image is cut or damaged: compare its length and checksum with the original, and copy or"
          + " save it again. What stands before this place can still be inspected."),
  /// A saver's fault that no restore forgives.
  SAVE_AGAIN(
      "No Xen restores this image. Save the guest again if it still runs; else report it to whoever"
          + " wrote the saver, with this message."),
  /// A saver's fault that restores forgive.
  REPORT_SAVER(
      "The image restores. Whoever wrote the saver should know, with this message; nothing need be"
          + " done with the image."),
  /// State that is not in the image.
  EXPECT_LOSS(
      "The image restores, but the guest may not go on as it was. Save it again if it still runs."),
  /// The toolstack around the stream.
  CHECK_TOOLSTACK(
      "The wrapper is at fault, not the guest's state: the libxc stream within may be sound and can"
          + " be judged and restored alone."),
  /// The target is too old, or too new.
  CHOOSE_RELEASE(
      "Restore on a release that takes it (judge again with `--for` another one), or save again on a"
          + " host of the release wanted."),
  /// The stream is sound as a checkpointed one.
  AS_CHECKPOINTED(
      "Receive it as a checkpointed stream (`xl migrate-receive -r`): `xl restore` refuses it."),
  /// Judged by a limit of this project.
  RAISE_LIMIT(
      "If the image is trusted, raise the limit (`--limit`); else treat it as damaged or hostile."),
  /// Nothing is wrong.
  NOTHING("Nothing: this is for information.");

  private final String text;

  Remedy(String text) {
    this.text = text;
  }

  /// The advice, whole sentences.
  public String text() {
    return text;
  }
}
