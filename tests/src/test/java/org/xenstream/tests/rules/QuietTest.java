// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xenstream.testkit.Layers.libxlHeader;
import static org.xenstream.testkit.Layers.libxlRecord;
import static org.xenstream.testkit.StreamBuilder.join;
import static org.xenstream.tests.rules.Recipe.context;
import static org.xenstream.tests.rules.Recipe.cpu;
import static org.xenstream.tests.rules.Recipe.entry;
import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.memory;
import static org.xenstream.tests.rules.Recipe.msrs;
import static org.xenstream.tests.rules.Recipe.params;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;
import static org.xenstream.tests.rules.Recipe.u8;
import static org.xenstream.tests.rules.Recipe.vcpuXsave;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Release;
import org.xenstream.testkit.Layers;

/// What is unusual and yet right: the judge is silent, or says no more than is so.
class QuietTest {
  private static final byte[] CHECKPOINT = record(14);

  private static List<String> ids(byte[] image) throws IOException {
    return ids(image, null);
  }

  private static List<String> ids(byte[] image, @Nullable Release target) throws IOException {
    ChannelInput input =
        new ChannelInput("img", Channels.newChannel(new ByteArrayInputStream(image)));
    try (ImageReader reader = ImageReader.of(input, Limits.DEFAULT)) {
      return Judge.judge(reader, new Judge.Options(target, Set.of(), 100)).findings().stream()
          .map(finding -> finding.rule().id())
          .toList();
    }
  }

  private static byte[] set(Recipe recipe, String... parts) {
    return join(Arrays.stream(parts).map(recipe::part).toArray(byte[][]::new));
  }

  @Test
  void aCheckpointedStreamJustStops() throws IOException {
    byte[] set = set(hvm(), "memory", "tsc", "params", "context");
    assertEquals(
        List.of(), ids(hvm().with("end", CHECKPOINT).after("end", set, CHECKPOINT).octets()));
  }

  /// The hypervisor lets the same value be set again, and any over a 0.
  @Test
  void parametersThatAreSetOnceComeAgainAsTheyWere() throws IOException {
    byte[] set = join(set(hvm(), "tsc", "context"), params(9, 3, 33, 8, 32, 7), CHECKPOINT);
    Recipe first = hvm().with("params", params(9, 3, 33, 8, 32, 0)).with("end", CHECKPOINT);
    assertEquals(List.of(), ids(first.after("end", set, set).octets()));
  }

  /// Before Xen 4.12 these could be changed.
  @Test
  void pagesOfTheDeviceModelMoveWhereAReleaseLetsThem() throws IOException {
    byte[] set = join(set(hvm(), "tsc", "context"), params(5, 3, 6, 4), CHECKPOINT);
    Recipe first = hvm().version2().with("params", params(5, 1, 6, 2)).with("end", CHECKPOINT);
    byte[] image = first.savedBy(2, 7).after("end", set).octets();
    assertEquals(List.of(), ids(image, Release.V4_11));
    assertEquals(
        List.of("XS0808-hvm-param-changed", "XS0808-hvm-param-changed"), ids(image, Release.V4_12));
  }

  @Test
  void oneOfXen46EndsWithEnd() throws IOException {
    assertEquals(List.of(), ids(hvm().version2().savedBy(2, 6).before("end", CHECKPOINT).octets()));
  }

  @Test
  void stateComesAgainWithEachCheckpoint() throws IOException {
    byte[] set = set(pv64(), "tsc", "shared", "basic", "extended");
    assertEquals(
        List.of(),
        ids(pv64().with("end", CHECKPOINT).after("end", memory(6), set, CHECKPOINT).octets()));
  }

  /// What the guest did behind the last checkpoint is dropped, so its page tables are judged as
  /// they were then.
  @Test
  void whatNoCheckpointCompletesIsNotHeldAgainstTheState() throws IOException {
    byte[] cut = Arrays.copyOf(memory(1), 50);
    assertEquals(
        List.of("XS0003-checkpoint-incomplete"),
        ids(
            pv64()
                .with("end", CHECKPOINT)
                .after("end", memory(0xF000_0000_0000_0004L), cut)
                .octets()));
  }

  private static Recipe stops() {
    return hvm().with("end", CHECKPOINT);
  }

