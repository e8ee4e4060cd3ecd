// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// The states of all vCPUs that are online, and the shared info page (`buffer_tail_pv` in
/// `xc_domain_restore.c`):
///
/// ```
///  tail := u32 count, as many words of unmapped pfns, vcpu*, 4096 octets of shared info
///  vcpu := basic context, 128 octets if "extv", ( u64 mask, u64 size, data ) if "xcnt"
/// ```
///
/// What "xcnt" says is the length of vCPU 0's XSAVE state. Savers of Xen 4.4 and 4.5 write that of
/// each vCPU as long as the features need that it has used (`PV_XSAVE_SIZE` in
/// `xen/arch/x86/domctl.c`), so that each is as long as it says of itself; the reference takes all
/// to be alike, and misreads such an image.
///
/// An image that does not tell how wide its guest is, or of which kind, comes of savers that wrote
/// one state and nothing behind it: more octets there show that the tail was read with the wrong
/// lengths.
///
/// The unmapped pfns are passed over: a modern stream takes no page away from a guest.
final class PvTail implements Tail {
  private static final String PART = "PV tail";

  /// Where a context has its flags, and the one that says that its vCPU runs (`VGCF_online`).
  private static final int FLAGS = 512;

  private static final int ONLINE = 1 << 5;

  /// What comes next.
  private enum Step {
    UNMAPPED,
    BASIC,
    EXTENDED,
    XSAVE,
    SHARED_INFO,
    END,
    NOTHING
  }

  private final LegacyCursor in;
  private final Layout layout;
  private final GuestState guest;
  private final Framer framer;
  private final Notes notes;
  private Step step = Step.UNMAPPED;
  private int vcpu;

  PvTail(LegacyCursor in, Layout layout, GuestState guest, Framer framer, Notes notes) {
    this.in = in;
    this.layout = layout;
    this.guest = guest;
    this.framer = framer;
    this.notes = notes;
  }

  @Override
  public @Nullable Framed next() throws IOException {
    while (true) {
      Framed framed =
          switch (step) {
            case UNMAPPED -> unmapped();
            case BASIC -> basic();
            case EXTENDED -> extended();
            case XSAVE -> xsave();
            case SHARED_INFO -> sharedInfo();
            case END -> end();
            case NOTHING -> null;
          };
      if (framed != null || step == Step.NOTHING) {
        return framed;
      }
    }
  }

  private @Nullable Framed unmapped() throws IOException {
    long at = in.position();
    long count = Integer.toUnsignedLong(in.takeU32(PART, "unmapped count"));
    if (count > layout.p2mSize()) {
      throw in.malformed(
          at,
          PART,
          "unmapped count",
          "at most the %d pfns of the guest".formatted(layout.p2mSize()),
          Long.toString(count));
    }
    in.pass(count * in.width().octets(), PART, "unmapped pfns");
    to(0);
    return null;
  }

  /// Goes on with the first vCPU from a number on that is online.
  private void to(int from) {
    vcpu = guest.online().nextSetBit(from);
    step = vcpu < 0 ? Step.SHARED_INFO : Step.BASIC;
  }

  private Framed basic() throws IOException {
    MemorySegment context = in.require(layout.contextLength(), PART, field("context"));
    if (!guest.vcpusSaid()) {
      MemorySegment copy = MemorySegment.ofArray(new byte[layout.contextLength()]);
      copy.copyFrom(context);
      Wire.putU32(copy, FLAGS, Wire.u32(copy, FLAGS) | ONLINE, ByteOrder.LITTLE_ENDIAN);
      context = copy;
    }
    Framed framed = framer.frame(in.position(), new StreamRecord.PvVcpuBasic(vcpu, context));
    in.pass(layout.contextLength(), PART, field("context"));
    step = Step.EXTENDED;
    return framed;
  }

  private @Nullable Framed extended() throws IOException {
    step = Step.XSAVE;
    if (!layout.extended()) {
      return null;
    }
    int length = Layout.EXTENDED_CONTEXT;
    MemorySegment context = in.require(length, PART, field("extended context"));
    Framed framed = framer.frame(in.position(), new StreamRecord.PvVcpuExtended(vcpu, context));
    in.pass(length, PART, field("extended context"));
    return framed;
  }

  private @Nullable Framed xsave() throws IOException {
    int number = vcpu;
    String field = field("xsave");
    to(number + 1);
    if (layout.xsaveLength() == 0) {
      return null;
    }
    long at = in.position();
    long size = Wire.u64(in.require(Layout.XSAVE_HEADER, PART, field), 8);
    in.hold(size, Layout.MOST_XSAVE, at + 8, PART, field + ".size");
    int said = layout.xsaveLength() - Layout.XSAVE_HEADER;
    if (size != said) {
      notes.addOrRefuse(
          LegacyNote.Kind.ODDITY,
          in.at(at + 8, PART, field + ".size"),
          "XSAVE state of %d octets, where \"xcnt\" has %d".formatted(size, said),
          Fault.MALFORMED_BODY,
          "%d octets, as \"xcnt\" has it".formatted(said),
          Long.toString(size));
    }
    long whole = Layout.XSAVE_HEADER + size;
    MemorySegment area = in.require(whole, PART, field);
    Framed framed =
        size == 0
            ? null
            : framer.frame(
                at, new StreamRecord.PvVcpuXsave(number, area.asSlice(Layout.XSAVE_HEADER, size)));
    in.pass(whole, PART, field);
    return framed;
  }

  private String field(String what) {
    return "vcpu[" + vcpu + "]." + what;
  }

  private Framed sharedInfo() throws IOException {
    MemorySegment page = in.require(Layout.PAGE, PART, "shared info");
    Framed framed = framer.frame(in.position(), new StreamRecord.SharedInfo(page));
    in.pass(Layout.PAGE, PART, "shared info");
    step = Step.END;
    return framed;
  }

  private @Nullable Framed end() throws IOException {
    step = Step.NOTHING;
    if (layout.assumed() == Layout.Assumed.NOTHING) {
      return null;
    }
    MemorySegment behind = in.input().peek(DeviceModelTail.SIGNATURE);
    boolean ofWidth = layout.assumed() == Layout.Assumed.WIDTH;
    // A device model tells of the kind of a guest, not of its width.
    if (behind.byteSize() > 0 && !(ofWidth && DeviceModelTail.isSignature(behind))) {
      throw in.malformed(
          in.position(),
          PART,
          null,
          "the end, if the guest is %s, which the image does not tell"
              .formatted(ofWidth ? layout.guest() + " (--guest-width)" : "PV (--guest-kind)"),
          "more octets");
    }
    return null;
  }
}
