// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Whatever the octets are, they decode: no exception, every field within the blob.
class AnyOctetsTest {

  private static final Map<String, Function<MemorySegment, Decoded.Group>> KINDS =
      Map.ofEntries(
          Map.entry("vcpu 64", blob -> Blobs.vcpuBasic(blob, 8)),
          Map.entry("vcpu 32", blob -> Blobs.vcpuBasic(blob, 4)),
          Map.entry("extended", Blobs::vcpuExtended),
          Map.entry("xsave", Blobs::vcpuXsave),
          Map.entry("msrs", Blobs::vcpuMsrs),
          Map.entry("shared info 64", blob -> Blobs.sharedInfo(blob, 8)),
          Map.entry("shared info 32", blob -> Blobs.sharedInfo(blob, 4)),
          Map.entry("start info 64", blob -> Blobs.startInfo(blob, 8)),
          Map.entry("start info 32", blob -> Blobs.startInfo(blob, 4)),
          Map.entry("hvm context", Blobs::hvmContext),
          Map.entry("cpuid policy", Blobs::cpuidPolicy),
          Map.entry("msr policy", Blobs::msrPolicy));

  @TestFactory
  Stream<DynamicTest> randomOctetsOfEveryLength() {
    return KINDS.entrySet().stream()
        .map(kind ->
            DynamicTest.dynamicTest(
                kind.getKey(),
                () -> {
                  Random random = new Random(kind.getKey().hashCode());
                  for (int round = 0; round < 300; round++) {
                    MemorySegment blob = random(random, random.nextInt(5400));
                    check(kind.getValue().apply(blob), blob);
                  }
                }));
  }

  @TestFactory
  Stream<DynamicTest> everyLengthOfEveryHvmRecord() {
    return Stream.of(HvmRecordType.values())
        .map(type ->
            DynamicTest.dynamicTest(
                type.name(),
                () -> {
                  Random random = new Random(type.code());
                  for (int size = 0; size <= type.size() + 40; size++) {
                    MemorySegment body = random(random, size);
                    check(Blobs.hvmRecord(type.code(), 0, body), null);
                  }
                }));
  }

  /// A whole struct of any release has no problem; one that is cut within a field has exactly one.
  @Test
  void shortHvmRecordsHaveAProblemOrAreExtended() {
    for (HvmRecordType type : HvmRecordType.values()) {
      if (type == HvmRecordType.CPU_MSR || type == HvmRecordType.CPU_XSAVE) {
        continue;
      }
      for (int size = 0; size < type.size(); size++) {
        Decoded.Group tree = Blobs.hvmRecord(type.code(), 0, Blob.ofZeroes(size));
        boolean extended = tree.find("body.zero_extended_from") != null;
        boolean older = type == HvmRecordType.CPU && size == HvmCpu.SIZE_BEFORE_3_4;
        assertEquals(
            extended || older ? 0 : 1, Rendering.problems(tree).size(), type + " of " + size);
        assertFalse(extended && size < type.smallestSize(), type + " of " + size);
      }
      assertEquals(
          0,
          Rendering.problems(
                  Blobs.hvmRecord(type.code(), 0, Blob.ofZeroes(Math.toIntExact(type.size()))))
              .size());
    }
  }

  /// Millions of entries take memory for those in use only: this heap could not hold all their
  /// trees.
  @Test
  void longListsAreDecodedAsTheyAreAskedFor() {
    MemorySegment blob = Blob.ofZeroes(64 << 20);
    Decoded.Group policy = Blobs.cpuidPolicy(blob);
    assertEquals((64 << 20) / 24 + 1, policy.fields().size());
    assertEquals("leaf=0x00000000", Rendering.at(policy.fields().get(2_000_000), "leaf"));
    Decoded.Group msrs = Blobs.vcpuMsrs(blob);
    assertEquals(4 << 20, msrs.fields().size());
    assertEquals(
        "4000000{index=0x00000000 (unknown); reserved=0x00000000; value=0x0000000000000000}",
        Rendering.of(msrs.fields().get(4_000_000)));
    for (long at = 0; at < blob.byteSize(); at += 8) {
      blob.set(ValueLayout.JAVA_BYTE, at, (byte) 0x63);
    }
    Decoded.Group context = Blobs.hvmContext(blob);
    assertEquals((8 << 20) + 1, context.fields().size());
    assertEquals(
        "8000000{typecode=0x0063 (unknown); instance=0; length=0; body=[]}",
        Rendering.of(context.fields().get(8_000_000)));
  }

  private static MemorySegment random(Random random, int size) {
    byte[] octets = new byte[size];
    random.nextBytes(octets);
    boolean sparse = random.nextBoolean();
    for (int i = 0; i < size; i++) {
      if (sparse && random.nextInt(8) > 0) {
        octets[i] = 0;
      }
    }
    return MemorySegment.ofArray(octets);
  }

  private static void check(Decoded decoded, @Nullable MemorySegment blob) {
    switch (decoded) {
      case Decoded.Group group -> group.fields().forEach(field -> check(field, blob));
      case Decoded.Octets octets ->
          assertTrue(
              blob == null
                  || octets.octets().byteSize() == 0
                  || octets.octets().asOverlappingSlice(blob).isPresent(),
              octets.name());
      case Decoded.Number number -> assertTrue(fits(number.width()), number.name());
      case Decoded.Explained explained ->
          assertFalse(explained.meaning().isBlank(), explained.name());
      case Decoded.Flags flags -> assertEquals(Long.bitCount(flags.value()), flags.set().size());
      case Decoded.Text text ->
          assertTrue(text.value().chars().allMatch(c -> c >= ' ' && c <= '~'), text.name());
      case Decoded.Problem problem -> assertEquals("problem", problem.name());
    }
  }

  private static boolean fits(int width) {
    return width == 1 || width == 2 || width == 4 || width == 8;
  }
}
