// SPDX-License-Identifier: Apache-2.0
package org.xenstream.codecs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZInputStream;
import org.tukaani.xz.XZOutputStream;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamFormatException;

final class DecompressorsTest {
  private static final int SKIPPABLE = 13;

  private static List<String> plain(String... layers) throws IOException {
    List<String> wanted = new ArrayList<>();
    for (String layer : layers) {
      wanted.add(layer);
    }
    wanted.addAll(Reading.of(PlainImage.octets()));
    return wanted;
  }

  private static String title(String file) {
    return switch (file.substring(file.lastIndexOf('.') + 1)) {
      case "zst" -> "zstd compression";
      case "xz" -> "xz compression";
      default -> "gzip compression";
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "image.zst",
        "parts.zst",
        "window-128MiB.zst",
        "image.xz",
        "parts.xz",
        "dictionary-64MiB.xz",
        "image.gz",
        "parts.gz",
        "padded.gz"
      })
  void holdsTheImage(String file) throws IOException {
    assertEquals(plain(title(file)), Reading.of(Reading.resource(file)));
  }

  /// A source that gives one octet at a time is read the same.
  @ParameterizedTest
  @ValueSource(strings = {"parts.zst", "parts.xz", "parts.gz"})
  void holdsTheImageInAnyChunking(String file) throws IOException {
    InputStream drops =
        new ByteArrayInputStream(Reading.resource(file)) {
          @Override
          public synchronized int read(byte[] into, int at, int count) {
            return super.read(into, at, Math.min(1, count));
          }
        };
    assertEquals(plain(title(file)), Reading.of(drops, Limits.DEFAULT));
  }

  /// No cut is taken for the end, between two frames included: the image says where it ends.
  @ParameterizedTest
  @ValueSource(strings = {"image.zst", "parts.zst", "image.xz", "parts.xz", "image.gz", "parts.gz"})
  void refusesCuts(String file) throws IOException {
    byte[] whole = Reading.resource(file);
    Set<Fault> faults = EnumSet.noneOf(Fault.class);
    // The skippable frames that begin and end parts.zst hold nothing of the image.
    boolean skippable = file.equals("parts.zst");
    int end = skippable ? whole.length - SKIPPABLE : whole.length;
    for (int length = skippable ? SKIPPABLE + 1 : 4; length < end; length += 5) {
      faults.add(Reading.refusal(Arrays.copyOf(whole, length)).fault());
    }
    assertEquals(EnumSet.of(Fault.TRUNCATED), faults);
  }

  @ParameterizedTest
  @CsvSource({
    "image.zst, zstd, 2000, 2000",
    "image.xz, xz, 2000, 2000",
    "image.gz, gzip, 2000, 2000",
    // The second frame lies behind the first in one buffer.
    "parts.zst, zstd, 8000, 8000",
    "parts.xz, xz, 8000, 8000",
    "parts.gz, gzip, 8000, 8000"
  })
  void namesTheCut(String file, String codec, int length, int offset) throws IOException {
    StreamFormatException cut = Reading.refusal(Arrays.copyOf(Reading.resource(file), length));
    assertEquals(
        "image @0x%x (%s frame): expected the rest of what is compressed, found the end"
            .formatted(offset, codec),
        cut.getMessage());
    assertEquals(Fault.TRUNCATED, cut.fault());
  }