  /// A restore never looks at what is wrong in a set that no CHECKPOINT completes; before it and
  /// within a set that is complete, the same is an error.
  @Test
  void whatARestoreDropsIsNoError() throws IOException {
    byte[] set = set(hvm(), "tsc", "params", "context");
    byte[] unknown = record(0x13);
    assertEquals(
        List.of("XS0003-checkpoint-incomplete", "XS0003-checkpoint-incomplete"),
        ids(stops().after("end", set, unknown).octets()));
    assertEquals(
        List.of("XS0009-record-unknown-mandatory"),
        ids(stops().after("end", set, unknown, CHECKPOINT).octets()));
    assertEquals(
        List.of("XS0009-record-unknown-mandatory", "XS0003-checkpoint-incomplete"),
        ids(stops().before("tsc", unknown).after("end", set).octets()));
    assertEquals(
        List.of("XS0009-record-unknown-mandatory", "XS0002-truncated"),
        ids(hvm().with("end", unknown).octets()));
  }

  @Test
  void aCheckpointOfLibxlIsCompleteAtItsEnd() throws IOException {
    byte[] start = join(libxlHeader(LITTLE_ENDIAN), libxlRecord(LITTLE_ENDIAN, 1));
    byte[] first = join(start, hvm().with("end", CHECKPOINT).octets());
    byte[] checkpointEnd = libxlRecord(LITTLE_ENDIAN, 4);
    byte[] set = join(set(hvm(), "tsc", "params", "context"), CHECKPOINT);
    assertEquals(List.of(), ids(join(first, checkpointEnd)));
    assertEquals(List.of("XS0002-truncated"), ids(first));
    assertEquals(List.of("XS0003-checkpoint-incomplete"), ids(join(first, checkpointEnd, set)));
    assertEquals(List.of(), ids(join(first, checkpointEnd, set, checkpointEnd)));
  }

  /// Wherever libxl's part of a checkpoint stops, a restore drops that checkpoint: behind its first
  /// record, which is whole, or within one.
  @Test
  void aCheckpointOfLibxlIsNotCompleteBefore() throws IOException {
    byte[] start = join(libxlHeader(LITTLE_ENDIAN), libxlRecord(LITTLE_ENDIAN, 1));
    byte[] first = join(start, hvm().with("end", CHECKPOINT).octets());
    byte[] emulator = Layers.emulatorContext(LITTLE_ENDIAN);
    byte[] checkpointEnd = libxlRecord(LITTLE_ENDIAN, 4);
    byte[] libxl = join(emulator, checkpointEnd);
    byte[] second =
        join(first, libxl, set(hvm(), "memory", "tsc", "params", "context"), CHECKPOINT);
    for (int at = 0; at < libxl.length; at++) {
      byte[] part = Arrays.copyOf(libxl, at);
      assertEquals(List.of("XS0002-truncated"), ids(join(first, part)), "cut at " + at);
      assertEquals(
          List.of("XS0003-checkpoint-incomplete"), ids(join(second, part)), "cut at " + at);
    }
    assertEquals(List.of(), ids(join(second, libxl)));
  }

  /// libxl starts no device model for a PVH guest, nor for what was its like before 4.10.
  @Test
  void aGuestWithoutADeviceModelHasNoStateOfOne() throws IOException {
    for (String config :
        List.of(
            "{\"c_info\":{\"type\":\"pvh\"}}",
            "{\"c_info\":{\"type\":\"hvm\"},\"b_info\":{\"device_model_version\":\"none\"}}")) {
      assertEquals(List.of(), ids(Layers.xl(config + "\0", Layers.libxl(hvm().octets()))));
    }
    assertEquals(List.of(), ids(Layers.libxl(hvm().octets())));
    byte[] pc = hvm().with("context", context(cpu(), entry(3, 0, 8, 5, u8(0x40)))).octets();
    assertEquals(List.of("XS2023-emulator-context-missing"), ids(Layers.libxl(pc)));
    assertEquals(List.of(), ids(Layers.libxl(LITTLE_ENDIAN, pc)));
    assertEquals(List.of(), ids(pc));
  }

  /// Of each vCPU as much as some host loads.
  @Test
  void whatSomeHostLoadsIsSound() throws IOException {
    byte[] mpx = xsave(24 + 1088, 0x1F);
    byte[] avx512 = xsave(24 + 2696, 0x2FF);
    byte[] amd = xsave(24 + 2440, 0x2E7);
    byte[] lwp = xsave(24 + 960, 1L << 62 | 7);
    byte[] tiles = xsave(24 + 11008, 0x6_02FF);
    // Up to 4.2.3 an area was as long as the host's longest.
    byte[] longer = xsave(24 + 2696, 3);
    for (byte[] xsave : List.of(mpx, avx512, amd, lwp, tiles, longer, xsave(600, 1))) {
      assertEquals(List.of(), ids(hvm().with("context", context(cpu(), xsave)).octets()));
    }
    byte[] vmce = entry(18, 0, 32, 0, u64(0x900_0D0A));
    assertEquals(List.of(), ids(hvm().with("context", context(cpu(), vmce)).octets()));
  }

