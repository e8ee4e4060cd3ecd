// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;
import org.xenstream.testkit.EndlessChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// Images of several states, as Remus writes them.
class LegacyCheckpointsTest {
  private static final LegacyOptions LAST = LegacyOptions.DEFAULT;
  private static final LegacyOptions KEEP = with(Checkpoints.KEEP);

  @TempDir private Path folder;

  private static LegacyOptions with(Checkpoints which) {
    return LegacyOptions.builder().checkpoints(which).build();
  }

  /// Adds a state of an HVM guest: the given pages, and a tail marked by a number.
  private static LegacyImageBuilder state(LegacyImageBuilder image, int mark, long... pfns) {
    return image
        .batch(pfns)
        .raw(filled(4096 * pfns.length, mark))
        .endOfBody()
        .hvmTail(1, 2, mark, filled(64, mark))
        .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, filled(9, mark));
  }

  private static LegacyImageBuilder image() {
    return LegacyImageBuilder.image(8).words(16);
  }

  private static LegacyImageBuilder three() {
    return state(state(state(image(), 1, 4, 5, 6), 2, 5), 3, 6, 7);
  }

  @Test
  void theLastOneIsAPlainStream() throws IOException {
    byte[] image = three().octets();
    Reading read = Reading.of(image, LAST);
    assertEquals(
        List.of(
            "StaticDataEnd[]",
            "PAGE_DATA 0x4=01 0x5=01 0x6=01",
            "PAGE_DATA 0x5=02",
            "PAGE_DATA 0x6=03 0x7=03",
            "HVM_PARAMS 5=0x1 6=0x2 1=0x3",
            "HVM_CONTEXT 03",
            "End[]"),
        read.records());
    assertEquals(3, read.facts().checkpoints());
    assertEquals(1, read.models().size());
    assertArrayEquals(filled(9, 3), Reading.octets(read.models().getFirst().context()));
    assertTrue(
        read.notes().getFirst().startsWith("SCRATCH_FILE old.img "), read.notes().getFirst());
    assertTrue(
        read.notes().getLast().endsWith("3 complete checkpoints: the state of the last is carried"),
        read.notes().getLast());
    assertTrue(read.scratchWritten() > 3 * 4096, () -> read.scratchWritten() + " octets");
  }

  @Test
  void allOfThemAreACheckpointedStreamInConstantMemory() throws IOException {
    Reading read = Reading.of(three().octets(), KEEP);
    assertEquals(
        List.of(
            "StaticDataEnd[]",
            "PAGE_DATA 0x4=01 0x5=01 0x6=01",
            "HVM_PARAMS 5=0x1 6=0x2 1=0x1",
            "HVM_CONTEXT 01",
            "Checkpoint[]",
            "PAGE_DATA 0x5=02",
            "HVM_PARAMS 5=0x1 6=0x2 1=0x2",
            "HVM_CONTEXT 02",
            "Checkpoint[]",
            "PAGE_DATA 0x6=03 0x7=03",
            "HVM_PARAMS 5=0x1 6=0x2 1=0x3",
            "HVM_CONTEXT 03",
            "Checkpoint[]",
            "End[]"),
        read.records());
    assertEquals(3, read.models().size());
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(filled(9, i + 1), Reading.octets(read.models().get(i).context()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void oneOfThem(int n) throws IOException {
    Reading read = Reading.of(three().octets(), with(Checkpoints.number(n)));
    List<String> all =
        List.of("PAGE_DATA 0x4=01 0x5=01 0x6=01", "PAGE_DATA 0x5=02", "PAGE_DATA 0x6=03 0x7=03");
    assertEquals(all.subList(0, n), read.records().subList(1, n + 1));
    assertEquals(
        List.of("HVM_PARAMS 5=0x1 6=0x2 1=0x%x".formatted(n), "HVM_CONTEXT 0" + n, "End[]"),
        read.records().subList(n + 1, n + 4));
    assertArrayEquals(filled(9, n), Reading.octets(read.models().getFirst().context()));
  }

  @Test
  void oneThatIsNotThere() {
    byte[] image = three().octets();
    Expect.fault(
        Fault.MALFORMED_BODY,
        "old.img @0x%x (legacy checkpoint): expected checkpoint 4, found the end behind 3 complete"
            .formatted(image.length),
        () -> Reading.of(image, with(Checkpoints.number(4))));
    assertEquals(
        "checkpoints are counted from 1, not 0",
        assertThrows(IllegalArgumentException.class, () -> Checkpoints.number(0)).getMessage());
  }

  /// Wherever the image ends behind its second checkpoint, that one is what is left.
  @Test
  void anIncompleteOneIsLeftOut() throws IOException {
    byte[] image = three().octets();
    int complete = state(state(image(), 1, 4, 5, 6), 2, 5).octets().length;
    List<String> expected =
        List.of(
            "StaticDataEnd[]",
            "PAGE_DATA 0x4=01 0x5=01 0x6=01",
            "PAGE_DATA 0x5=02",
            "HVM_PARAMS 5=0x1 6=0x2 1=0x2",
            "HVM_CONTEXT 02",
            "End[]");
    for (int end = complete + 1; end < image.length; end += end % 512 == 0 ? 509 : 1) {
      Reading read = Reading.of(Arrays.copyOf(image, end), LAST);
      assertEquals(expected, read.records(), "cut at " + end);
      assertEquals(2, read.facts().checkpoints());
      assertArrayEquals(filled(9, 2), Reading.octets(read.models().getFirst().context()));
      assertEquals(1, read.notes().stream().filter(note -> note.startsWith("INCOMPLETE_")).count());

      Reading kept = Reading.of(Arrays.copyOf(image, end), KEEP);
      assertEquals(10, kept.records().size());
      assertEquals(List.of("Checkpoint[]", "End[]"), kept.records().subList(8, 10));
    }
    Reading cut = Reading.of(Arrays.copyOf(image, complete + 2), LAST);
    assertEquals(
        "INCOMPLETE_CHECKPOINT old.img @0x%x (legacy chunk.id): the image ends amid checkpoint 3, which is left out: expected 4 octets, found 2 octets before the end"
            .formatted(complete + 2),
        cut.notes().get(1));
    Expect.fault(
        Fault.TRUNCATED,
        "old.img @0x%x (legacy chunk.id): expected 4 octets, found 2 octets before the end"
            .formatted(complete + 2),
        () ->
            Reading.of(Arrays.copyOf(image, complete + 2), LAST.toBuilder().strict(true).build()));
  }

  /// What is no truncation is no dying sender either.
  @Test
  void aDamagedOneIsAnError() {
    byte[] image = three().u32(3, 0).octets();
    Expect.fault(
        Fault.TRUNCATED,
        "old.img @0x8 (legacy batch.pages): expected 12288 octets, found 0 octets before the end"
            .replace("0x8", "0x" + Integer.toHexString(8 + 4 + 3 * 8)),
        () -> Reading.of(Arrays.copyOf(image, 8 + 4 + 3 * 8)));
    LegacyImageBuilder good = state(image(), 1, 4);
    long at = good.size();
    Expect.fault(
        Fault.MALFORMED_BODY,
        "old.img @0x%x (legacy batch.pfn[0]): expected a pfn below 0x10, found 0x10"
            .formatted(at + 4),
        () -> Reading.of(good.batch(0x10).octets()));
  }

  /// Nothing ends a pass for comparison, in either format: pages of a later state would be compared
  /// with memory that they are to replace, and the guest would be of two states.
  @Test
  void noneIsTakenBehindAPassForComparison() throws IOException {
    LegacyImageBuilder image = image().filledBatch(4, 5).chunk(LegacyImageBuilder.VERIFY);
    byte[] first = state(image, 1, 4).octets();
    image.vcpuInfo(0, 0).endOfBody().hvmTail(1, 2, 2, filled(64, 2));
    long page = image.deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, filled(9, 2)).size();
    byte[] whole = state(image, 3, 5).octets();
    for (LegacyOptions options : List.of(LAST, KEEP, with(Checkpoints.number(3)))) {
      Expect.fault(
          Fault.MISPLACED,
          "old.img @0x%x (legacy batch): expected no page of a later checkpoint behind ENABLE_VERIFY_MODE (--checkpoints 1 takes the first), found pages that a restore would compare and not take"
              .formatted(page),
          () -> Reading.of(whole, options));
    }
    List<String> records = Reading.of(first, LAST).records();
    assertEquals(records, Reading.of(whole, with(Checkpoints.number(1))).records());
    // What has no pages of its own may follow, and what is not complete is not taken.
    assertEquals("HVM_CONTEXT 02", Reading.of(whole, with(Checkpoints.number(2))).records().get(5));
    byte[] cut = Arrays.copyOf(whole, whole.length - 1);
    assertEquals("HVM_CONTEXT 02", Reading.of(cut, LAST).records().get(5));
  }

  @Test
  void lastCheckpointEndsTheImage() throws IOException {
    byte[] image =
        state(image().chunk(LegacyImageBuilder.LAST_CHECKPOINT), 1, 4)
            .u32(LegacyImageBuilder.VCPU_INFO, 0)
            .octets();
    Reading read = Reading.of(image, KEEP);
    assertEquals(
        List.of("PAGE_DATA 0x4=01", "HVM_PARAMS 5=0x1 6=0x2 1=0x1", "HVM_CONTEXT 01", "End[]"),
        read.records().subList(1, 5));
    assertEquals((long) image.length - 8, read.offsets().getLast());
  }

  /// What does not begin as a chunk is not read.
  @Test
  void whatFollowsNeedBeNoState() throws IOException {
    byte[] image =
        state(image(), 1, 4)
            .raw("unpause now".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
            .octets();
    Reading read = Reading.of(image, LAST);
    assertEquals(1, read.facts().checkpoints());
    assertEquals((long) image.length - 11, read.offsets().getLast());
    assertEquals(List.of(), read.notes());
  }

  @Test
  void ofAPvGuestAsWell() throws IOException {
    LegacyImageBuilder image =
        LegacyImageBuilder.image(4)
            .words(8)
            .extendedInfo(block("vcpu", filled(2800, 0x11)))
            .words(6);
    for (int mark = 1; mark <= 2; mark++) {
      image.batch(mark).raw(page(mark)).vcpuInfo(mark - 1, 0, mark - 1).endOfBody().unmapped();
      for (int vcpu = 0; vcpu < mark; vcpu++) {
        image.raw(filled(2800, 0x10 * mark + vcpu));
      }
      image.raw(page(0x50 + mark));
    }
    assertEquals(
        List.of(
            "PAGE_DATA 0x1=01",
            "PAGE_DATA 0x2=02",
            "X86_PV_VCPU_BASIC 0 20",
            "X86_PV_VCPU_BASIC 1 21",
            "SHARED_INFO 52",
            "End[]"),
        Reading.of(image.octets(), LAST).records().subList(3, 9));
  }

  /// A tail that is longer than what may wait in memory waits in a file.
  @Test
  void aLongTail() throws IOException {
    LegacyImageBuilder image = image();
    for (int mark = 1; mark <= 2; mark++) {
      image
          .batch(mark)
          .raw(page(mark))
          .endOfBody()
          .hvmTail(1, 2, 3, filled(3 << 20, mark))
          .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS);
    }
    Reading read = Reading.of(image.octets(), LAST);
    assertEquals("HVM_CONTEXT 02", read.records().get(4));
    assertTrue(read.scratchWritten() > 6 << 20, () -> read.scratchWritten() + " octets");
  }

  /// Of long device models no more than two wait at once: of the last complete state, and of the
  /// one behind it.
  @Test
  void longDeviceModels() throws IOException {
    int length = (1 << 20) + 1;
    LegacyImageBuilder image = image();
    for (int mark = 1; mark <= 5; mark++) {
      image
          .batch(mark)
          .raw(page(mark))
          .endOfBody()
          .hvmTail(1, 2, 3, filled(64, mark))
          .deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, filled(length, mark));
    }
    byte[] whole = image.octets();
    LegacyOptions options =
        LegacyOptions.builder().scratchFolder(folder).scratchLimit(5 << 20).build();
    assertEquals(List.of(5), marks(whole, options, length));
    assertEquals(
        List.of(3),
        marks(whole, options.toBuilder().checkpoints(Checkpoints.number(3)).build(), length));
    byte[] cut = Arrays.copyOf(whole, whole.length - 9);
    assertEquals(List.of(4), marks(cut, options, length));
    LegacyOptions keep = options.toBuilder().checkpoints(Checkpoints.KEEP).build();
    assertEquals(List.of(1, 2, 3, 4, 5), marks(whole, keep, length));
    assertEquals(List.of(1, 2, 3, 4), marks(cut, keep, length));
    try (var left = Files.list(folder)) {
      assertNull(left.findAny().orElse(null));
    }
  }

  /// What all octets of each device model are.
  private static List<Integer> marks(byte[] image, LegacyOptions options, int length)
      throws IOException {
    List<Integer> marks = new ArrayList<>();
    try (LegacySource source =
        LegacySource.open(Reading.pipe(image), options, LegacyListener.NONE)) {
      boolean more = true;
      while (more) {
        more = source.next() != null;
        DeviceModel model = source.deviceModel();
        if (model != null && !model.isEmpty()) {
          byte[] state = Reading.octets(model.context());
          assertArrayEquals(filled(length, state[0]), state);
          marks.add((int) state[0]);
        }
      }
    }
    return marks;
  }

  @Test
  void scratchFilesAreLimitedAndLeaveNothing() throws IOException {
    byte[] image = three().octets();
    LegacyOptions enough =
        LegacyOptions.builder().scratchFolder(folder).scratchLimit(3 * 4096).build();
    assertEquals(7, Reading.of(image, enough).records().size());
    LegacyOptions few = enough.toBuilder().scratchLimit(4096).build();
    assertEquals(
        "the scratch files of this image in %s need more than the 4096 octets that they may have"
            .formatted(folder),
        assertThrows(IOException.class, () -> Reading.of(image, few)).getMessage());
    try (var left = Files.list(folder)) {
      assertNull(left.findAny().orElse(null));
    }
  }

  /// A checkpoint that sends the same pages again and again never completes.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void byDefaultScratchFilesAreBoundedByTheGuest(boolean last) throws IOException {
    byte[] first = state(image(), 1, 4).octets();
    byte[] again = image().filledBatch(1, 2, 3, 4, 5, 6, 7, 8).octets();
    EndlessChannel endless = new EndlessChannel(first, Arrays.copyOfRange(again, 8, again.length));
    LegacyReading reading = new LegacyReading(!last, folder, LegacyReading.BY_GUEST);
    try (ImageReader image =
        ImageReader.of(
            new ChannelInput("old.img", endless),
            Limits.DEFAULT,
            PagesShown.TABLES_IN_VIEW,
            reading)) {
      IOException refused =
          assertThrows(
              IOException.class,
              () -> {
                while (image.next() != null) {}
              });
      assertEquals(
          "the scratch files of this image in %s need more than the %d octets that twice the memory of its guest has"
              .formatted(folder, 2 * 16 * 4096 + (128 << 20)),
          refused.getMessage());
    }
    assertTrue(endless.given() < 144 << 20, () -> endless.given() + " octets");
    try (var left = Files.list(folder)) {
      assertNull(left.findAny().orElse(null));
    }
  }
}
