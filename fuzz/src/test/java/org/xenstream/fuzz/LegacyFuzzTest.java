// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.legacy.Checkpoints;
import org.xenstream.legacy.GuestKind;
import org.xenstream.legacy.LegacyListener;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.legacy.WordWidth;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.legacy.LegacyImageBuilder;
import org.xenstream.testkit.legacy.LegacyTrace;

/// Whatever the octets of a legacy image are, it is translated or refused, and the same however
/// they come.
final class LegacyFuzzTest {
  private static final int PAGES = 3;
  private static final int PAGE = 4096;
  private static final byte[] QEMU = {'Q', 'E', 'V', 'M'};

  @MethodSource("org.xenstream.fuzz.Seeds#legacyImages")
  @FuzzTest
  void image(byte[] data) {
    Octets octets = Octets.of(data);
    LegacyOptions options = options(octets.choice());
    LegacyTrace trace = LegacyTrace.of(octets.whole(), options);
    assertEquals(trace.toString(), LegacyTrace.of(octets.input(), options).toString());
    StreamFormatException fault = trace.fault();
    if (fault != null) {
      assertTrue(fault.location().offset() <= octets.rest().length, fault.getMessage());
    }
  }

  private static LegacyOptions options(int choice) {
    LegacyOptions.Builder options =
        LegacyOptions.builder()
            .checkpoints(
                switch (choice >> 1 & 3) {
                  case 0 -> Checkpoints.KEEP;
                  case 1 -> Checkpoints.number(2);
                  default -> Checkpoints.LAST;
                })
            .pages((choice & 8) != 0 ? PagesShown.IN_VIEW : PagesShown.LEFT_IN_INPUT)
            .strict((choice & 16) != 0)
            .deviceModel((choice & 32) == 0)
            // A file is read again for a page that came before compression began, a pipe is not.
            .keepPages(true)
            .scratchLimit(1 << 20);
    if ((choice & 64) != 0) {
      options.toolstackWidth(WordWidth.BITS_64).guestKind(GuestKind.HVM);
    }
    if ((choice & 128) != 0) {
      options.guestWidth(WordWidth.BITS_32);
    }
    return options.build();
  }

  /// Compressed pages come out as `xc_compression_uncompress_page` of `xc_compression.c` makes
  /// them, or are refused as there.
  @MethodSource("org.xenstream.fuzz.Seeds#compressedPages")
  @FuzzTest
  void compressedPages(byte[] data) throws IOException {
    byte[][] expected = new byte[PAGES][];
    for (int i = 0; i < PAGES; i++) {
      expected[i] = StreamBuilder.page(i + 1);
    }
    boolean good = uncompress(data, expected);
    Map<Long, byte[]> pages = new TreeMap<>();
    StreamFormatException fault = translate(compressed(data), pages);
    if (!good) {
      assertNotNull(fault);
      return;
    }
    assertNull(fault);
    for (int i = 0; i < PAGES; i++) {
      assertArrayEquals(expected[i], pages.get((long) i + 1));
    }
  }

  /// Two checkpoints: three pages as they are, then the same three compressed.
  private static byte[] compressed(byte[] data) {
    LegacyImageBuilder image = LegacyImageBuilder.image(8).words(64);
    image.filledBatch(1, 2, 3).tscInfo(0, 1, 2, 3).vcpuInfo(0, 0);
    image.chunk(LegacyImageBuilder.ENABLE_COMPRESSION);
    tail(image);
    image.batch(1, 2, 3).compressed(data).vcpuInfo(0, 0);
    tail(image);
    return image.octets();
  }

  private static void tail(LegacyImageBuilder image) {
    image.endOfBody().hvmTail(5, 6, 7, new byte[8]);
    image.deviceModel(LegacyImageBuilder.QEMU_OF_REMUS, QEMU);
  }

  private static @Nullable StreamFormatException translate(byte[] image, Map<Long, byte[]> pages)
      throws IOException {
    ChannelInput input =
        new ChannelInput("a.img", Channels.newChannel(new ByteArrayInputStream(image)));
    LegacyOptions options = LegacyOptions.builder().keepPages(true).build();
    try (LegacySource source = LegacySource.open(input, options, LegacyListener.NONE)) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        if (framed.record() instanceof StreamRecord.PageData(var entries, var shown)) {
          int page = 0;
          for (int i = 0; i < entries.count(); i++) {
            if (PageType.hasData(entries.type(i))) {
              pages.put(entries.pfn(i), shown.page(page++).toArray(ValueLayout.JAVA_BYTE));
            }
          }
        }
      }
      return null;
    } catch (StreamFormatException fault) {
      return fault;
    }
  }

  /// Makes new pages out of old ones.
  ///
  /// @return whether the data is well-formed and makes just these pages
  private static boolean uncompress(byte[] data, byte[][] pages) {
    int at = 0;
    for (byte[] page : pages) {
      int next = uncompress(data, at, page);
      if (next < 0) {
        return false;
      }
      at = next;
    }
    return at == data.length;
  }

  private static int uncompress(byte[] data, int from, byte[] page) {
    int at = from;
    if (at >= data.length) {
      return -1;
    }
    if (data[at] == 0) {
      return at + 1;
    }
    if (data[at] == (byte) 0x80) {
      if (at + 1 + PAGE > data.length) {
        return -1;
      }
      System.arraycopy(data, at + 1, page, 0, PAGE);
      return at + 1 + PAGE;
    }
    int offset = 0;
    do {
      int words = data[at] & 0x7F;
      boolean skip = data[at] < 0;
      at++;
      int length = 4 * words;
      boolean tooLong = at + length > data.length || offset + length > PAGE;
      if (length == 0 || (!skip && tooLong)) {
        return -1;
      }
      if (!skip) {
        System.arraycopy(data, at, page, offset, length);
        at += length;
      }
      offset += length;
    } while (offset < PAGE && at < data.length);
    return offset == PAGE ? at : -1;
  }

  /// What the second target begins with.
  static List<byte[]> compressedSeeds() {
    List<byte[]> seeds = new ArrayList<>();
    byte[] full = StreamBuilder.join(new byte[] {(byte) 0x80}, StreamBuilder.page(7));
    byte[] empty = {0};
    byte[] some = {(byte) 0xFF, (byte) 0xFF, 2, 1, 2, 3, 4, 5, 6, 7, 8};
    byte[] rest = new byte[7];
    Arrays.fill(rest, (byte) 0xFF);
    rest[6] = (byte) (0x80 | 1024 - 2 * 127 - 2 - 6 * 127);
    byte[] delta = StreamBuilder.join(some, rest);
    seeds.add(StreamBuilder.join(empty, empty, empty));
    seeds.add(StreamBuilder.join(full, empty, delta));
    seeds.add(StreamBuilder.join(delta, delta, delta));
    seeds.add(StreamBuilder.join(full, full));
    seeds.add(StreamBuilder.join(empty, empty, empty, empty));
    seeds.add(new byte[] {1});
    return seeds;
  }
}
