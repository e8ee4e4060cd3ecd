// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Exercise;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.Samples;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.testkit.Trace;

/// Small images of each kind, cut at every octet and with every bit turned: nothing but a located
/// [StreamFormatException] may come of it, through a file and through a channel alike.
class DamagedImageTest {
  @TempDir private Path folder;

  /// name, image, offsets at which it may end
  static Stream<Arguments> images() {
    byte[] hvm = Samples.hvm();
    byte[] libxl = Layers.libxl(LITTLE_ENDIAN, hvm);
    return Stream.of(
        image("bare", hvm),
        image("bare, big-endian, version 2", Samples.hvm(2, BIG_ENDIAN, false)),
        image("libxl", libxl),
        image("libxl, big-endian", Layers.libxl(BIG_ENDIAN, hvm)),
        image("xl", Layers.xl(libxl)),
        image("libvirt", Layers.libvirt(2, libxl)),
        image("XenServer", Layers.xenServer(hvm)));
  }

  private static Arguments image(String name, byte[] image) {
    return Arguments.of(name, image);
  }

  private static OctetInput channel(byte[] octets) {
    return new ChannelInput("a.img", Channels.newChannel(new ByteArrayInputStream(octets)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void cutAnywhereItIsCutThere(String name, byte[] image) throws IOException {
    Path file = Files.write(folder.resolve("image"), image);
    try (FileChannel shorter = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int at = image.length - 1; at >= 0; at--) {
        shorter.truncate(at);
        isCut(at, Trace.of(MappedInput.open(file)));
        isCut(at, Trace.of(channel(Arrays.copyOf(image, at))));
        if (at % 7 == 0) {
          isCut(at, Exercise.of(inMemory(Arrays.copyOf(image, at))));
        }
      }
    }
  }

  private static java.util.function.Supplier<OctetInput> inMemory(byte[] octets) {
    return () -> channel(octets);
  }

  private static void isCut(int at, Trace trace) {
    StreamFormatException fault = trace.fault();
    assertNotNull(fault, () -> "cut at " + at);
    if (fault.fault() == Fault.NOT_AN_IMAGE) {
      assertTrue(at < 32 && fault.location().offset() == 0, () -> at + ": " + fault.getMessage());
      return;
    }
    assertEquals(Fault.TRUNCATED, fault.fault(), fault.getMessage());
    assertEquals(at, fault.location().offset(), fault.getMessage());
  }

  /// A migration's wire may lack the last word; a checkpointed stream may stop behind a checkpoint,
  /// whether or not the records of libxl that belong to it came.
  @ParameterizedTest(name = "{0}")
  @MethodSource("endings")
  void endsOnlyWhereTheGrammarAllows(String name, byte[] image, Set<Integer> endings) {
    Set<Integer> found = new TreeSet<>();
    for (int at = 0; at <= image.length; at++) {
      Trace trace = Exercise.of(inMemory(Arrays.copyOf(image, at)));
      if (trace.fault() == null) {
        found.add(at);
      } else {
        isCut(at, trace);
      }
    }
    assertEquals(new TreeSet<>(endings), found);
  }

  static Stream<Arguments> endings() {
    byte[] checkpointed = Samples.hvm(3, LITTLE_ENDIAN, true);
    byte[] remus = Samples.remus();
    byte[] wire = Layers.wire(Layers.libxl(Samples.hvm()));
    Set<Integer> behindLibxl = new TreeSet<>();
    for (int at = wire.length - 44; at <= wire.length; at++) {
      behindLibxl.add(at);
    }
    int[] sets = ends(remus);
    return Stream.of(
        Arguments.of(
            "checkpointed",
            checkpointed,
            Set.of(ends(checkpointed)[0], ends(checkpointed)[1], checkpointed.length)),
        Arguments.of(
            "Remus",
            remus,
            Set.of(sets[0], sets[0] + 32, sets[0] + 40, sets[1], sets[1] + 32, remus.length)),
        Arguments.of("wire", wire, behindLibxl));
  }

  /// Where the CHECKPOINT records end.
  private static int[] ends(byte[] image) {
    byte[] checkpoint = {0x0E, 0, 0, 0, 0, 0, 0, 0};
    int[] ends = new int[2];
    int count = 0;
    for (int at = 0; at + 8 <= image.length; at += 8) {
      if (Arrays.equals(image, at, at + 8, checkpoint, 0, 8)) {
        ends[count++] = at + 8;
      }
    }
    return ends;
  }

  /// Every bit outside the page, and a seeded sample within it.
  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void anyBitTurnedGivesAnErrorOrAnotherImage(String name, byte[] image) throws IOException {
    byte[] page = StreamBuilder.page(1);
    Random chance = new Random(7);
    Path file = folder.resolve("image");
    int refused = 0;
    for (int at = 0; at < image.length; at++) {
      boolean inPage = at + 64 < image.length && Arrays.equals(image, at, at + 64, page, 0, 64);
      if (inPage && chance.nextInt(64) != 0) {
        continue;
      }
      for (int bit = 0; bit < 8; bit++) {
        byte[] odd = image.clone();
        odd[at] ^= (byte) (1 << bit);
        Trace trace = Exercise.of(inMemory(odd));
        if (trace.fault() == null) {
          // What can be read whole can be copied whole.
          assertArrayEquals(odd, Exercise.copy(channel(odd)), name + " " + at + " " + bit);
        } else {
          refused++;
        }
        if (chance.nextInt(40) == 0) {
          sameInEveryInput(file, odd, trace);
        }
      }
    }
    assertTrue(refused > 200, name + ": only " + refused + " refused");
  }

  private static void sameInEveryInput(Path file, byte[] octets, Trace trace) throws IOException {
    Files.write(file, octets);
    String expected = comparable(trace);
    assertEquals(expected, comparable(Exercise.of(() -> mapped(file))));
    assertEquals(
        expected,
        comparable(
            Exercise.of(() -> new ChannelInput("a.img", ChunkedChannel.of(octets, 900, 3)))));
    assertEquals(expected, comparable(Exercise.of(() -> new PoisonedInput(channel(octets)))));
  }

  /// Only a file knows how much trails.
  private static String comparable(Trace trace) {
    return trace.toString().replaceAll("\\+-?\\d+ trailing", "trailing");
  }

  private static OctetInput mapped(Path file) {
    try {
      return MappedInput.of("a.img", FileChannel.open(file, StandardOpenOption.READ));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void oneOctetAtATimeGivesTheSame(String name, byte[] image) {
    Trace trace = Trace.of(channel(image));
    assertNull(trace.fault());
    assertEquals(trace, Trace.of(new ChannelInput("a.img", ChunkedChannel.oneByOne(image))));
  }

  /// Any octets behind a good beginning.
  @ParameterizedTest(name = "{0}")
  @MethodSource("images")
  void anyOctetsGiveAnError(String name, byte[] image) {
    Random chance = new Random(name.hashCode());
    int refused = 0;
    for (int round = 0; round < 300; round++) {
      byte[] odd = image.clone();
      int from = chance.nextInt(120);
      for (int at = from; at < from + 1 + chance.nextInt(300); at++) {
        odd[at] = (byte) (chance.nextBoolean() ? chance.nextInt() : chance.nextInt(3) - 1);
      }
      refused += Exercise.of(inMemory(odd)).fault() == null ? 0 : 1;
    }
    assertTrue(refused > 100, name + ": only " + refused + " refused");
  }
}
