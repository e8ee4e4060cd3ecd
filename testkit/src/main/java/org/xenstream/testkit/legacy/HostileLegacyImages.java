// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.join;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.image;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.xcnt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Legacy images with numbers that promise what is not there or cannot be, and what has to be said
/// of each.
public final class HostileLegacyImages {
  /// A page of which one word has changed.
  private static final byte[] DIFFERENCE = {
    1, 1, 2, 3, 4, -1, -1, -1, -1, -1, -1, -1, -1, (byte) 0x87
  };

  /// An image.
  ///
  /// @param name what is odd
  /// @param image the octets
  /// @param message what is said of it, behind the name of the source
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Case(String name, byte[] image, String message) {
    /// Tells whether the octets are not even taken for the beginning of a legacy image.
    public boolean isNoImage() {
      return message.startsWith("@0x0 (legacy image)");
    }

    /// Tells whether the image is refused because it cannot be read once more: in a plain file it
    /// is no fault.
    public boolean isOfPipes() {
      return message.contains("or the image in a plain file");
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private final List<Case> cases = new ArrayList<>();

  private HostileLegacyImages() {}

  private void add(String name, LegacyImageBuilder image, String message) {
    cases.add(new Case(name, image.octets(), message));
  }

  /// An HVM image up to its first chunk.
  private static LegacyImageBuilder hvm() {
    return image(8).words(64);
  }

  /// One with a page, up to the end of its body.
  private static LegacyImageBuilder body() {
    return hvm().filledBatch(1);
  }

  /// A 64-bit PV image up to its first chunk.
  private static LegacyImageBuilder pv(byte[]... blocks) {
    return image(8).words(64).extendedInfo(blocks).words(2);
  }

  private static LegacyImageBuilder pv() {
    return pv(block("vcpu", filled(5168, 1)));
  }

  /// An HVM image up to the body of its second checkpoint, which is compressed.
  private static LegacyImageBuilder compressing() {
    LegacyImageBuilder image = body().chunk(LegacyImageBuilder.ENABLE_COMPRESSION).endOfBody();
    return image.hvmTail(5, 6, 7, new byte[8]).deviceModel(LegacyImageBuilder.QEMU_OF_REMUS);
  }

  /// All of them.
  public static List<Case> all() {
    HostileLegacyImages images = new HostileLegacyImages();
    images.guests();
    images.chunks();
    images.compression();
    images.tails();
    return images.cases;
  }

  private void guests() {
    add(
        "no pfns",
        image(8).words(0).filledBatch(1),
        "@0x0 (legacy image): expected a legacy image, found octets that none begins with");
    add(
        "more pfns than 28 bits name",
        image(8).words((1L << 28) + 1).filledBatch(1),
        "@0x0 (legacy image): expected a legacy image, found octets that none begins with");
    add(
        "2^63 pfns",
        image(8).u64(1L << 63).filledBatch(1),
        "@0x0 (legacy image): expected a legacy image, found octets that none begins with");
    add(
        "2^32-1 pfns of a 32-bit toolstack",
        image(4).words(-1).filledBatch(1),
        "@0x0 (legacy image): expected a legacy image, found octets that none begins with");
    add(
        "no word of extended info",
        image(8).words(64).words(-1),
        "@0x10 (legacy extended info.length): expected 4 octets, found 0 octets before the end");
    add(
        "extended info of 4 GiB",
        image(8).words(64).words(-1).u32(-1).raw(block("vcpu")),
        "@0x10 (legacy extended info.length): expected at most 4194304, found 4294967295");
    add(
        "a block of 4 GiB",
        pvHead(64, "vcpu", -1),
        "@0x18 (legacy extended info.\"vcpu\" size): expected at most the 56 octets that "
            + "are left of it, found 4294967295");
    add(
        "a block longer than its extended info",
        pvHead(12, "extv", 5),
        "@0x18 (legacy extended info.\"extv\" size): expected at most the 4 octets that are "
            + "left of it, found 5");
    add(
        "half a block header",
        image(8).words(64).words(-1).u32(4).u32(0),
        "@0x14 (legacy extended info.length): expected a whole block of at least 8 octets, "
            + "found 4 octets");
    add(
        "a context of no guest",
        pv(block("vcpu", filled(5169, 1))),
        "@0x18 (legacy extended info.\"vcpu\" size): expected 5168 (64-bit guest) or 2800 "
            + "(32-bit guest), found 5169");
    add(
        "XSAVE states of 4 GiB",
        pv(block("vcpu", filled(5168, 1)), xcnt(-1)),
        "@0x1454 (legacy extended info.\"xcnt\"): expected at most 1048576, found 4294967295");
    add(
        "XSAVE states shorter than their header",
        pv(block("vcpu", filled(5168, 1)), xcnt(15)),
        "@0x1454 (legacy extended info.\"xcnt\"): expected 0, or at least the 16 octets of "
            + "its header, found 15");
    add(
        "a p2m frame beyond the guest",
        image(8).words(64).extendedInfo(block("vcpu", filled(5168, 1))).words(64).filledBatch(1),
        "@0x144c (legacy p2m frame list.pfn[0]): expected a pfn below 0x40, found 0x40");
    add(
        "a p2m of 2^28 pfns and no frames",
        image(8).words(1 << 28).extendedInfo(block("vcpu", filled(5168, 1))).words(2),
        "@0x1454 (legacy p2m frame list): expected 4194304 octets, found 8 octets before the end");
  }

  private static LegacyImageBuilder pvHead(int total, String id, int size) {
    return image(8).words(64).words(-1).u32(total).raw(id.getBytes(US_ASCII)).u32(size);
  }

  private void chunks() {
    add(
        "a batch of 1025",
        body().u32(1025).words(new long[1025]),
        "@0x1014 (legacy batch.count): expected at most 1024, found 1025");
    add(
        "a batch of 2^31-1",
        body().u32(Integer.MAX_VALUE),
        "@0x1014 (legacy batch.count): expected at most 1024, found 2147483647");
    add(
        "a chunk that nobody knows",
        body().chunk(-22),
        "@0x1014 (legacy chunk.id): expected -21 to 1024, found -22");
    add(
        "a chunk of the lowest id",
        body().chunk(Integer.MIN_VALUE),
        "@0x1014 (legacy chunk.id): expected -21 to 1024, found -2147483648");
    add(
        "a pfn beyond the guest",
        body().batch(64),
        "@0x1018 (legacy batch.pfn[0]): expected a pfn below 0x40, found 0x40");
    add(
        "a type that nobody knows",
        body().batch(entry(5, 1)).raw(page(0)),
        "@0x1018 (legacy batch.pfn[0]): expected a type that pages of an HVM guest have, "
            + "found 0x5 of pfn 0x1");
    add(
        "a page table of an HVM guest",
        body().batch(entry(1, 1)).raw(page(0)),
        "@0x1018 (legacy batch.pfn[0]): expected a type that pages of an HVM guest have, "
            + "found L1TAB of pfn 0x1");
    add(
        "vCPU 4096",
        body().chunk(LegacyImageBuilder.VCPU_INFO).u32(4096),
        "@0x1018 (legacy VCPU_INFO.max_id): expected 0 to 4095, found 4096");
    add(
        "vCPU -1",
        body().chunk(LegacyImageBuilder.VCPU_INFO).u32(-1),
        "@0x1018 (legacy VCPU_INFO.max_id): expected 0 to 4095, found -1");
    add(
        "a toolstack's record of 4 GiB",
        body().chunk(LegacyImageBuilder.TOOLSTACK).u32(-1),
        "@0x1018 (legacy TOOLSTACK.length): expected at most 4194304, found 4294967295");
    add(
        "a toolstack's record of 4 octets",
        body().toolstack((byte) 1, (byte) 0, (byte) 0, (byte) 0),
        "@0x101c (legacy TOOLSTACK.header): expected 8 octets, found 4 octets before the "
            + "end of the record");
    add(
        "2^32-1 stretches of memory",
        body().toolstack(counted(1, -1)),
        "@0x1024 (legacy TOOLSTACK.physmap[0]): expected 28 octets, found 0 octets before "
            + "the end of the record");
    add(
        "a name of 4 GiB",
        body().toolstack(named(-1)),
        "@0x1040 (legacy TOOLSTACK.physmap[0].name): expected 4294967299 octets, found 0 "
            + "octets before the end of the record");
    add(
        "a name without its NUL",
        body().toolstack(named(3, 'a', 'b', 'c', 0, 0, 0, 0)),
        "@0x103c (legacy TOOLSTACK.physmap[0].namelen): expected the length of a name that "
            + "ends with its first NUL, found 3");
    add(
        "a toolstack's record of another version",
        body().toolstack(counted(2, 0)),
        "@0x101c (legacy TOOLSTACK.version): expected 1, found 2");
    add(
        "compressed pages before it is said",
        body().compressed((byte) 0),
        "@0x1014 (legacy COMPRESSED_DATA): expected pages as they are, found compressed ones");
    add(
        "verification before memory",
        hvm().chunk(LegacyImageBuilder.VERIFY).endOfBody(),
        "@0x8 (legacy ENABLE_VERIFY_MODE): expected pages in front of it, found none");
    add(
        "TMEM without its mark",
        hvm().chunk(LegacyImageBuilder.TMEM).u32(0, 1, 2),
        "@0x14 (legacy TMEM.mark): expected 0xffffffff, found 0x00000002");
    add(
        "TMEM of 2^32-1 pages of 128 MiB",
        hvm()
            .u32(LegacyImageBuilder.TMEM, 0, 16, -1, 0, 1, 2, -1, 3, 0xF1, -1)
            .u64(1, 2)
            .u64(1, 2, 3)
            .u32(0),
        "@0x60 (legacy TMEM.page): expected 134217732 octets, found 4 octets before the end");
    add(
        "no memory at all",
        hvm().vcpuInfo(0, 0).endOfBody().hvmTail(5, 6, 7, new byte[8]),
        "@0x18 (legacy body): expected pages of the guest, found none");
    add(
        "no chunk at all",
        hvm().endOfBody().hvmTail(5, 6, 7, new byte[8]),
        "@0x0 (legacy image): expected a legacy image, found octets that none begins with");
  }

  private static byte[] counted(int version, int count) {
    return LegacyImageBuilder.image(4).u32(version, count).octets();
  }

  private static byte[] named(int length, int... octets) {
    LegacyImageBuilder data = LegacyImageBuilder.image(4).u32(1, 1).u64(1, 2, 3).u32(length);
    for (int octet : octets) {
      data.raw((byte) octet);
    }
    return data.octets();
  }

  private void compression() {
    LegacyImageBuilder data = compressing().batch(1).chunk(LegacyImageBuilder.COMPRESSED_DATA);
    add(
        "compressed data of 2^64-1 octets",
        data.u64(-1),
        "@0x1065 (legacy COMPRESSED_DATA.length): expected at most 9223372036854775807, "
            + "found 18446744073709551615");
    byte[] full = new byte[4097];
    full[0] = (byte) 0x80;
    add(
        "more compressed data than pages",
        compressing().batch(1).compressed(full).compressed((byte) 0).endOfBody(),
        "@0x207e (legacy COMPRESSED_DATA.data): expected pages for the entries that came "
            + "before, found 1 octets more");
    add(
        "a page that did not change since before compression",
        compressing().batch(1).compressed((byte) 0).endOfBody(),
        "@0x1065 (legacy COMPRESSED_DATA.pfn 0x1): expected a page that came whole since "
            + "compression began (or the image in a plain file, or --keep-pages), found a "
            + "difference from what came before");
    add(
        "a page that is not sent",
        compressing().batch(1, 2).compressed(full).endOfBody(),
        "@0x207a (legacy body): expected compressed data for 1 more entries, found the end "
            + "of the body");
    byte[] more = new byte[4098];
    more[0] = (byte) 0x80;
    add(
        "octets behind the last page",
        compressing().batch(1).compressed(more).endOfBody(),
        "@0x2072 (legacy COMPRESSED_DATA.data): expected pages for the entries that came "
            + "before, found 1 octets more");
    byte[] twice = join(full, new byte[] {2, 1, 2, 3});
    add(
        "a run that is cut",
        compressing().batch(1, 1).compressed(twice).endOfBody(),
        "@0x207e (legacy body): expected compressed data for 1 more entries, found the end "
            + "of the body");
    byte[] skips = new byte[4097 + 9];
    System.arraycopy(full, 0, skips, 0, 4097);
    Arrays.fill(skips, 4097, skips.length, (byte) 0xFF);
    add(
        "skips beyond the page",
        compressing().batch(1, 1).compressed(skips).endOfBody(),
        "@0x207a (legacy COMPRESSED_DATA.run): expected runs of at least a word that make "
            + "up a page, found more than a page");
    byte[] nothing = join(full, new byte[] {1, 1, 2, 3, 4, 0});
    add(
        "a run of no words",
        compressing().batch(1, 1).compressed(nothing).endOfBody(),
        "@0x207a (legacy COMPRESSED_DATA.run): expected runs of at least a word that make "
            + "up a page, found a run of none");
    add(
        "a difference from a page that was not kept",
        compressing().batch(1).compressed(DIFFERENCE).endOfBody(),
        "@0x1065 (legacy COMPRESSED_DATA.pfn 0x1): expected a page that came whole since "
            + "compression began (or the image in a plain file, or --keep-pages), found a "
            + "difference from what came before");
  }

  private void tails() {
    add(
        "an HVM context of 4 GiB",
        body().endOfBody().u64(5, 6, 7).u32(-1),
        "@0x1030 (legacy HVM tail.context length): expected at most 16777216, found 4294967295");
    add(
        "no HVM context",
        body().endOfBody().u64(5, 6, 7).u32(0),
        "@0x1030 (legacy HVM tail.context length): expected an HVM context, found 0");
    LegacyImageBuilder tail = body().chunk(LegacyImageBuilder.LAST_CHECKPOINT).endOfBody();
    tail.hvmTail(5, 6, 7, new byte[8]);
    add(
        "a device model of another name",
        tail.raw("NotAQemuRecord.......".getBytes(US_ASCII)),
        "@0x1040 (legacy device model.signature): expected \"QemuDeviceModelRecord\", "
            + "\"DeviceModelRecord0002\", \"RemusDeviceModelState\" or the end, found "
            + "\"NotAQemuRecord.......\"");
    tail = body().endOfBody().hvmTail(5, 6, 7, new byte[8]);
    tail.raw(LegacyImageBuilder.QEMU_WITH_LENGTH.getBytes(US_ASCII));
    add(
        "a device model of 4 GiB",
        tail.u32(-1),
        "@0x1051 (legacy device model.length): expected at most 50331648, found 4294967295");
    tail = body().endOfBody().hvmTail(5, 6, 7, new byte[8]);
    tail.raw(LegacyImageBuilder.QEMU_WITH_LENGTH.getBytes(US_ASCII));
    add(
        "a device model that is not there",
        tail.u32(9).raw(new byte[3]),
        "@0x1058 (legacy device model.state): expected 9 octets, found 3 octets before the end");
    tail = body().endOfBody().hvmTail(5, 6, 7, new byte[8]);
    tail.raw(LegacyImageBuilder.QEMU_OF_REMUS.getBytes(US_ASCII));
    add(
        "a long device model of which half is there",
        tail.u32(48 << 20).raw(new byte[2 << 20]),
        "@0x201055 (legacy device model.state): expected 50331648 octets, found 2097152 octets "
            + "before the end");
    tail = body().endOfBody().hvmTail(5, 6, 7, new byte[8]);
    add(
        "a state that is not QEMU's",
        tail.deviceModel(LegacyImageBuilder.QEMU_TO_END, new byte[9]),
        "@0x1051 (legacy device model.state): expected \"QEVM\", found 0x00000000");
    add(
        "2^32-1 unmapped pfns",
        pv().filledBatch(1).endOfBody().u32(-1),
        "@0x2464 (legacy PV tail.unmapped count): expected at most the 64 pfns of the "
            + "guest, found 4294967295");
    add(
        "unmapped pfns that are not there",
        pv().filledBatch(1).endOfBody().u32(64).words(1),
        "@0x2470 (legacy PV tail.unmapped pfns): expected 512 octets, found 8 octets before "
            + "the end");
    LegacyImageBuilder xsave = pv(block("vcpu", filled(5168, 1)), xcnt(116)).filledBatch(1);
    xsave.endOfBody().unmapped().raw(filled(5168, 2));
    add(
        "XSAVE state that is not there",
        xsave.u64(7, 6000).raw(new byte[5000]),
        "@0x4c3c (legacy PV tail.vcpu[0].xsave): expected 6016 octets, found 5016 octets before "
            + "the end");
    xsave = pv(block("vcpu", filled(5168, 1)), xcnt(116)).filledBatch(1);
    xsave.endOfBody().unmapped().raw(filled(5168, 2));
    add(
        "XSAVE state of 2^64-1 octets",
        xsave.u64(7, -1).raw(new byte[5000]),
        "@0x38ac (legacy PV tail.vcpu[0].xsave.size): expected at most 1048576, found "
            + "18446744073709551615");
    LegacyImageBuilder many = pv().filledBatch(1).vcpuInfo(4095, 0, 4095).endOfBody();
    add(
        "a vCPU that is not there",
        many.unmapped().raw(filled(5168, 2)),
        "@0x3aa0 (legacy PV tail.vcpu[4095].context): expected 5168 octets, found 0 octets "
            + "before the end");
  }

  /// A difference from a page that never came, which is known only where all pages are kept.
  public static Case differenceFromNothing() {
    return new Case(
        "a difference from nothing",
        compressing().batch(2).compressed(DIFFERENCE).endOfBody().octets(),
        "@0x1065 (legacy COMPRESSED_DATA.pfn 0x2): expected a page that came before, found a "
            + "difference from nothing");
  }
}
