// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.join;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.xcnt;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// What an image is, whatever is claimed of it; and images that are none, or damaged.
class LegacyDetectionTest {
  private static final int WIDE = 5168;
  private static final int NARROW = 2800;
  private static final int PINNED = PageType.PINNED;

  private static byte[] hvm(int width) {
    return LegacyImageBuilder.image(width)
        .words(8)
        .filledBatch(0, 1)
        .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
        .endOfBody()
        .hvmTail(1, 2, 3, filled(64, 0xCC))
        .deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, filled(7, 1))
        .octets();
  }

  private static LegacyImageBuilder bare(int width, long p2mSize, long... list) {
    return LegacyImageBuilder.image(width).words(p2mSize).words(list).tscInfo(0, 1, 2, 3);
  }

  private static byte[] pvEnd(LegacyImageBuilder image, int context) {
    return image
        .vcpuInfo(0, 0)
        .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
        .endOfBody()
        .unmapped()
        .raw(filled(context, 0x33))
        .raw(page(0x55))
        .octets();
  }

  @ParameterizedTest
  @CsvSource({"4, BITS_64, BITS_32", "8, BITS_32, BITS_64"})
  void theContentDecidesOnTheToolstack(int width, WordWidth claimed, WordWidth found)
      throws IOException {
    LegacyOptions wrong = LegacyOptions.builder().toolstackWidth(claimed).build();
    Reading read = Reading.of(hvm(width), wrong);
    assertEquals(found, read.facts().toolstackWidth());
    assertEquals(
        List.of(
            "CLAIM_OVERRULED old.img @0x0 (legacy image.p2m_size): toolstack %s was claimed, but the image is of %s"
                .formatted(claimed, found)),
        read.notes());
    assertEquals(
        Reading.of(hvm(width), LegacyOptions.builder().toolstackWidth(found).build()).records(),
        read.records());
    Expect.fault(
        Fault.MALFORMED_LAYER,
        "old.img @0x0 (legacy image.p2m_size): expected toolstack %s, as claimed, found %s"
            .formatted(claimed, found),
        () -> Reading.of(hvm(width), wrong.toBuilder().strict(true).build()));
  }

  @Test
  void theContentDecidesOnTheGuest() throws IOException {
    Reading read = Reading.of(hvm(4), LegacyOptions.builder().guestKind(GuestKind.PV).build());
    assertEquals(GuestKind.HVM, read.facts().guestKind());
    assertEquals(
        List.of(
            "CLAIM_OVERRULED old.img @0x4 (legacy image): guest PV was claimed, but the image is of"
                + " HVM"),
        read.notes());
  }

  /// A batch whose count and pfns could be frames of a p2m, and the page behind them a batch.
  @Test
  void whereBothKindsFitTheClaimCounts() throws IOException {
    byte[] pages = new byte[2 * 4096];
    pages[0] = 7; // or a fourth frame
    pages[4] = 1; // or a batch of pfn 0
    byte[] image =
        LegacyImageBuilder.image(4)
            .words(0x1000)
            .batch(3, 5)
            .raw(pages)
            .endOfBody()
            .hvmTail(1, 2, 3, filled(64, 0xCC))
            .deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, filled(7, 1))
            .octets();
    LegacyOptions claimed = LegacyOptions.builder().guestKind(GuestKind.HVM).strict(true).build();
    Reading read = Reading.of(image, claimed);
    assertEquals(GuestKind.HVM, read.facts().guestKind());
    assertEquals(List.of(), read.notes());
    Expect.fault(
        Fault.MALFORMED_LAYER,
        "old.img @0x4 (legacy image): expected an image that fits one kind of guest, or"
            + " --guest-kind, found one that fits both",
        () -> Reading.of(image, LegacyOptions.builder().strict(true).build()));
  }

  /// The frames of a p2m are in order where a guest allocates it at its start.
  @Test
  void framesInOrderAreOfAPvGuest() throws IOException {
    LegacyImageBuilder image =
        LegacyImageBuilder.image(4)
            .words(0x1000, 2, 3, 4, 5)
            .filledBatch(12, 13, 14, 15, entry(PageType.L3TAB | PINNED, 16));
    Reading read = Reading.of(pvEnd(image, NARROW));
    assertEquals(GuestKind.PV, read.facts().guestKind());
    assertEquals("X86_PV_P2M_FRAMES 0x2 0x3 0x4 0x5 to 0xfff", read.records().get(2));
    assertEquals(
        "GUESSED old.img @0x4 (legacy image): a list of p2m frames of a PV guest, or an HVM guest's"
            + " batch without page 0: taken to be of a PV guest",
        read.notes().getFirst());
  }

  /// Guests of Xen up to 3.2 without PAE: the topmost tables are of the second level.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void twoLevelsOfPageTablesAreRefused(boolean extendedInfo) throws IOException {
    LegacyImageBuilder head =
        extendedInfo
            ? LegacyImageBuilder.image(4)
                .words(128)
                .extendedInfo(block("vcpu", filled(NARROW, 1)))
                .words(6)
            : bare(4, 128, 6);
    head.filledBatch(0, entry(PageType.L1TAB, 1));
    long at = head.size();
    head.filledBatch(entry(PageType.L2TAB | PINNED, 2));
    byte[] two = head.octets();
    Expect.fault(
        Fault.MALFORMED_BODY,
        "old.img @0x%x (legacy batch.type): expected page tables of three levels (PAE) of a 32-bit guest, found a pinned table of level 2, and none of level 3 in all of the image: no Xen since 3.3 runs such a guest"
            .formatted(at),
        () ->
            Reading.of(
                pvEnd(LegacyImageBuilder.image(4).raw(two), NARROW),
                LegacyOptions.builder().guestWidth(WordWidth.BITS_32).build()));
    // NetBSD pins tables of level 2 of PAE guests.
    byte[] three =
        pvEnd(
            LegacyImageBuilder.image(4).raw(two).filledBatch(entry(PageType.L3TAB | PINNED, 3)),
            NARROW);
    assertEquals(WordWidth.BITS_32, Reading.of(three).facts().guestWidth());
  }

  @Test
  void extendedInfoDecidesOnTheGuestsWidth() throws IOException {
    byte[] image =
        pvEnd(
            LegacyImageBuilder.image(8)
                .words(8)
                .extendedInfo(block("vcpu", filled(NARROW, 1)))
                .words(6)
                .filledBatch(0),
            NARROW);
    Reading read = Reading.of(image, LegacyOptions.builder().guestWidth(WordWidth.BITS_64).build());
    assertEquals(WordWidth.BITS_32, read.facts().guestWidth());
    assertEquals(
        List.of(
            "CLAIM_OVERRULED old.img @0x14 (legacy extended info): guest 64-bit was claimed, but"
                + " the image is of 32-bit"),
        read.notes());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void withoutExtendedInfoPageTablesTell(int width) throws IOException {
    LegacyImageBuilder wide =
        bare(width, 128, 6).filledBatch(0, 1).filledBatch(entry(PageType.L4TAB, 2));
    LegacyImageBuilder narrow =
        bare(width, 128, 6).filledBatch(0).filledBatch(1, entry(PageType.L3TAB | PINNED, 2));
    Reading read = Reading.of(pvEnd(wide, WIDE));
    assertEquals(WordWidth.BITS_64, read.facts().guestWidth());
    assertEquals("PvInfo[guestWidth=8, ptLevels=4]", read.records().getFirst());
    assertEquals(
        List.of(
            "GUESSED old.img @0x%x (legacy p2m frame list): no extended info says how wide the guest is: 64-bit by its p2m and page tables"
                .formatted(width)),
        read.notes());
    assertEquals(
        WordWidth.BITS_32,
        Reading.of(
                pvEnd(narrow, NARROW),
                LegacyOptions.builder().guestWidth(WordWidth.BITS_64).build())
            .facts()
            .guestWidth());
  }

  @ParameterizedTest
  @CsvSource({"4, 8", "4, 4", "8, 8", "8, 4"})
  void withoutExtendedInfoTheLengthOfTheListTells(int width, int guest) throws IOException {
    long[] list = guest == 8 ? new long[] {4, 5, 6, 7} : new long[] {4, 5};
    byte[] image = pvEnd(bare(width, 2048, list).filledBatch(0), guest == 8 ? WIDE : NARROW);
    Reading read = Reading.of(image);
    assertEquals(guest, java.util.Objects.requireNonNull(read.facts().guestWidth()).octets());
    assertEquals(
        guest == 8
            ? "X86_PV_P2M_FRAMES 0x4 0x5 0x6 0x7 to 0x7ff"
            : "X86_PV_P2M_FRAMES 0x4 0x5 to 0x7ff",
        read.records().get(2));
  }

  @Test
  void whereNothingTellsTheClaimCounts() throws IOException {
    byte[] image = pvEnd(bare(8, 128, 6).filledBatch(0, 1), NARROW);
    Reading claimed =
        Reading.of(
            image, LegacyOptions.builder().guestWidth(WordWidth.BITS_32).strict(true).build());
    assertEquals(WordWidth.BITS_32, claimed.facts().guestWidth());
    assertEquals(List.of(), claimed.notes());
    Expect.fault(
        Fault.MALFORMED_LAYER,
        "old.img @0x8 (legacy p2m frame list): expected extended info or page tables that say how"
            + " wide the guest is, or --guest-width, found neither",
        () -> Reading.of(image, LegacyOptions.builder().strict(true).build()));
    byte[] wide = pvEnd(bare(8, 128, 6).filledBatch(0, 1), WIDE);
    assertEquals(
        List.of(
            "GUESSED old.img @0x8 (legacy p2m frame list): nothing says how wide the guest is:"
                + " taken to be 64-bit as its toolstack"),
        Reading.of(wide).notes());
  }

  @Test
  void whatIsNoImage() {
    Expect.fault(
        Fault.NOT_AN_IMAGE,
        "old.img @0x0 (legacy image): expected a legacy image, found nothing",
        () -> Reading.of(new byte[0]));
    Expect.fault(
        Fault.NOT_AN_IMAGE,
        "old.img @0x0 (legacy image): expected a legacy image, found octets that none begins with",
        () -> Reading.of(filled(100, 'x')));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void cutAnywhere(int width) {
    byte[] image =
        LegacyImageBuilder.image(width)
            .words(8)
            .extendedInfo(block("vcpu", filled(NARROW, 1)), block("extv"), xcnt(32))
            .words(6)
            .filledBatch(0)
            .toolstack()
            .vcpuInfo(0, 0)
            .tscInfo(1, 2, 3, 4)
            .endOfBody()
            .unmapped(7)
            .raw(filled(NARROW, 2))
            .raw(filled(128, 2))
            .xsave(1, filled(16, 2))
            .raw(page(3))
            .octets();
    for (int end = width + 4;
        end < image.length;
        end += end < 200 || end > image.length - 200 ? 1 : 7) {
      byte[] cut = Arrays.copyOf(image, end);
      StreamFormatException thrown =
          assertThrows(StreamFormatException.class, () -> Reading.of(cut), "cut at " + end);
      assertEquals(Fault.TRUNCATED, thrown.fault(), thrown.getMessage());
      assertEquals(end, thrown.location().offset(), thrown.getMessage());
    }
  }

  private static void refused(String message, byte[] image) {
    StreamFormatException thrown =
        assertThrows(StreamFormatException.class, () -> Reading.of(image));
    assertEquals("old.img " + message, thrown.getMessage());
  }

  private static byte[] extended(byte[]... blocks) {
    return LegacyImageBuilder.image(8).words(8).extendedInfo(blocks).words(6).octets();
  }

  @Test
  void extendedInfoIsHeldAgainstItself() {
    refused(
        "@0x14 (legacy extended info.length): expected a whole block of at least 8 octets, found 3"
            + " octets",
        extended(filled(3, 1)));
    refused(
        "@0x18 (legacy extended info.\"vcpu\" size): expected at most the 4 octets that are left of"
            + " it, found 9",
        extended(join(new byte[] {'v', 'c', 'p', 'u', 9, 0, 0, 0}, filled(4, 1))));
    refused(
        "@0x18 (legacy extended info.\"vcpu\" size): expected 5168 (64-bit guest) or 2800 (32-bit"
            + " guest), found 12",
        extended(block("vcpu", filled(12, 1))));
    refused(
        "@0x18 (legacy extended info.\"xcnt\" size): expected at least 4, found 2",
        extended(block("xcnt", filled(2, 1))));
    refused(
        "@0x1c (legacy extended info.\"xcnt\"): expected 0, or at least the 16 octets of its"
            + " header, found 15",
        extended(xcnt(15)));
    refused(
        "@0x1c (legacy extended info.\"xcnt\"): expected at most 1048576, found 4294967295",
        extended(xcnt(-1)));
  }

  private static void refusedBody(String message, Consumer<LegacyImageBuilder> body) {
    LegacyImageBuilder image = LegacyImageBuilder.image(8).words(8).filledBatch(0);
    long at = image.size();
    body.accept(image);
    StreamFormatException thrown =
        assertThrows(StreamFormatException.class, () -> Reading.of(image.octets()));
    assertEquals(
        "old.img @0x%x ".formatted(at + offset(message)) + text(message), thrown.getMessage());
  }

  private static int offset(String message) {
    return Integer.parseInt(message.substring(1, message.indexOf(' ')));
  }

  private static String text(String message) {
    return message.substring(message.indexOf(' ') + 1);
  }

  @Test
  void bodiesAreHeldAgainstTheGuest() {
    refusedBody(
        "+0 (legacy batch.count): expected at most 1024, found 1025", image -> image.u32(1025));
    refusedBody("+0 (legacy chunk.id): expected -21 to 1024, found -22", image -> image.u32(-22));
    refusedBody(
        "+12 (legacy batch.pfn[1]): expected a pfn below 0x8, found 0x8",
        image -> image.batch(7, 8));
    refusedBody(
        "+4 (legacy batch.pfn[0]): expected a pfn below 0x8, found 0x100000001",
        image -> image.batch(0x1_0000_0001L));
    refusedBody(
        "+12 (legacy batch.pfn[1]): expected a type that pages of an HVM guest have, found L1TAB of"
            + " pfn 0x2",
        image -> image.batch(1, entry(PageType.L1TAB, 2)));
    refusedBody(
        "+4 (legacy VCPU_INFO.max_id): expected 0 to 4095, found 4096",
        image -> image.u32(LegacyImageBuilder.VCPU_INFO, 4096));
    refusedBody(
        "+4 (legacy VCPU_INFO.max_id): expected 0 to 4095, found -1",
        image -> image.u32(LegacyImageBuilder.VCPU_INFO, -1));
    refusedBody(
        "+4 (legacy TOOLSTACK.length): expected at most 4194304, found 4294967295",
        image -> image.u32(LegacyImageBuilder.TOOLSTACK, -1));
    refusedBody(
        "+16 (legacy TOOLSTACK.physmap[0]): expected 28 octets, found 4 octets before the end of"
            + " the record",
        image -> image.u32(LegacyImageBuilder.TOOLSTACK, 12, 1, 0xFFFF_FFFFL, 0));
    refusedBody(
        "+12 (legacy TMEM.mark): expected 0xffffffff, found 0x00000000",
        image -> image.u32(LegacyImageBuilder.TMEM, 0, 0, 0));
    refusedBody(
        "+28 (legacy HVM tail.context length): expected an HVM context, found 0",
        image -> image.endOfBody().hvmTail(1, 2, 3));
    refusedBody(
        "+28 (legacy HVM tail.context length): expected at most 16777216, found 16777217",
        image -> image.endOfBody().u64(1, 2, 3).u32((16 << 20) + 1));
    refusedBody(
        "+33 (legacy device model.signature): expected \"QemuDeviceModelRecord\","
            + " \"DeviceModelRecord0002\", \"RemusDeviceModelState\" or the end, found"
            + " \"NotAQemuRecord.......\"",
        image ->
            image
                .endOfBody()
                .hvmTail(1, 2, 3, (byte) 1)
                .raw(
                    join(
                        "NotAQemuRecord".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                        new byte[7])));
    refusedBody(
        "+54 (legacy device model.state): expected \"QEVM\", found 0x61616161",
        image ->
            image
                .endOfBody()
                .hvmTail(1, 2, 3, (byte) 1)
                .deviceModel(LegacyImageBuilder.QEMU_TO_END, filled(9, 'a')));
  }

  @Test
  void anImageWithoutMemoryIsNone() {
    refused(
        "@0x14 (legacy body): expected pages of the guest, found none",
        LegacyImageBuilder.image(8)
            .words(8)
            .batch(entry(PageType.XALLOC, 1))
            .endOfBody()
            .hvmTail(1, 2, 3, filled(64, 1))
            .octets()
            .clone());
    refused(
        "@0x8 (legacy ENABLE_VERIFY_MODE): expected pages in front of it, found none",
        LegacyImageBuilder.image(8).words(8).chunk(LegacyImageBuilder.VERIFY).u32(0).octets());
  }

  @Test
  void pvTailsAreHeldAgainstTheGuest() {
    LegacyImageBuilder image =
        LegacyImageBuilder.image(8)
            .words(8)
            .extendedInfo(block("vcpu", filled(WIDE, 1)), xcnt(48))
            .words(6)
            .filledBatch(0);
    long at = image.size();
    byte[] octets = image.endOfBody().u32(9).octets();
    refused(
        "@0x%x (legacy PV tail.unmapped count): expected at most the 8 pfns of the guest, found 9"
            .formatted(at + 4),
        octets);
    byte[] xsave =
        LegacyImageBuilder.image(8)
            .raw(Arrays.copyOf(octets, (int) at))
            .endOfBody()
            .unmapped()
            .raw(filled(WIDE, 2))
            .u64(1, (1 << 20) + 1)
            .octets();
    refused(
        "@0x%x (legacy PV tail.vcpu[0].xsave.size): expected at most 1048576, found 1048577"
            .formatted(at + 8 + WIDE + 8),
        xsave);
  }

  @Test
  void p2mFramesLieInTheGuest() {
    refused(
        "@0x1454 (legacy p2m frame list.pfn[0]): expected a pfn below 0x8, found 0x8"
            .replace("0x1454", "0x" + Integer.toHexString(8 + 8 + 4 + 8 + WIDE)),
        LegacyImageBuilder.image(8)
            .words(8)
            .extendedInfo(block("vcpu", filled(WIDE, 1)))
            .words(8)
            .octets());
  }
}
