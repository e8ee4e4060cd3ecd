// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/// The choices that a saver of legacy images has, by its build, its release and its guest.
///
/// @param width octets in a word of the toolstack, 4 or 8
/// @param extendedInfo PV: extended info is written; without it contexts are the basic ones alone
/// @param unknownBlock PV: extended info has a block that nobody knows
/// @param extended PV: extended contexts are written
/// @param xsave PV: XSAVE state is written, where the guest has any
/// @param vcpuInfo VCPU_INFO is written; without it there is vCPU 0 alone
/// @param lastCheckpoint LAST_CHECKPOINT is written before the last tail
/// @param compressed later checkpoints come compressed
/// @param gathered how many pages are compressed at once
/// @param mostInBatch the entries of a batch at most
/// @param oddEntries entries without pages of pfns that the guest does not have, XALLOC before
///   pages come, and batches of nothing else
/// @param repeated a pfn can come twice in a batch: the later page counts
/// @param tmemPages pages of a TMEM chunk; −1 without the chunk
/// @param tscFirst TSC_INFO stands before all memory, as where the guest does not run; else behind
/// @param deviceModel HVM: the signature of the device model's tail, or null without it
/// @param deviceModelOctets the length of its state, where the modern image has none
/// @param physmap what the TOOLSTACK chunk tells of; null without the chunk
/// @param unmapped PV: the list of unmapped pfns has those that the guest does not have
/// @param hvmVcpus HVM: how many vCPUs VCPU_INFO tells of
/// @param seed decides where odd entries stand
public record LegacyVariety(
    int width,
    boolean extendedInfo,
    boolean unknownBlock,
    boolean extended,
    boolean xsave,
    boolean vcpuInfo,
    boolean lastCheckpoint,
    boolean compressed,
    int gathered,
    int mostInBatch,
    boolean oddEntries,
    boolean repeated,
    int tmemPages,
    boolean tscFirst,
    @Nullable String deviceModel,
    int deviceModelOctets,
    @Nullable List<PhysmapEntry> physmap,
    boolean unmapped,
    int hvmVcpus,
    long seed) {
  /// The image of a guest that does not run, as Xen 4.5 writes it.
  public static LegacyVariety reference(int width) {
    return new LegacyVariety(
        width,
        true,
        false,
        true,
        true,
        true,
        true,
        false,
        RemusCompressor.REFERENCE_PAGES,
        1024,
        false,
        false,
        -1,
        true,
        LegacyImageBuilder.QEMU_WITH_LENGTH,
        1000,
        List.of(),
        true,
        1,
        0);
  }

  /// The same of a guest whose checkpoints are sent.
  public LegacyVariety remus(boolean compressed) {
    return new LegacyVariety(
        width,
        extendedInfo,
        unknownBlock,
        extended,
        xsave,
        vcpuInfo,
        false,
        compressed,
        gathered,
        mostInBatch,
        oddEntries,
        repeated,
        tmemPages,
        tscFirst,
        deviceModel,
        deviceModelOctets,
        physmap,
        unmapped,
        hvmVcpus,
        seed);
  }

  /// Any choices, of any age: an old one leaves out what it has no place for. Compression only if
  /// there are checkpoints.
  public static LegacyVariety any(RandomGenerator chance, boolean checkpointed) {
    int width = chance.nextBoolean() ? 4 : 8;
    // What goes to the end of the file cannot be followed by another checkpoint.
    List<String> models =
        checkpointed
            ? List.of(LegacyImageBuilder.QEMU_WITH_LENGTH, LegacyImageBuilder.QEMU_OF_REMUS)
            : List.of(
                LegacyImageBuilder.QEMU_WITH_LENGTH,
                LegacyImageBuilder.QEMU_OF_REMUS,
                LegacyImageBuilder.QEMU_TO_END,
                "");
    String model = models.get(chance.nextInt(models.size()));
    // Of Xen 4.1 and later, of 3.2 to 4.0, of 3.0.3 to 3.1 with extended info, which 3.0 writes for
    // one vCPU, and of 3.0 without extended info. None of the old ones sends checkpoints.
    int age = chance.nextInt(checkpointed ? 3 : 4);
    return new LegacyVariety(
        width,
        age < 3,
        chance.nextInt(4) == 0,
        age < 2,
        age < 1,
        age < 2 || (age == 2 && chance.nextBoolean()),
        chance.nextBoolean(),
        checkpointed && chance.nextInt(3) != 0,
        chance.nextBoolean() ? RemusCompressor.REFERENCE_PAGES : 1 + chance.nextInt(100),
        chance.nextBoolean() ? 1024 : 1 + chance.nextInt(1024),
        chance.nextBoolean(),
        chance.nextBoolean(),
        chance.nextInt(4) == 0 ? chance.nextInt(4) : -1,
        chance.nextBoolean(),
        model.isEmpty() ? null : model,
        4 + chance.nextInt(3000),
        chance.nextBoolean() ? physmap(chance) : null,
        chance.nextBoolean(),
        1 + chance.nextInt(128),
        chance.nextLong());
  }

  /// A state of a device model, which begins as that of QEMU does.
  public byte[] deviceModelState() {
    byte[] state = new byte[deviceModelOctets];
    RandomGeneratorFactory.of("L64X128MixRandom").create(seed).nextBytes(state);
    System.arraycopy(new byte[] {'Q', 'E', 'V', 'M'}, 0, state, 0, 4);
    return state;
  }

  private static List<PhysmapEntry> physmap(RandomGenerator chance) {
    return List.of(
            new PhysmapEntry(0xF000_0000L, 0xE000_0000L, 0x80_0000, "vga.vram"),
            new PhysmapEntry(chance.nextLong(), chance.nextLong(), chance.nextLong(), "rom@\u00e4"),
            new PhysmapEntry(0x1_0000_0000L, 0x3_0000_0000L, 0x1000, ""))
        .subList(0, chance.nextInt(4));
  }
}
