// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.xcnt;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.xenstream.testkit.StreamBuilder;

/// Small whole legacy images, laid by hand, with each chunk where the reference saver writes it.
public final class LegacySamples {
  /// The size of the p2m of every guest here.
  public static final int PFNS = 64;

  /// The octets of a vCPU's XSAVE state.
  public static final int XSAVE = 80;

  private static final int BASIC_64 = 5168;
  private static final int BASIC_32 = 2800;
  private static final byte[] STATE = {'Q', 'E', 'V', 'M', 1, 2, 3};

  private LegacySamples() {}

  /// An image, and the lengths at which it may end.
  ///
  /// @param name for messages
  /// @param image its octets
  /// @param endings the lengths at which what is there makes a whole image
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Sample(String name, byte[] image, BitSet endings) {
    @Override
    public String toString() {
      return name;
    }
  }

  /// One of each kind, for each width of the toolstack.
  public static List<Sample> all() {
    List<Sample> samples = new ArrayList<>();
    for (int width : new int[] {4, 8}) {
      String by = " by a " + 8 * width + "-bit toolstack";
      samples.add(hvm("HVM" + by, width, LegacyImageBuilder.QEMU_WITH_LENGTH));
      samples.add(hvm("HVM of xend" + by, width, LegacyImageBuilder.QEMU_TO_END));
      samples.add(hvm("HVM without device model" + by, width, ""));
      samples.add(whole("PV64" + by, pv(width, 8, true)));
      samples.add(whole("PV32" + by, pv(width, 4, true)));
      samples.add(whole("PV without extended info" + by, pv(width, width, false)));
      samples.add(remus("Remus" + by, width, false));
      samples.add(remus("compressed Remus" + by, width, true));
    }
    return samples;
  }

  private static Sample whole(String name, LegacyImageBuilder image) {
    return new Sample(name, image.octets(), from(image.octets().length, image));
  }

  /// Every length from `least` on.
  private static BitSet from(int least, LegacyImageBuilder image) {
    BitSet endings = new BitSet();
    endings.set(least, Math.toIntExact(image.size()) + 1);
    return endings;
  }

  /// An HVM guest with every chunk that such a one can have.
  ///
  /// @param signature of the device model's state, or empty for none
  private static Sample hvm(String name, int width, String signature) {
    LegacyImageBuilder image = LegacyImageBuilder.image(width).words(PFNS);
    image.tmem(1, true);
    image.filledBatch(
        entry(0, 1),
        LegacyImageBuilder.UNMAPPED_ENTRY,
        entry(0xE, 2),
        entry(0xD, 3),
        LegacyImageBuilder.UNMAPPED_ENTRY);
    image.batch(LegacyImageBuilder.UNMAPPED_ENTRY);
    image.tmemExtra(1).tscInfo(0, 0x1234_5678_9ABCL, 2_893_000, 1);
    image.filledBatch(entry(0, 2));
    image.chunk(LegacyImageBuilder.VERIFY).filledBatch(entry(0, 1));
    image.vcpuInfo(66, 0, 1, 66);
    int[] params = {-14, -3, -15, -16, -17, -4, -8, -10, -11, -19, -20, -21};
    for (int i = 0; i < params.length; i++) {
      image.param(params[i], params[i] == LegacyImageBuilder.ACPI_IOPORTS ? 1 : i + 4);
    }
    image.toolstack(
        PhysmapEntry.toolstack(
            width,
            List.of(
                new PhysmapEntry(0xF000_0000L, 0xE000_0000L, 0x80_0000, "vga.vram"),
                new PhysmapEntry(0x1000, 0x2000, 0x3000, ""))));
    image.chunk(LegacyImageBuilder.LAST_CHECKPOINT).endOfBody();
    image.hvmTail(5, 6, 7, context());
    int tail = Math.toIntExact(image.size());
    int least = tail;
    if (!signature.isEmpty()) {
      image.deviceModel(signature, STATE);
      boolean openEnded = signature.equals(LegacyImageBuilder.QEMU_TO_END);
      // QEMU's own magic is asked for.
      least = openEnded ? tail + signature.length() + 4 : Math.toIntExact(image.size());
    }
    BitSet endings = from(least, image);
    endings.set(tail);
    return new Sample(name, image.octets(), endings);
  }