  private static byte[] xsave(int length, long mask) {
    byte[] body = new byte[length];
    System.arraycopy(u64(mask), 0, body, 8, 8);
    System.arraycopy(u64(mask), 0, body, 16, 8);
    System.arraycopy(u64(mask), 0, body, 536, 8);
    return entry(16, 0, body);
  }

  /// Long mode with each bit that a guest may set, and an event on its way into the guest; the same
  /// in the shorter layout.
  @Test
  void aVcpuInTheMidstOfAnEventIsSound() throws IOException {
    for (int length : new int[] {1032, 1024, 1016}) {
      byte[] body = new byte[length];
      System.arraycopy(u64(0x8005_0033L), 0, body, 656, 8);
      System.arraycopy(u64(0x20_7D01L), 0, body, 992, 8);
      System.arraycopy(u64(0xFFFF_8000_0B0EL), 0, body, length == 1016 ? 1008 : 1016, 8);
      assertEquals(List.of(), ids(hvm().with("context", context(entry(2, 0, body))).octets()));
    }
  }

  /// What Xen 4.6 does not hand over cannot be refused.
  @Test
  void msrsThatAReleaseLosesAreNotRefused() throws IOException {
    byte[] image = pv64().version2().before("end", msrs(0xD90, 0x48)).octets();
    assertEquals(
        List.of("XS3011-for-newer-saver", "XS3013-for-vcpu-msrs-lost"), ids(image, Release.V4_6));
  }

  @Test
  void aPageThatOnlyAPageTableNamesHasAFrame() throws IOException {
    byte[] unsent = memory(0, 1, 3, 0xC000_0000_0000_0004L, 0x1000_0000_0000_0005L, 6, 7);
    int table = 8 + 8 + 7 * 8 + 4 * 4096;
    assertEquals(List.of("XS0515-p2m-frame-type"), ids(pv64().with("memory", unsent).octets()));
    assertEquals(
        List.of(),
        ids(pv64().with("memory", unsent).patch("memory", table, u64(2 << 12 | 1)).octets()));
  }

  @Test
  void vcpusThatAreOfflineHaveNoRecords() throws IOException {
    byte[] third = join(u32(3), u32(0));
    byte[] basic = record(4, third, Recipe.basic(8));
    byte[] extended = record(5, third, Recipe.extended(3));
    assertEquals(List.of(), ids(pv64().before("end", basic, extended).octets()));
  }

  /// The octets that a saver has not need only be fewer than it says. A saver writes the masks
  /// alone of a vCPU that never used its FPU.
  @Test
  void whatASaverWritesOfXsaveIsSound() throws IOException {
    assertEquals(List.of(), ids(pv64().before("end", vcpuXsave(0, 0, 0)).octets()));
    assertEquals(List.of(), ids(pv64().before("end", vcpuXsave(7, 7, 832, 7)).octets()));
    assertEquals(List.of(), ids(pv64().before("end", vcpuXsave(3, 0xE7, 2688, 0xE6)).octets()));
  }

  /// Until 4.7.1 a host took less than the masks ask for, and up to 4.6 a compacted area.
  @Test
  void xen46TakesAShortXsaveArea() throws IOException {
    byte[] image =
        pv64().version2().savedBy(1, 6).before("end", vcpuXsave(7, 7, 576, 7, 1L << 63)).octets();
    assertEquals(List.of(), ids(image, Release.V4_6));
    assertEquals(
        List.of("XS0625-vcpu-xsave-area", "XS0625-vcpu-xsave-area"), ids(image, Release.V4_7));
  }

  /// The store's page has a frame by a page table's entry, the console's is of whatever type.
  @Test
  void startInfoNamesPagesThatHaveAFrame() throws IOException {
    int pages = 8 + 8 + 7 * 8;
    Recipe recipe =
        pv64()
            .with("memory", memory(0, 1, 2, 3, 0xC000_0000_0000_0004L, 1L << 60 | 5, 7))
            .patch("memory", pages + 4096 + 56, u64(6))
            .patch("memory", pages + 4096 + 72, u64(5))
            .patch("memory", pages + 5 * 4096, u64(6 << 12 | 1));
    assertEquals(List.of(), ids(recipe.octets()));
  }

