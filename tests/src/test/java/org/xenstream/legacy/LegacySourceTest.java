// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.xcnt;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;
import org.xenstream.testkit.legacy.PhysmapEntry;

/// Images of one state: what each part of them becomes.
class LegacySourceTest {
  private static final LegacyOptions STRICT = LegacyOptions.builder().strict(true).build();
  private static final int WIDE = 5168;
  private static final int NARROW = 2800;
  private static final int FLAGS = 512;

  @TempDir private Path folder;

  private static LegacyImageBuilder hvm(int width) {
    return LegacyImageBuilder.image(width).words(8);
  }

  private static LegacyImageBuilder hvmEnd(LegacyImageBuilder image) {
    return image
        .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
        .endOfBody()
        .hvmTail(1, 2, 3, filled(64, 0xCC));
  }

  /// A PV guest's image up to its body.
  private static LegacyImageBuilder pv(int width, int context, byte[]... blocks) {
    byte[][] all = Arrays.copyOf(blocks, blocks.length + 1);
    all[blocks.length] = block("vcpu", filled(context, 0x11));
    return LegacyImageBuilder.image(width).words(8).extendedInfo(all).words(6);
  }

  private static LegacyImageBuilder pvEnd(LegacyImageBuilder image, int context) {
    return image
        .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
        .endOfBody()
        .unmapped()
        .raw(filled(context, 0x33))
        .raw(page(0x55));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void anHvmGuest(int width) throws IOException {
    byte[] image =
        hvmEnd(
                hvm(width)
                    .tscInfo(2, 7, 1000, 3)
                    .filledBatch(0, 1)
                    .param(LegacyImageBuilder.IDENT_PT, 0xA000))
            .deviceModel(LegacyImageBuilder.QEMU_WITH_LENGTH, filled(5, 0x7E))
            .octets();
    Reading read = Reading.of(image);
    assertEquals(
        List.of(
            "StaticDataEnd[]",
            "TscInfo[mode=2, khz=1000, nsec=7, incarnation=3]",
            "PAGE_DATA 0x0=01 0x1=02",
            "HVM_PARAMS 12=0xa000 5=0x1 6=0x2 1=0x3",
            "HVM_CONTEXT cc",
            "End[]"),
        read.records());
    long batch = width + 24L;
    long tail = batch + 4 + 2L * width + 8192 + 16 + 8;
    assertEquals(
        List.of((long) width, (long) width, batch, tail, tail + 24, (long) image.length),
        read.offsets());
    assertEquals(List.of(), read.notes());
    assertEquals(
        new LegacyFacts(
            width == 4 ? WordWidth.BITS_32 : WordWidth.BITS_64,
            GuestKind.HVM,
            null,
            8,
            false,
            1,
            1,
            false,
            false),
        read.facts());
    assertArrayEquals(filled(5, 0x7E), Reading.octets(read.models().getFirst().context()));
    assertEquals(0, read.scratchWritten());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void aPvGuest(int width) throws IOException {
    int context = width == 4 ? WIDE : NARROW; // a guest of the other width
    byte[] image =
        pv(width, context, block("extv"), xcnt(16 + 32))
            .filledBatch(entry(PageType.L1TAB, 2), entry(PageType.XALLOC, 3), 6)
            .tscInfo(0, 1, 2, 3)
            .vcpuInfo(2, 0, 2)
            .chunk(LegacyImageBuilder.LAST_CHECKPOINT)
            .endOfBody()
            .unmapped(5, 7)
            .raw(filled(context, 0x33))
            .raw(filled(128, 0x34))
            .xsave(3, filled(32, 0x35))
            .raw(filled(context, 0x43))
            .raw(filled(128, 0x44))
            .xsave(3, filled(32, 0x45))
            .raw(page(0x55))
            .octets();
    Reading read = Reading.of(image);
    int guest = width == 4 ? 8 : 4;
    assertEquals(
        List.of(
            "PvInfo[guestWidth=%d, ptLevels=%d]".formatted(guest, guest == 8 ? 4 : 3),
            "StaticDataEnd[]",
            "X86_PV_P2M_FRAMES 0x6 to 0x7",
            "PAGE_DATA 0x2:L1TAB=01 0x3:XALLOC 0x6=02",
            "TscInfo[mode=0, khz=2, nsec=1, incarnation=3]",
            "X86_PV_VCPU_BASIC 0 33",
            "X86_PV_VCPU_EXTENDED 0 34",
            "X86_PV_VCPU_XSAVE 0 35",
            "X86_PV_VCPU_BASIC 2 43",
            "X86_PV_VCPU_EXTENDED 2 44",
            "X86_PV_VCPU_XSAVE 2 45",
            "SHARED_INFO 55",
            "End[]"),
        read.records());
    assertEquals(2, read.facts().vcpus());
    assertTrue(read.models().getFirst().isEmpty());
  }

  @Test
  void everyParameterOfAnHvmGuest() throws IOException {
    LegacyImageBuilder image = hvm(8).filledBatch(0);
    int[] ids = {-3, -4, -8, -10, -11, -14, -15, -16, -17, -19, -20, -21};
    for (int id : ids) {
      image.param(id, id == LegacyImageBuilder.ACPI_IOPORTS ? 1 : 0x100 - id);
    }
    image.param(LegacyImageBuilder.IDENT_PT, 0xFFF); // the later one counts
    Reading read = Reading.of(hvmEnd(image).octets());
    assertEquals(
        "HVM_PARAMS 12=0xfff 15=0x104 17=0x108 19=0x1 9=0x10b 34=0x10e 27=0x10f 28=0x110 29=0x111"
            + " 36=0x115 32=0x113 33=0x114 5=0x1 6=0x2 1=0x3",
        read.records().get(2));
  }

  /// A legacy restore sets what is not 0, ioreq pages where both of their parameters are said, and
  /// of ACPI's locations the one that it knows.
  @Test
  void parametersThatALegacyRestoreDoesNotSetAreLeftOut() throws IOException {
    LegacyImageBuilder image = hvm(8).filledBatch(0);
    int[] ids = {-3, -4, -8, -11, -14, -15, -16, -17, -21};
    for (int id : ids) {
      image.param(id, 0);
    }
    long ioreq = image.param(LegacyImageBuilder.ACPI_IOPORTS, 2).size();
    image.param(LegacyImageBuilder.NR_IOREQ_SERVER_PAGES, 0);
    Reading read = Reading.of(hvmEnd(image.param(LegacyImageBuilder.IOREQ_SERVER_PFN, 9)).octets());
    assertEquals("HVM_PARAMS 5=0x1 6=0x2 1=0x3", read.records().get(2));
    assertEquals(12, read.notes().size());
    String why = "is left out: a legacy restore does not set it";
    assertEquals(
        List.of(
            "CHUNK_SKIPPED old.img @0x%x (legacy HVM_X87_FIP_WIDTH.value): 0 %s"
                .formatted(ioreq - 32, why),
            "CHUNK_SKIPPED old.img @0x%x (legacy HVM_ACPI_IOPORTS_LOCATION.value): 0x2, as all but 1 %s"
                .formatted(ioreq - 16, why),
            "CHUNK_SKIPPED old.img @0x%x (legacy ioreq servers): 0 pages from pfn 0x9 on %s"
                .formatted(ioreq + 16, why)),
        read.notes().subList(8, 11));
  }

  @Test
  void aNumberOfPagesHasNoSign() throws IOException {
    LegacyImageBuilder image = hvm(8).filledBatch(0);
    long at = image.size();
    image.param(LegacyImageBuilder.NR_IOREQ_SERVER_PAGES, -1);
    assertEquals(
        "CHUNK_SKIPPED old.img @0x%x (legacy ioreq servers): 18446744073709551615 pages from pfn 0x0"
                .formatted(at)
            + " on is left out: a legacy restore does not set it",
        Reading.of(hvmEnd(image).octets()).notes().getFirst());
  }

  /// What one state said stays where a later one says 0: a restore has set it by then.
  @Test
  void aParameterOfALaterStateThatIsLeftOutLeavesTheEarlierOne() throws IOException {
    LegacyImageBuilder image = hvm(8);
    for (long value : new long[] {7, 0}) {
      image
          .filledBatch(0)
          .param(LegacyImageBuilder.CONSOLE_PFN, value)
          .param(LegacyImageBuilder.IOREQ_SERVER_PFN, 9)
          .param(LegacyImageBuilder.NR_IOREQ_SERVER_PAGES, value)
          .endOfBody()
          .hvmTail(1, 2, 3, filled(64, 0xCC))
          .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, filled(5, 0x7E));
    }
    assertEquals(
        "HVM_PARAMS 17=0x7 32=0x9 33=0x7 5=0x1 6=0x2 1=0x3",
        Reading.of(image.octets()).records().get(3));
  }

  /// Savers of 4.4 and 4.5 write as much as each vCPU's own features need.
  @Test
  void xsaveStatesOfDifferentLengths() throws IOException {
    LegacyImageBuilder image =
        pv(8, WIDE, xcnt(16 + 32)).filledBatch(0).vcpuInfo(2, 0, 1, 2).endOfBody().unmapped();
    image.raw(filled(WIDE, 0x33)).xsave(3, filled(32, 0x34));
    long wider = image.raw(filled(WIDE, 0x43)).size();
    image.xsave(7, filled(50, 0x44));
    image.raw(filled(WIDE, 0x53)).xsave(3, filled(32, 0x54));
    byte[] octets = image.raw(page(0x55)).octets();
    Reading read = Reading.of(octets);
    Expect.fault(
        Fault.MALFORMED_BODY,
        "old.img @0x%x (legacy PV tail.vcpu[1].xsave.size): expected 32 octets, as \"xcnt\" has it, found 50"
            .formatted(wider + 8),
        () -> Reading.of(octets, STRICT));
    assertEquals(
        List.of(
            "X86_PV_VCPU_BASIC 0 33",
            "X86_PV_VCPU_XSAVE 0 34",
            "X86_PV_VCPU_BASIC 1 43",
            "X86_PV_VCPU_XSAVE 1 44",
            "X86_PV_VCPU_BASIC 2 53",
            "X86_PV_VCPU_XSAVE 2 54",
            "SHARED_INFO 55"),
        read.records().subList(4, 11));
    assertEquals(
        List.of(
            "ODDITY old.img @0x%x (legacy PV tail.vcpu[1].xsave.size): XSAVE state of 50 octets, where \"xcnt\" has 32"
                .formatted(wider + 8)),
        read.notes());
  }

  @Test
  void aParameterInThePvGuestsImageIsLeftOut() throws IOException {
    LegacyImageBuilder image = pv(8, WIDE).filledBatch(0);
    long at = image.size();
    byte[] octets =
        pvEnd(image.param(LegacyImageBuilder.IDENT_PT, 1).vcpuInfo(0, 0), WIDE).octets();
    Reading read = Reading.of(octets);
    Expect.fault(
        Fault.MISPLACED,
        "old.img @0x%x (legacy HVM_IDENT_PT): expected no parameter of HVM guests in the image of a PV guest, found HVM_IDENT_PT"
            .formatted(at),
        () -> Reading.of(octets, STRICT));
    assertFalse(read.records().stream().anyMatch(record -> record.startsWith("HVM_PARAMS")));
    assertEquals(
        List.of(
            "CHUNK_SKIPPED old.img @0x%x (legacy HVM_IDENT_PT): a parameter of HVM guests in the image of a PV guest is left out"
                .formatted(at)),
        read.notes());
  }

  @Test
  void aPageThatCouldNotBeMappedIsNoEntry() throws IOException {
    long bare = LegacyImageBuilder.UNMAPPED_ENTRY;
    Reading read =
        Reading.of(
            hvmEnd(
                    hvm(8)
                        .filledBatch(bare, 1, bare, entry(PageType.XTAB, 2), bare)
                        .filledBatch(bare, bare)
                        .filledBatch(
                            3, entry(PageType.XTAB, 0x12345), entry(PageType.XTAB, 1L << 40)))
                .octets());
    assertEquals(
        List.of("PAGE_DATA 0x1=01 0x2:XTAB", "PAGE_DATA 0x3=01"), read.records().subList(1, 3));
  }

  @Test
  void aPfnThatComesAgainBeginsARecordOfItsOwn() throws IOException {
    LegacyImageBuilder image = hvm(8);
    long at = image.size();
    Reading read =
        Reading.of(hvmEnd(image.filledBatch(1, 3, 2, 3, 1, entry(PageType.XTAB, 1), 1)).octets());
    assertEquals(
        List.of(
            "PAGE_DATA 0x1=01 0x3=02 0x2=03",
            "PAGE_DATA 0x3=04 0x1=05",
            "PAGE_DATA 0x1:XTAB",
            "PAGE_DATA 0x1=06"),
        read.records().subList(1, 5));
    long pages = at + 4 + 7 * 8;
    assertEquals(
        List.of(at, pages + 3 * 4096, pages + 5 * 4096, pages + 5 * 4096),
        read.offsets().subList(1, 5));
  }

  @Test
  void aVerifyPass() throws IOException {
    Reading read =
        Reading.of(
            hvmEnd(hvm(4).filledBatch(0, 1).chunk(LegacyImageBuilder.VERIFY).filledBatch(1))
                .octets());
    assertEquals(
        List.of("PAGE_DATA 0x0=01 0x1=02", "Verify[]", "PAGE_DATA 0x1=01"),
        read.records().subList(1, 4));
    assertTrue(read.facts().verifies());
  }

  /// The reference turns on the flag of a vCPU whose image does not say which are online
  /// (`VGCF_online`).
  @Test
  void anImageWithoutVcpuInfoHasOneThatRuns() throws IOException {
    byte[] image = pvEnd(pv(8, WIDE).filledBatch(0), WIDE).octets();
    byte[] said = pvEnd(pv(8, WIDE).filledBatch(0).vcpuInfo(0, 0), WIDE).octets();
    assertEquals((byte) (0x33 | 0x20), firstContext(image)[FLAGS]);
    assertEquals((byte) 0x33, firstContext(said)[FLAGS]);
  }

  private static byte[] firstContext(byte[] image) throws IOException {
    try (LegacySource source =
        LegacySource.open(Reading.pipe(image), LegacyOptions.DEFAULT, LegacyListener.NONE)) {
      while (true) {
        var framed = source.next();
        if (framed != null
            && framed.record()
                instanceof org.xenstream.core.format.StreamRecord.PvVcpuBasic(_, var context)) {
          return Reading.octets(context);
        }
      }
    }
  }

  @Test
  void vcpusBeyondOneWordOfTheMap() throws IOException {
    LegacyImageBuilder image =
        pv(8, NARROW).filledBatch(0).vcpuInfo(130, 0, 63, 64, 130).endOfBody().unmapped();
    for (int i = 1; i <= 4; i++) {
      image.raw(filled(NARROW, i));
    }
    Reading read = Reading.of(image.raw(page(9)).octets());
    assertEquals(
        List.of(
            "X86_PV_VCPU_BASIC 0 01",
            "X86_PV_VCPU_BASIC 63 02",
            "X86_PV_VCPU_BASIC 64 03",
            "X86_PV_VCPU_BASIC 130 04"),
        read.records().subList(4, 8));
  }

  @Test
  void anUnknownBlockOfExtendedInfoIsPassedOver() throws IOException {
    byte[] image =
        pvEnd(
                LegacyImageBuilder.image(8)
                    .words(8)
                    .extendedInfo(block("zzzz", filled(9, 1)), block("vcpu", filled(WIDE, 0x11)))
                    .words(6)
                    .filledBatch(0)
                    .vcpuInfo(0, 0),
                WIDE)
            .octets();
    assertEquals(
        List.of(
            "BLOCK_SKIPPED old.img @0x14 (legacy extended info.\"zzzz\"): a block of 9 octets that no known saver writes is passed over"),
        Reading.of(image).notes());
    Expect.fault(
        Fault.MALFORMED_LAYER,
        "old.img @0x14 (legacy extended info.\"zzzz\"): expected a block that a known saver writes, found another of 9 octets",
        () -> Reading.of(image, STRICT));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void transcendentMemoryIsPassedOver(boolean terminated) throws IOException {
    LegacyImageBuilder image = hvm(8).filledBatch(0);
    long tmem = image.size();
    image.tmem(3, terminated);
    long extra = image.size();
    byte[] octets = hvmEnd(image.tmemExtra(2).filledBatch(1)).octets();
    Reading read = Reading.of(octets);
    assertEquals(List.of("PAGE_DATA 0x0=01", "PAGE_DATA 0x1=01"), read.records().subList(1, 3));
    String text = "transcendent memory, which no Xen of today has, is left out";
    assertEquals(
        List.of(
            "TMEM_SKIPPED old.img @0x%x (legacy TMEM): %s".formatted(tmem, text),
            "TMEM_SKIPPED old.img @0x%x (legacy TMEM_EXTRA): %s".formatted(extra, text),
            "NO_DEVICE_MODEL old.img @0x%x (legacy device model): no device model follows the HVM context"
                .formatted(octets.length)),
        read.notes());
    Expect.fault(
        Fault.MISPLACED,
        "old.img @0x%x (legacy TMEM): expected no transcendent memory, found TMEM".formatted(tmem),
        () -> Reading.of(octets, STRICT));
  }

  /// Each is eight octets of the image, of which there can be any number.
  @Test
  void ofManyNotesOfAKindTheNumberIsTold() throws IOException {
    LegacyImageBuilder image = hvm(8).filledBatch(0);
    for (int i = 0; i < 20; i++) {
      image.tmemExtra(0);
    }
    long last = image.size() - 8;
    byte[] octets = image.octets();
    List<String> told = new ArrayList<>();
    try (LegacySource source =
        LegacySource.open(
            Reading.pipe(octets), LegacyOptions.DEFAULT, note -> told.add(note.toString()))) {
      while (true) {
        source.next();
      }
    } catch (StreamFormatException cut) {
      assertEquals(Fault.TRUNCATED, cut.fault());
    }
    assertEquals(17, told.size());
    assertEquals(
        "old.img @0x%x (legacy TMEM_EXTRA): and 4 more like the ones before, up to here"
            .formatted(last),
        told.getLast());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        LegacyImageBuilder.QEMU_TO_END,
        LegacyImageBuilder.QEMU_WITH_LENGTH,
        LegacyImageBuilder.QEMU_OF_REMUS
      })
  void deviceModels(String signature) throws IOException {
    byte[] state = "QEVM and more".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    LegacyImageBuilder image = hvmEnd(hvm(8).filledBatch(0));
    long at = image.size();
    byte[] octets = image.deviceModel(signature, state).octets();
    Reading read = Reading.of(octets);
    assertArrayEquals(state, Reading.octets(read.models().getFirst().context()));
    assertEquals(at, read.models().getFirst().offset());
    assertEquals(List.of(), read.notes());

    Reading without = Reading.of(octets, LegacyOptions.builder().deviceModel(false).build());
    assertNull(without.models().getFirst().context());
    assertEquals(read.records(), without.records());
    assertEquals(at, without.offsets().getLast());
  }

  /// More than waits in memory waits in a scratch file, which goes with the source.
  @ParameterizedTest
  @CsvSource({
    LegacyImageBuilder.QEMU_TO_END + ", true",
    LegacyImageBuilder.QEMU_TO_END + ", false",
    LegacyImageBuilder.QEMU_WITH_LENGTH + ", true",
    LegacyImageBuilder.QEMU_OF_REMUS + ", false"
  })
  void aLongDeviceModel(String signature, boolean pipe) throws IOException {
    byte[] state = filled((3 << 20) + 5, 0x7E);
    System.arraycopy(new byte[] {'Q', 'E', 'V', 'M'}, 0, state, 0, 4);
    LegacyImageBuilder image = hvmEnd(hvm(8).filledBatch(0));
    long at = image.size();
    byte[] octets = image.deviceModel(signature, state).octets();
    Path file = Files.write(folder.resolve("image"), octets);
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    LegacyOptions options = LegacyOptions.builder().scratchFolder(scratch).build();
    List<String> notes = new ArrayList<>();
    try (LegacySource source =
        LegacySource.open(
            pipe ? Reading.pipe(octets) : MappedInput.of("old.img", FileChannel.open(file)),
            options,
            note -> notes.add(note.toString()))) {
      while (source.next() != null) {}
      DeviceModel model = Objects.requireNonNull(source.deviceModel());
      EmulatorState found = Objects.requireNonNull(model.state());
      assertEquals(state.length, found.length());
      assertArrayEquals(state, Reading.octets(model.context()));
      byte[] record =
          Layers.libxlRecord(ByteOrder.LITTLE_ENDIAN, 3, StreamBuilder.join(new byte[8], state));
      assertArrayEquals(record, Reading.octets(found.record()));
      CapturingChannel out = CapturingChannel.whole();
      found.writeRecordTo(out);
      found.writeTo(out);
      assertArrayEquals(StreamBuilder.join(record, state), out.octets());
      long most = state.length + (1L << 20);
      assertTrue(
          source.scratchWritten() >= state.length && source.scratchWritten() <= most,
          () -> source.scratchWritten() + " octets");
    }
    assertEquals(
        List.of(
            "old.img @0x%x (legacy device model.state): a long state of the device model waits in a scratch file in %s"
                .formatted(at, scratch)),
        notes);
    assertEquals(0, scratch.toFile().list().length);
    // Half of it: as before, where it ends is said.
    if (!signature.equals(LegacyImageBuilder.QEMU_TO_END)) {
      byte[] cut = Arrays.copyOf(octets, octets.length - (1 << 20));
      Expect.fault(
          Fault.TRUNCATED,
          "old.img @0x%x (legacy device model.state): expected %d octets, found %d octets before the end"
              .formatted(cut.length, state.length, state.length - (1 << 20)),
          () -> Reading.of(cut, options));
      assertEquals(0, scratch.toFile().list().length);
    }
    LegacyOptions few = options.toBuilder().scratchLimit(2 << 20).build();
    assertEquals(
        "the scratch files of this image in %s need more than the %d octets that they may have"
            .formatted(scratch, 2 << 20),
        assertThrows(IOException.class, () -> Reading.of(octets, few)).getMessage());
    assertEquals(0, scratch.toFile().list().length);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void theToolstacksRecordBecomesXenstoreData(int width) throws IOException {
    List<PhysmapEntry> entries =
        List.of(
            new PhysmapEntry(0xFC000000L, 0xFEBF0000L, 0x10000, "vga.rom"),
            new PhysmapEntry(0x1_0000_0000L, 0xF0000000L, 0x800000, "vga.vram"));
    byte[] image =
        hvmEnd(hvm(width).filledBatch(0).toolstack(PhysmapEntry.toolstack(width, entries)))
            .octets();
    assertArrayEquals(
        PhysmapEntry.xenstoreData(entries),
        Reading.octets(Reading.of(image).models().getFirst().xenstoreData()));
  }

  /// libxl takes the record of none but HVM guests. It wrote one for all, with nothing in it for
  /// others.
  @Test
  void theToolstacksRecordOfAPvGuestIsLeftOut() throws IOException {
    byte[] moved =
        PhysmapEntry.toolstack(8, List.of(new PhysmapEntry(0xFC000000L, 1, 2, "vga.rom")));
    LegacyImageBuilder image = pv(8, WIDE).filledBatch(0).vcpuInfo(0, 0);
    image.toolstack(PhysmapEntry.toolstack(8, List.of()));
    long at = image.size();
    long bad = image.toolstack(moved).size();
    Reading read =
        Reading.of(pvEnd(image.toolstack(new byte[] {2, 0, 0, 0, 0, 0, 0, 0}), WIDE).octets());
    assertTrue(read.models().getFirst().isEmpty());
    assertEquals(
        List.of(
            "CHUNK_SKIPPED old.img @0x%x (legacy TOOLSTACK): what a device model has moved is left out: a PV guest has none"
                .formatted(at),
            "CHUNK_SKIPPED old.img @0x%x (legacy TOOLSTACK): the toolstack's record is left out: old.img @0x%x (legacy TOOLSTACK.version): expected 1, found 2"
                .formatted(bad, bad + 8)),
        read.notes());
  }

  /// Who wants no device model needs no toolstack's record either.
  @Test
  void aToolstacksRecordOfAnotherVersion() throws IOException {
    LegacyImageBuilder image = hvm(8).filledBatch(0);
    long at = image.size();
    byte[] octets = hvmEnd(image.toolstack(new byte[] {2, 0, 0, 0, 0, 0, 0, 0})).octets();
    String why = "old.img @0x%x (legacy TOOLSTACK.version): expected 1, found 2".formatted(at + 8);
    Expect.fault(Fault.MALFORMED_BODY, why, () -> Reading.of(octets));
    Reading read = Reading.of(octets, LegacyOptions.builder().deviceModel(false).build());
    assertEquals(
        List.of(
            "CHUNK_SKIPPED old.img @0x%x (legacy TOOLSTACK): the toolstack's record is left out: %s"
                .formatted(at, why)),
        read.notes());
  }
}
