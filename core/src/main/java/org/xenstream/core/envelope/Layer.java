// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/// One of the layers in which a libxc stream comes, from the outside in. Texts are held against
/// [org.xenstream.core.format.Limits#maxConfigLength] and belong to the value.
public sealed interface Layer {
  /// What an operator calls it.
  String title();

  /// A compressed file.
  ///
  /// @param codec "zstd", "gzip", "xz"
  record Compressed(String codec) implements Layer {
    @Override
    public String title() {
      return codec + " compression";
    }
  }

  /// The file header of `xl save` and `xl migrate` (`struct save_file_header` of `tools/xl/xl.h`).
  ///
  /// @param order the byte order of the file's numbers, as its byte-order word tells; xl takes only
  ///   the host's own
  /// @param byteOrderWord that word, little-endian as it lies
  /// @param mandatoryFlags bit 0: the configuration is JSON; bit 1: a libxl stream follows
  /// @param optionalFlags none is defined
  /// @param optionalData everything between header and stream, as it lies
  /// @param configLength the configuration's length as the optional data states it; −1 when there
  ///   is no room for the number
  /// @param config the configuration's text, empty when absent, cut when longer than there is room
  record XlSave(
      ByteOrder order,
      int byteOrderWord,
      int mandatoryFlags,
      int optionalFlags,
      MemorySegment optionalData,
      long configLength,
      String config)
      implements Layer {
    /// Bit 0 of the mandatory flags.
    public static final int JSON = 1;

    /// Bit 1 of the mandatory flags.
    public static final int STREAM_V2 = 2;

    /// The byte-order word in the file's own order.
    public static final int BYTE_ORDER = 0x01020304;

    @Override
    public String title() {
      return "xl save file";
    }
  }

  /// What the sender of `xl migrate` says last (`migrate_receiver_ready` and after in
  /// `tools/xl/xl_migrate.c`): the guest now belongs to the receiver.
  record MigrateGo() implements Layer {
    @Override
    public String title() {
      return "xl migrate: GO message";
    }
  }

  /// libvirt's save file of its libxl driver (`libxlSavefileHeader` of `src/libxl/libxl_conf.h`).
  ///
  /// @param version 1: a legacy image follows, 2: a libxl stream
  /// @param xml the domain's description
  record Libvirt(int version, String xml) implements Layer {
    @Override
    public String title() {
      return "libvirt save file (version " + version + ")";
    }
  }

  /// A suspend image of XenServer or XCP-ng (`ocaml/xenopsd/lib/suspend_image.ml` of xen-api).
  ///
  /// @param signature the first line
  record XenServer(String signature) implements Layer {
    @Override
    public String title() {
      return "XenServer/XCP-ng suspend image (" + signature.strip() + ")";
    }
  }

  /// One part of a XenServer suspend image.
  ///
  /// @param type its number, see [#name]
  /// @param length its stated length in octets; of no use for a libxc part
  /// @param text the Xenops part's text; empty for others
  record XenServerPart(long type, long length, String text) implements Layer {
    /// The Xenops record.
    public static final long XENOPS = 0x0f;

    /// A libxc stream.
    public static final long LIBXC = 0xf0;

    /// A libxl stream.
    public static final long LIBXL = 0xf1;

    /// A legacy image.
    public static final long LIBXC_LEGACY = 0xf2;

    /// The end of the image.
    public static final long END = 0xffff;

    /// The part's name in its source.
    public String name() {
      return switch (type == (int) type ? (int) type : -1) {
        case 0x0f -> "Xenops";
        case 0xf0 -> "Libxc";
        case 0xf1 -> "Libxl";
        case 0xf2 -> "Libxc_legacy";
        case 0xf00 -> "Qemu_trad";
        case 0xf01 -> "Qemu_xen";
        case 0xf10 -> "Demu";
        case 0xf11 -> "Varstored";
        case 0xf12 -> "Swtpm0";
        case 0xf13 -> "Swtpm";
        case 0xffff -> "End_of_image";
        default -> "0x%x".formatted(type);
      };
    }

    /// Tells whether it is the state of a device model, or of another device outside the
    /// hypervisor.
    public boolean isState() {
      return type > LIBXC_LEGACY && type != END;
    }

    /// Tells whether the guest's memory and state are in it, whatever stream they make.
    public boolean isStream() {
      return type == LIBXC || type == LIBXL || type == LIBXC_LEGACY;
    }

    /// Tells whether xenopsd knows the type.
    public boolean isKnown() {
      return !name().startsWith("0x");
    }

    @Override
    public String title() {
      return "part " + name();
    }
  }

  /// A save file of xend (`tools/python/xen/xend/XendCheckpoint.py` of the releases up to 4.4).
  ///
  /// @param config the configuration, an S-expression
  record Xend(String config) implements Layer {
    @Override
    public String title() {
      return "xend save file";
    }
  }

  /// The header of a libxl stream (`docs/specs/libxl-migration-stream.pandoc`, "Header").
  ///
  /// @param version 2 is the only one
  /// @param options bit 0: big-endian records; bit 1: made by the converter of legacy images
  record LibxlStream(int version, int options) implements Layer {
    /// Options bit 0.
    public static final int BIG_ENDIAN = 1;

    /// Options bit 1.
    public static final int LEGACY = 2;

    /// The byte order of the records.
    public ByteOrder order() {
      return (options & BIG_ENDIAN) == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    }

    @Override
    public String title() {
      return "libxl stream v" + version + ((options & BIG_ENDIAN) == 0 ? "" : " (big-endian)");
    }
  }

  /// An image of Xen 4.5 or older.
  ///
  /// @param toolstackWidth octets in a word of the toolstack that wrote it: 4 or 8
  /// @param pv whether the guest is PV, as far as the first octets tell
  /// @param p2mSize the number of pfns it states
  record LegacyImage(int toolstackWidth, boolean pv, long p2mSize) implements Layer {
    @Override
    public String title() {
      return "legacy image (Xen 4.5 or older) of %s guest by a %d-bit toolstack"
          .formatted(pv ? "a PV" : "an HVM", toolstackWidth * 8);
    }
  }

  /// COLO's back channel: bare records, no header.
  record BackChannel() implements Layer {
    @Override
    public String title() {
      return "COLO back channel";
    }
  }
}
