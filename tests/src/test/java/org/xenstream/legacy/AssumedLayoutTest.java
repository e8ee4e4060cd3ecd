// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.join;
import static org.xenstream.testkit.StreamBuilder.page;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.PageType;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.legacy.LegacyImageBuilder;

/// PV images of Xen 3.0 and 3.1 that do not tell how wide their guest is, or that it is PV: what is
/// claimed or taken to be likely is held against the end of the image.
class AssumedLayoutTest {
  private static final int WIDE = 5168;
  private static final int NARROW = 2800;
  private static final byte[] DEVICE_MODEL =
      join("QemuDeviceModelRecord".getBytes(US_ASCII), "QEVM".getBytes(US_ASCII));

  /// Without page tables, and with a list of one frame whatever the width.
  private static byte[] silent(int width, int vcpus, int context) {
    LegacyImageBuilder image = LegacyImageBuilder.image(width).words(128, 6).filledBatch(0, 1);
    return end(image.vcpuInfo(vcpus - 1, online(vcpus)), vcpus, context);
  }

  private static int[] online(int vcpus) {
    return IntStream.range(0, vcpus).toArray();
  }

  private static byte[] end(LegacyImageBuilder image, int vcpus, int context) {
    image.endOfBody().unmapped(3, 4);
    for (int i = 0; i < vcpus; i++) {
      image.raw(filled(context, 0x33));
    }
    return image.raw(page(0)).octets();
  }

  private static LegacyOptions claiming(WordWidth guest) {
    return LegacyOptions.builder().guestWidth(guest).build();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void aWiderGuestThanClaimedIsFound(int vcpus) throws IOException {
    byte[] image = silent(8, vcpus, WIDE);
    String message =
        "@0x%x (legacy PV tail): expected the end, if the guest is 32-bit (--guest-width), which the"
            + " image does not tell, found more octets";
    long end = image.length - (long) vcpus * (WIDE - NARROW);
    refusedAt(message, end, image, claiming(WordWidth.BITS_32));
    for (WordWidth width : new @Nullable WordWidth[] {WordWidth.BITS_64, null}) {
      Reading read = Reading.of(image, claiming(width));
      assertEquals(WordWidth.BITS_64, read.facts().guestWidth());
      assertEquals(vcpus, read.facts().vcpus());
    }
  }

  private static void refusedAt(String message, long at, byte[] image, LegacyOptions options) {
    Expect.fault(
        Fault.MALFORMED_BODY, "old.img " + message.formatted(at), () -> Reading.of(image, options));
  }

  /// Zeros behind an image are no better: the states of a narrower guest have room in them.
  @Test
  void aNarrowerGuestThanTakenIsFoundInAPaddedImage() {
    byte[] image = silent(8, 1, NARROW);
    refusedAt(
        "@0x%x (legacy PV tail): expected the end, if the guest is 64-bit (--guest-width), which the"
            + " image does not tell, found more octets",
        image.length + WIDE - NARROW,
        join(image, new byte[WIDE - NARROW + 1]),
        LegacyOptions.DEFAULT);
  }

  /// Where it is known how wide the guest is, what stands behind the image is nobody's.
  @Test
  void whatIsToldNeedsNoEnd() throws IOException {
    LegacyImageBuilder image =
        LegacyImageBuilder.image(8).words(128, 6).filledBatch(0, entry(PageType.L4TAB, 1));
    byte[] padded = join(end(image.vcpuInfo(0, 0), 1, WIDE), new byte[512]);
    assertEquals(
        WordWidth.BITS_64, Reading.of(padded, claiming(WordWidth.BITS_32)).facts().guestWidth());
  }

  /// What xend puts behind an image tells nothing of a width.
  @Test
  void aDeviceModelMayStandBehindAGuestOfAnyWidth() throws IOException {
    byte[] image = join(silent(8, 1, NARROW), DEVICE_MODEL);
    assertEquals(
        WordWidth.BITS_32, Reading.of(image, claiming(WordWidth.BITS_32)).facts().guestWidth());
  }

  @Test
  void aDeviceModelBehindWhatFitsBothKindsIsNotOfAPvGuest() throws IOException {
    LegacyImageBuilder head =
        LegacyImageBuilder.image(4)
            .words(0x1000, 2, 3, 4, 5)
            .filledBatch(12, 13, 14, 15, entry(PageType.L3TAB | 0x8, 16));
    byte[] image = end(head.vcpuInfo(0, 0), 1, NARROW);
    assertEquals(GuestKind.PV, Reading.of(image).facts().guestKind());
    for (byte[] behind : List.of(DEVICE_MODEL, new byte[1])) {
      refusedAt(
          "@0x%x (legacy PV tail): expected the end, if the guest is PV (--guest-kind), which the"
              + " image does not tell, found more octets",
          image.length, join(image, behind), LegacyOptions.DEFAULT);
    }
  }
}