  /// One wrong octet, every third in turn: seen, or of no effect on what is read, as a file's name
  /// is.
  @ParameterizedTest
  @CsvSource({"image.zst, 1300", "image.xz, 1300", "image.gz, 1300"})
  void seesDamage(String file, int atLeast) throws IOException {
    byte[] whole = Reading.resource(file);
    List<String> wanted = plain(title(file));
    int refused = 0;
    for (int at = 0; at < whole.length; at += 3) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 0x55;
      try {
        assertEquals(wanted, Reading.of(damaged), "octet " + at);
      } catch (StreamFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > atLeast, refused + " refused of " + whole.length / 3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "image.zst | zstd | octets that begin no zstd frame",
        "image.xz  | xz   | a damaged xz stream (Garbage after a valid XZ Stream)",
        "image.gz  | gzip | octets that begin no gzip member",
        "padded.gz | gzip | octets that begin no gzip member"
      })
  void refusesWhatFollows(String file, String codec, String found) throws IOException {
    byte[] whole = Reading.resource(file);
    byte[] more = Arrays.copyOf(whole, whole.length + 12);
    Arrays.fill(more, whole.length, more.length, (byte) 'x');
    StreamFormatException e = Reading.refusal(more);
    assertEquals(
        "image @0x%x (%s frame): expected octets that decompress, found %s"
            .formatted(more.length, codec, found),
        e.getMessage());
    assertEquals(Fault.DECOMPRESSION, e.fault());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "window-256MiB.zst   | zstd | 4186 | a zstd frame with a window of more than 128 MiB",
        "dictionary-96MiB.xz | xz   | 24   | an xz block that takes 97 MiB to decompress, which is"
            + " more than 80"
      })
  void refusesToTakeMuchMemory(String file, String codec, int offset, String found)
      throws IOException {
    StreamFormatException e = Reading.refusal(Reading.resource(file));
    assertEquals(
        "image @0x%x (%s frame): expected octets that decompress, found %s"
            .formatted(offset, codec, found),
        e.getMessage());
    assertEquals(Fault.DECOMPRESSION, e.fault());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bomb.zst", "bomb.xz", "bomb.gz"})
  void yieldsNoMoreThanTheLimit(String file) throws IOException {
    byte[] bomb = Reading.resource(file);
    String last = "@" + PlainImage.octets().length + " trailing -1";
    List<String> wanted = plain(title(file));
    wanted.add(last);
    assertEquals(wanted, Reading.of(bomb));

    Limits limits = new Limits(1 << 20, 1 << 20, 1 << 20);
    StreamFormatException e = Reading.refusal(bomb, limits);
    assertTrue(
        String.valueOf(e.getMessage())
            .endsWith(" frame): expected at most 1048576 octets when decompressed, found more"),
        e.getMessage());
    assertEquals(Fault.DECOMPRESSION, e.fault());
  }

  @Test
  void namesACodecThatIsNotThere() throws IOException {
    StreamFormatException e = Reading.refusal(Reading.resource("image.lz4"));
    assertEquals(
        "image @0x0 (lz4 frame.magic): expected what is decompressed already (as by lz4 -d), found"
            + " lz4, which is not decoded here",
        e.getMessage());
    assertEquals(Fault.DECOMPRESSION, e.fault());
  }

  @Test
  void readsACompressedFileThatIsCompressedAgain() throws IOException {
    byte[] twice = gzip(Reading.resource("image.xz"));
    assertEquals(plain("gzip compression", "xz compression"), Reading.of(twice));
  }

  /// Whatever presets the tools have of themselves.
  @Test
  void zstdAndXzMayLieInOneAnother() throws IOException {
    byte[] zst = Reading.resource("image.zst");
    byte[] xz = Reading.resource("image.xz");
    assertEquals(plain("xz compression", "zstd compression"), Reading.of(xz(zst, 6)));
    assertEquals(plain("xz compression", "xz compression"), Reading.of(xz(xz, 6)));
    assertEquals(plain("zstd compression", "xz compression"), Reading.of(zstd(xz, 19)));
    assertEquals(plain("zstd compression", "zstd compression"), Reading.of(zstd(zst, 19)));
  }

  /// Each layer would hold a dictionary of 64 MiB while the next is read.
  @Test
  void nestedDictionariesAreSmall() throws IOException {
    StreamFormatException refusal = Reading.refusal(Reading.resource("nested.xz"));
    assertEquals(
        "image [xz] (xz frame): expected octets that decompress, found an xz block that takes 65 MiB"
            + " to decompress, which is more than 16",
        withoutPlace(refusal));
    assertEquals(
        plain("xz compression"), Reading.of(unpack(unpack(unpack(Reading.resource("nested.xz"))))));
  }

  /// So do windows, which the library itself would take up to 128 MiB of each.
  @Test
  void nestedWindowsAreSmall() throws IOException {
    byte[] wide = Reading.resource("window-128MiB.zst");
    StreamFormatException refusal = Reading.refusal(zstd(wide, 3));
    assertEquals(
        "image [zstd] (zstd frame): expected octets that decompress, found a zstd frame with a window"
            + " of more than 16 MiB",
        withoutPlace(refusal));
    assertEquals(plain("gzip compression", "zstd compression"), Reading.of(gzip(wide)));
  }

  /// Where a codec stops reading is its own matter.
  private static String withoutPlace(StreamFormatException refusal) {
    return String.valueOf(refusal.getMessage()).replaceFirst(" @0x[0-9a-f]+", "");
  }

  /// What the source itself has to say passes as it is.
  @ParameterizedTest
  @ValueSource(strings = {"image.zst", "image.xz", "image.gz"})
  void passesOnWhatTheSourceThrows(String file) throws IOException {
    IOException broken = new IOException("the disk is gone");
    byte[] whole = Reading.resource(file);
    InputStream source =
        new ByteArrayInputStream(whole) {
          @Override
          public synchronized int read(byte[] into, int at, int count) {
            if (pos >= 2000) {
              throw new java.io.UncheckedIOException(broken);
            }
            return super.read(into, at, Math.min(count, 1000));
          }
        };
    InputStream checked =
        new java.io.FilterInputStream(source) {
          @Override
          public int read(byte[] into, int at, int count) throws IOException {
            try {
              return super.read(into, at, count);
            } catch (java.io.UncheckedIOException e) {
              throw broken;
            }
          }
        };
    assertSame(broken, assertThrows(IOException.class, () -> Reading.of(checked, Limits.DEFAULT)));
  }

  private static byte[] unpack(byte[] xz) throws IOException {
    try (InputStream plain = new XZInputStream(new ByteArrayInputStream(xz))) {
      return plain.readAllBytes();
    }
  }

  private static byte[] xz(byte[] octets, int preset) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (XZOutputStream xz = new XZOutputStream(out, new LZMA2Options(preset))) {
      xz.write(octets);
    }
    return out.toByteArray();
  }

  private static byte[] zstd(byte[] octets, int level) {
    return Zstd.compress(octets, level);
  }

  private static byte[] gzip(byte[] octets) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(octets);
    }
    return out.toByteArray();
  }
}
