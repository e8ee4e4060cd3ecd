// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
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