  /// The last copy of the page counts, and one behind VERIFY is none.
  @Test
  void startInfoIsWhatWasSentLast() throws IOException {
    byte[] bad = memory(1);
    u64At(bad, 8 + 8 + 8 + 56, 99);
    String refused = "XS0621-start-info-names";
    assertEquals(List.of(refused), ids(pv64().after("memory", bad).octets()));
    assertEquals(List.of(), ids(pv64().after("memory", bad, memory(1)).octets()));
    assertEquals(List.of(), ids(pv64().after("memory", record(13), bad).octets()));
  }

  private static void u64At(byte[] octets, int at, long number) {
    System.arraycopy(u64(number), 0, octets, at, 8);
  }

  /// Which bits vm_assist has is asked since 4.12, where breakpoints lie since 4.18.
  @Test
  void registersAreHeldAgainstTheReleaseThatShallTakeThem() throws IOException {
    byte[] image =
        pv64()
            .version2()
            .savedBy(1, 6)
            .patch("basic", 16 + 5048, u64(1L << 63))
            .patch("basic", 16 + 5136, u64(1 << 6))
            .octets();
    String odd = "XS0623-vcpu-registers";
    assertEquals(List.of(), ids(image, Release.V4_11));
    assertEquals(List.of(odd), ids(image, Release.V4_17));
    assertEquals(List.of(odd, odd), ids(image, Release.V4_18));
  }

  @Test
  void anExtendedContextMayBeShort() throws IOException {
    byte[] shortened = record(5, u32(0), u32(0), u32(0), u32(32));
    assertEquals(List.of(), ids(pv64().with("extended", shortened).octets()));
    // What its own word does not count in is not looked at.
    byte[] capable = record(5, u32(0), u32(0), u32(0), u32(39), new byte[24], u64(-1));
    assertEquals(List.of(), ids(pv64().with("extended", capable).octets()));
  }

  @Test
  void aWireCaptureEndsWithTheGoMessage() throws IOException {
    byte[] xl = Layers.xl(Layers.CONFIG + "\0", Layers.libxl(LITTLE_ENDIAN, hvm().octets()));
    byte[] go = Layers.GO.getBytes(StandardCharsets.US_ASCII);
    assertEquals(List.of(), ids(join(xl, go, new byte[1])));
  }

  /// What stands behind it is nothing to xl.
  @Test
  void aConfigurationEndsAtItsFirstNul() throws IOException {
    byte[] libxl = Layers.libxl(hvm().octets());
    assertEquals(List.of(), ids(Layers.xl("{}\0behind", libxl)));
  }

  @Test
  void theNameOfTheCpuBelongsToTheStaticData() throws IOException {
    byte[] name = "Fast CPU @ 3.14 GHz".getBytes(StandardCharsets.US_ASCII);
    assertEquals(List.of(), ids(hvm().before("static", record(0x8000_0000, name)).octets()));
  }

  @Test
  void aBackChannelHoldsListsOfPfns() throws IOException {
    assertEquals(List.of(), ids(join(record(15, u64(1), u64(7)), record(15, u64(3)))));
  }

  @Test
  void libxlTakesTurnsInABackChannel() throws IOException {
    for (int stray : new int[] {0, 8}) {
      assertEquals(
          List.of(),
          ids(Layers.backChannel(stray, new long[] {0, 7}, new long[0], new long[] {3})));
    }
  }

  @Test
  void aNewCheckpointOfColoIsAnnounced() throws IOException {
    byte[] set = set(hvm(), "memory", "tsc", "params", "context");
    byte[] checkpointEnd = libxlRecord(LITTLE_ENDIAN, 4);
    byte[] announced = Layers.checkpointState(LITTLE_ENDIAN, 0);
    assertEquals(
        List.of(),
        ids(
            join(
                libxlHeader(LITTLE_ENDIAN),
                libxlRecord(LITTLE_ENDIAN, 1),
                hvm().with("end", CHECKPOINT).octets(),
                checkpointEnd,
                announced,
                set,
                CHECKPOINT,
                checkpointEnd,
                announced)));
  }

  @Test
  void aRecordThatContradictsItselfDoesNotMakeOthersMissing() throws IOException {
    assertEquals(List.of("XS0401-page-data-size"), ids(pv64().patch("memory", 8, u32(9)).octets()));
  }
}
