// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LegacyProbe;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// Recognises an image and reads what stands before its body: the size of the p2m and, of a PV
/// guest, extended info and the list of p2m frames.
///
/// The content decides what it is. What somebody claims counts only where the content does not
/// tell.
final class ImageHead {
  private static final String PART = "image";

  private final OctetInput input;
  private final LegacyOptions options;
  private final Notes notes;
  private Layout.Assumed assumed = Layout.Assumed.NOTHING;

  ImageHead(OctetInput input, LegacyOptions options, Notes notes) {
    this.input = input;
    this.options = options;
    this.notes = notes;
  }

  /// What was read.
  ///
  /// @param in stands at the first chunk of the body
  /// @param records those that come of it: X86_PV_INFO, STATIC_DATA_END, X86_PV_P2M_FRAMES
  record Read(Layout layout, LegacyCursor in, List<Framed> records) {}

  Read read(Framer framer) throws IOException {
    long begin = input.position();
    MemorySegment first = input.peek(LegacyProbe.WANTED);
    Layer.LegacyImage found = LegacyProbe.probe(first);
    boolean fitsBoth = LegacyProbe.fitsBothKinds(first);
    if (found == null) {
      throw new StreamFormatException(
          Fault.NOT_AN_IMAGE,
          Location.of(input.name(), begin, LegacyCursor.LAYER, PART, null),
          "a legacy image",
          input.peek(1).byteSize() == 0 ? "nothing" : "octets that none begins with");
    }
    WordWidth width = found.toolstackWidth() == 4 ? WordWidth.BITS_32 : WordWidth.BITS_64;
    GuestKind kind = found.pv() ? GuestKind.PV : GuestKind.HVM;
    LegacyCursor in = new LegacyCursor(input, options.limits(), width);
    claim("toolstack", options.toolstackWidth(), width, in.at(begin, PART, "p2m_size"));
    Location guest = in.at(begin + width.octets(), PART, null);
    if (fitsBoth) {
      kind = believedKind(kind, guest);
      assumed = Layout.Assumed.KIND;
    } else {
      claim("guest", options.guestKind(), kind, guest);
    }
    in.pass(width.octets(), PART, "p2m_size");
    List<Framed> records = new ArrayList<>();
    Layout layout =
        kind == GuestKind.PV
            ? pv(in, found.p2mSize(), framer, records)
            : new Layout(width, kind, null, found.p2mSize(), false, false, 0, assumed);
    if (records.isEmpty()) {
      records.add(framer.frame(in.position(), new StreamRecord.StaticDataEnd()));
    }
    return new Read(layout, in, records);
  }

  /// The kind of a guest whose image fits both: what is claimed, and without that the likelier one.
  private GuestKind believedKind(GuestKind likelier, Location where) throws StreamFormatException {
    GuestKind claimed = options.guestKind();
    if (claimed != null) {
      return claimed;
    }
    notes.addOrRefuse(
        LegacyNote.Kind.GUESSED,
        where,
        "a list of p2m frames of a PV guest, or an HVM guest's batch without page 0: taken to be"
            + " of a %s guest".formatted(likelier),
        Fault.MALFORMED_LAYER,
        "an image that fits one kind of guest, or --guest-kind",
        "one that fits both");
    return likelier;
  }

  private Layout pv(LegacyCursor in, long p2mSize, Framer framer, List<Framed> records)
      throws IOException {
    long begin = in.position();
    boolean there = in.word(in.require(in.width().octets(), PART, null), 0) == marker(in.width());
    ExtendedInfo info =
        there ? ExtendedInfo.read(in, notes) : new ExtendedInfo(null, begin, false, 0);
    WordWidth guest = info.guest();
    if (guest == null) {
      guest = guessWidth(in, p2mSize);
    } else {
      claim("guest", options.guestWidth(), guest, in.at(info.guestOffset(), "extended info", null));
    }
    boolean wide = guest == WordWidth.BITS_64;
    records.add(
        framer.frame(info.guestOffset(), new StreamRecord.PvInfo(guest.octets(), wide ? 4 : 3)));
    records.add(framer.frame(in.position(), new StreamRecord.StaticDataEnd()));
    records.add(p2mFrames(in, p2mSize, guest, framer));
    return new Layout(
        in.width(),
        GuestKind.PV,
        guest,
        p2mSize,
        there,
        info.extended(),
        info.xsaveLength(),
        assumed);
  }

  private static long marker(WordWidth width) {
    return width == WordWidth.BITS_64 ? -1 : 0xFFFF_FFFFL;
  }

  private WordWidth guessWidth(LegacyCursor in, long p2mSize) throws IOException {
    Location here = in.at(in.position(), "p2m frame list", null);
    WordWidth guest = WidthEvidence.of(in, p2mSize);
    WordWidth claimed = options.guestWidth();
    if (guest != null) {
      claim("guest", claimed, guest, here);
      notes.add(
          LegacyNote.Kind.GUESSED,
          here,
          "no extended info says how wide the guest is: %s by its p2m and page tables"
              .formatted(guest));
      return guest;
    }
    if (assumed == Layout.Assumed.NOTHING) {
      assumed = Layout.Assumed.WIDTH;
    }
    if (claimed != null) {
      return claimed;
    }
    notes.addOrRefuse(
        LegacyNote.Kind.GUESSED,
        here,
        "nothing says how wide the guest is: taken to be %s as its toolstack".formatted(in.width()),
        Fault.MALFORMED_LAYER,
        "extended info or page tables that say how wide the guest is, or --guest-width",
        "neither");
    return in.width();
  }

  private Framed p2mFrames(LegacyCursor in, long p2mSize, WordWidth guest, Framer framer)
      throws IOException {
    String part = "p2m frame list";
    long at = in.position();
    long count = Layout.p2mFrames(p2mSize, guest);
    int width = in.width().octets();
    MemorySegment words = in.require(count * width, part, null);
    MemorySegment pfns = MemorySegment.ofArray(new byte[(int) (count * 8)]);
    for (long i = 0; i < count; i++) {
      long pfn = in.word(words, i);
      if (pfn < 0 || pfn >= p2mSize) {
        throw in.malformed(
            at + i * width,
            part,
            "pfn[" + i + "]",
            "a pfn below 0x%x".formatted(p2mSize),
            "0x%x".formatted(pfn));
      }
      Wire.putU64(pfns, i * 8, pfn, ByteOrder.LITTLE_ENDIAN);
    }
    in.pass(count * width, part, null);
    return framer.frame(at, new StreamRecord.PvP2mFrames(0, p2mSize - 1, pfns));
  }

  /// Holds what somebody says against what is there.
  private <T> void claim(String of, @Nullable T claimed, T found, Location where)
      throws StreamFormatException {
    if (claimed == null || claimed.equals(found)) {
      return;
    }
    notes.addOrRefuse(
        LegacyNote.Kind.CLAIM_OVERRULED,
        where,
        "%s %s was claimed, but the image is of %s".formatted(of, claimed, found),
        Fault.MALFORMED_LAYER,
        "%s %s, as claimed".formatted(of, claimed),
        found.toString());
  }
}
