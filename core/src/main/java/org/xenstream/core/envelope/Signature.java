// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.BackChannelReader;
import org.xenstream.core.format.Wire;

/// What the first octets of an image say it is.
enum Signature {
  /// `xl save`, `xl migrate`.
  XL("Xen saved domain, xl format\n \0 \r"),
  /// libvirt's libxl driver.
  LIBVIRT("libvirt-xml\n \0 \r"),
  /// XenServer, XCP-ng; the older and the newer form.
  XENSERVER("XenSavedDom"),
  /// xend.
  XEND("LinuxGuestRecord"),
  /// A libxl stream.
  LIBXL("LibxlFmt"),
  /// Xenstore's own migration stream, which holds no domain.
  XENSTORE("xenstore"),
  /// A libxc stream: eight octets of ones.
  LIBXC("\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff"),
  /// COLO's back channel, which has no magic.
  BACK_CHANNEL(""),
  /// No magic that is known: perhaps a legacy image.
  OTHER(""),
  /// No octets at all.
  EMPTY("");

  /// Octets of a magic that a file which ends within it must have.
  private static final int LEAST_PREFIX = 4;

  /// Octets of a magic that must be right for the rest to be taken for damaged.
  private static final int LEAST_SAME = 7;

  @SuppressWarnings("ImmutableEnumChecker") // never given away, never written
  private final byte[] magic;

  Signature(String magic) {
    this.magic = magic.getBytes(ISO_8859_1);
  }

  static Signature of(MemorySegment first) {
    if (first.byteSize() == 0) {
      return EMPTY;
    }
    for (Signature known : values()) {
      if (known.magic.length > 0 && known.begins(first)) {
        return known;
      }
    }
    // A stream whose marker is damaged but whose id is right is still meant as one.
    if (first.byteSize() >= 12 && Wire.u32(first, 8, java.nio.ByteOrder.BIG_ENDIAN) == Wire.ID) {
      return LIBXC;
    }
    return BackChannelReader.recognises(first) ? BACK_CHANNEL : OTHER;
  }

  /// What octets that begin with no magic were most likely meant for: they are the beginning of a
  /// magic and end within it, or most of a magic is there. Text that was converted on its way (a
  /// line feed that became two octets) and a damaged octet are told from what is no image.
  static @Nullable Signature meantBy(MemorySegment first) {
    for (Signature known : values()) {
      int length = known.magic.length;
      int held = (int) Math.min(first.byteSize(), length);
      int same = 0;
      while (same < held && first.get(ValueLayout.JAVA_BYTE, same) == known.magic[same]) {
        same++;
      }
      boolean cut = held < length && same == held && held >= LEAST_PREFIX;
      for (int i = same; i < held; i++) {
        same += first.get(ValueLayout.JAVA_BYTE, i) == known.magic[i] ? 1 : 0;
      }
      // A libxc stream with a damaged marker is known by its id.
      boolean damaged =
          held == length && known != LIBXC && same >= Math.max(length * 2 / 3, LEAST_SAME);
      if (cut || damaged) {
        return known;
      }
    }
    return null;
  }

  int length() {
    return magic.length;
  }

  /// The magic as a quoted text, what is no letter of ASCII as an escape.
  String quoted() {
    return quoted(MemorySegment.ofArray(magic));
  }

  /// As many octets of others as the magic has, in the same way.
  String quoted(MemorySegment octets) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = 0; i < magic.length; i++) {
      int octet = octets.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
      if (octet == '\n' || octet == '\r') {
        text.append(octet == '\n' ? "\\n" : "\\r");
      } else if (octet < ' ' || octet > '~' || octet == '"' || octet == '\\') {
        text.append("\\x%02x".formatted(octet));
      } else {
        text.append((char) octet);
      }
    }
    return text.append('"').toString();
  }

  /// The signature's octets.
  String text() {
    return new String(magic, ISO_8859_1);
  }

  private boolean begins(MemorySegment first) {
    return first.byteSize() >= magic.length
        && MemorySegment.mismatch(
                first, 0, magic.length, MemorySegment.ofArray(magic), 0, magic.length)
            < 0;
  }
}