  /// A HEADER and an END.
  private static byte[] context() {
    StreamBuilder context = StreamBuilder.stream();
    context.u16(1).u16(0).u32(24).u32(0x54381286).raw(new byte[20]);
    return context.u16(0).u16(0).u32(0).octets();
  }

  /// A PV guest of two vCPUs, of which one is offline.
  private static LegacyImageBuilder pv(int width, int guestWidth, boolean extendedInfo) {
    LegacyImageBuilder image = LegacyImageBuilder.image(width).words(PFNS);
    int basic = guestWidth == 8 ? BASIC_64 : BASIC_32;
    if (extendedInfo) {
      image.extendedInfo(
          block("vcpu", filled(basic, 0x41)),
          block("what", (byte) 1, (byte) 2, (byte) 3),
          block("extv"),
          xcnt(XSAVE + 16));
    }
    image.words(2);
    image.tscInfo(1, 1, 2, 3);
    int top = guestWidth == 8 ? 0xC : 0xB;
    image.filledBatch(entry(0, 1), entry(0, 2), entry(top, 3), LegacyImageBuilder.UNMAPPED_ENTRY);
    image.chunk(LegacyImageBuilder.VERIFY).filledBatch(entry(0, 1));
    image.vcpuInfo(1, 0).chunk(LegacyImageBuilder.LAST_CHECKPOINT).endOfBody();
    image.unmapped(60, 61, 62);
    image.raw(filled(basic, 0x42));
    if (extendedInfo) {
      image.raw(filled(128, 0x43)).xsave(7, filled(XSAVE, 0x44));
    }
    return image.raw(page(0x45));
  }

  /// Three checkpoints of an HVM guest; the sender dies within the fourth.
  private static Sample remus(String name, int width, boolean compressed) {
    LegacyImageBuilder image = LegacyImageBuilder.image(width).words(PFNS);
    image.filledBatch(entry(0, 0), entry(0, 1), entry(0, 2));
    image.tscInfo(0, 1, 2, 3).filledBatch(entry(0, 3));
    if (compressed) {
      state(image.vcpuInfo(0, 0).chunk(LegacyImageBuilder.ENABLE_COMPRESSION), 1);
    } else {
      state(image.vcpuInfo(0, 0), 1);
    }
    int first = Math.toIntExact(image.size());
    int tail = first - LegacyImageBuilder.QEMU_WITH_LENGTH.length() - 4 - STATE.length;
    RemusCompressor compressor = new RemusCompressor(100, 100);
    for (int set = 2; set <= 4; set++) {
      byte[] changed = page(9);
      changed[100] = (byte) set;
      if (compressed) {
        compressor.add(1, changed, false);
        compressor.add(4, page(set), false);
        image.batch(entry(0, 1), entry(0, 4), LegacyImageBuilder.UNMAPPED_ENTRY);
        compressor.compress(5000).forEach(image::compressed);
      } else {
        image.batch(entry(0, 1)).raw(changed);
      }
      if (set < 4) {
        state(image.vcpuInfo(0, 0), set);
      }
    }
    BitSet endings = from(first, image);
    endings.set(tail);
    return new Sample(name, image.octets(), endings);
  }

  private static void state(LegacyImageBuilder image, int set) {
    image.param(LegacyImageBuilder.CONSOLE_PFN, set).endOfBody();
    image.hvmTail(5, 6, 7, context());
    image.deviceModel(
        set == 1 ? LegacyImageBuilder.QEMU_WITH_LENGTH : LegacyImageBuilder.QEMU_OF_REMUS, STATE);
  }
}
