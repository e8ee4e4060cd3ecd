// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;

/// How a legacy image is to be read.
///
/// @param toolstackWidth what somebody says of the toolstack that saved, or null. The content
///   decides; a claim that contradicts it is a note, or with `strict` an error
/// @param guestKind what somebody says of the guest, or null; as above. It decides where an image
///   fits both kinds
/// @param guestWidth what somebody says of a PV guest's width, or null; as above. It decides where
///   an image has no extended info and nothing else tells
/// @param strict refuses what is otherwise noted: overruled claims, a kind or a width of guest that
///   has to be guessed, TMEM, extended info that nobody knows, an HVM parameter of a PV guest, an
///   XSAVE state of another length than announced, a checkpoint that is not complete
/// @param checkpoints which states of an image with several are given
/// @param deviceModel whether an HVM guest's device model behind the image is read; if not, reading
///   stops in front of it
/// @param pages what is done with the pages of PAGE_DATA records
/// @param scratchFolder where scratch files are made, or null for the system's own folder for such
/// @param scratchLimit how many octets scratch files may have at most, or [LegacyReading#BY_GUEST]
/// @param keepPages with compressed checkpoints out of a pipe: keeps every page of the image in a
///   scratch file, for the differences of a saver that, other than Xen's own, sends such against
///   pages that it never sent whole since compression began
/// @param limits what lengths are held against
public record LegacyOptions(
    @Nullable WordWidth toolstackWidth,
    @Nullable GuestKind guestKind,
    @Nullable WordWidth guestWidth,
    boolean strict,
    Checkpoints checkpoints,
    boolean deviceModel,
    PagesShown pages,
    @Nullable Path scratchFolder,
    long scratchLimit,
    boolean keepPages,
    Limits limits) {

  /// No claims; the last checkpoint; a device model where there is one; pages in view; scratch
  /// files in the system's folder, of what a guest of its size can need.
  public static final LegacyOptions DEFAULT =
      new LegacyOptions(
          null,
          null,
          null,
          false,
          Checkpoints.LAST,
          true,
          PagesShown.IN_VIEW,
          null,
          LegacyReading.BY_GUEST,
          false,
          Limits.DEFAULT);

  /// These options as a place to start from.
  public Builder toBuilder() {
    return new Builder(this);
  }

  /// The defaults as a place to start from.
  public static Builder builder() {
    return DEFAULT.toBuilder();
  }

  /// Changes options one at a time.
  public static final class Builder {
    private @Nullable WordWidth toolstackWidth;
    private @Nullable GuestKind guestKind;
    private @Nullable WordWidth guestWidth;
    private boolean strict;
    private Checkpoints checkpoints;
    private boolean deviceModel;
    private PagesShown pages;
    private @Nullable Path scratchFolder;
    private long scratchLimit;
    private boolean keepPages;
    private Limits limits;

    private Builder(LegacyOptions from) {
      toolstackWidth = from.toolstackWidth;
      guestKind = from.guestKind;
      guestWidth = from.guestWidth;
      strict = from.strict;
      checkpoints = from.checkpoints;
      deviceModel = from.deviceModel;
      pages = from.pages;
      scratchFolder = from.scratchFolder;
      scratchLimit = from.scratchLimit;
      keepPages = from.keepPages;
      limits = from.limits;
    }

    /// Sets [LegacyOptions#toolstackWidth].
    public Builder toolstackWidth(@Nullable WordWidth claimed) {
      toolstackWidth = claimed;
      return this;
    }

    /// Sets [LegacyOptions#guestKind].
    public Builder guestKind(@Nullable GuestKind claimed) {
      guestKind = claimed;
      return this;
    }

    /// Sets [LegacyOptions#guestWidth].
    public Builder guestWidth(@Nullable WordWidth claimed) {
      guestWidth = claimed;
      return this;
    }

    /// Sets [LegacyOptions#strict].
    public Builder strict(boolean refuse) {
      strict = refuse;
      return this;
    }

    /// Sets [LegacyOptions#checkpoints].
    public Builder checkpoints(Checkpoints which) {
      checkpoints = which;
      return this;
    }

    /// Sets [LegacyOptions#deviceModel].
    public Builder deviceModel(boolean read) {
      deviceModel = read;
      return this;
    }

    /// Sets [LegacyOptions#pages].
    public Builder pages(PagesShown shown) {
      pages = shown;
      return this;
    }

    /// Sets [LegacyOptions#scratchFolder].
    public Builder scratchFolder(@Nullable Path folder) {
      scratchFolder = folder;
      return this;
    }

    /// Sets [LegacyOptions#scratchLimit], in octets.
    public Builder scratchLimit(long most) {
      scratchLimit = most;
      return this;
    }

    /// Sets [LegacyOptions#keepPages].
    public Builder keepPages(boolean keep) {
      keepPages = keep;
      return this;
    }

    /// Sets [LegacyOptions#limits].
    public Builder limits(Limits most) {
      limits = most;
      return this;
    }

    /// The options.
    public LegacyOptions build() {
      return new LegacyOptions(
          toolstackWidth,
          guestKind,
          guestWidth,
          strict,
          checkpoints,
          deviceModel,
          pages,
          scratchFolder,
          scratchLimit,
          keepPages,
          limits);
    }
  }
}
