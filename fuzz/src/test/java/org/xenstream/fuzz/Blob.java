// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.xenstream.core.format.Wire;
import org.xenstream.x86.Blobs;
import org.xenstream.x86.CpuidPolicy;
import org.xenstream.x86.Decoded;
import org.xenstream.x86.PageTableEntry;
import org.xenstream.x86.PageTableLevel;

/// Every decoder of blobs, by number, and the walk over all that it says.
final class Blob {
  /// The number of the decoder of HVM contexts.
  static final int HVM_CONTEXT = 11;

  private static final int MOST_FIELDS = 200_000;

  private static final int ZEROES_AT_MOST = 8192;

  private static final List<Function<MemorySegment, Decoded>> DECODERS =
      List.of(
          blob -> Blobs.vcpuBasic(blob, 8),
          blob -> Blobs.vcpuBasic(blob, 4),
          Blobs::vcpuExtended,
          Blobs::vcpuXsave,
          Blobs::vcpuMsrs,
          blob -> Blobs.sharedInfo(blob, 8),
          blob -> Blobs.sharedInfo(blob, 4),
          blob -> Blobs.startInfo(blob, 8),
          blob -> Blobs.startInfo(blob, 4),
          Blobs::cpuidPolicy,
          Blobs::msrPolicy,
          Blobs::hvmContext,
          Blob::hvmRecord,
          Blob::hvmParam,
          Blob::tableEntry,
          Blob::cpuid,
          blob -> Blobs.vcpuBasic(blob, 5));

  private Blob() {}

  static Decoded decode(int number, MemorySegment blob) {
    return DECODERS.get(number % DECODERS.size()).apply(blob);
  }

  private static Decoded hvmRecord(MemorySegment blob) {
    return blob.byteSize() < 4
        ? Blobs.hvmRecord(0, 0, blob)
        : Blobs.hvmRecord(Wire.u16(blob, 0), Wire.u16(blob, 2), blob.asSlice(4));
  }

  private static Decoded hvmParam(MemorySegment blob) {
    return blob.byteSize() < 16
        ? Blobs.hvmParam(blob.byteSize(), 0)
        : Blobs.hvmParam(Wire.u64(blob, 0), Wire.u64(blob, 8));
  }

  private static Decoded tableEntry(MemorySegment blob) {
    long entry = blob.byteSize() < 8 ? 0 : Wire.u64(blob, 0);
    PageTableLevel level = PageTableLevel.of(1 + (int) (blob.byteSize() & 3));
    return PageTableEntry.explain("entry", level, entry);
  }

  /// A policy as the questions see it that are asked of it.
  private static Decoded cpuid(MemorySegment blob) {
    CpuidPolicy policy = new CpuidPolicy(blob);
    List<Decoded> fields = new ArrayList<>();
    for (String feature : policy.features()) {
      fields.add(new Decoded.Text("feature", feature));
    }
    fields.add(new Decoded.Text("vendor", String.valueOf(policy.vendor())));
    fields.add(new Decoded.Text("brand", String.valueOf(policy.brand())));
    fields.add(new Decoded.Text("model", String.valueOf(policy.familyModelStepping())));
    return new Decoded.Group("cpuid", fields);
  }

  /// Asks every field for its text; checks that no more is shown than the blob holds, but for the
  /// zeroes that a struct of an older release is extended with.
  static void walk(Decoded decoded, MemorySegment blob) {
    walk(decoded, blob, MOST_FIELDS);
  }

  private static int walk(Decoded decoded, MemorySegment blob, int most) {
    int left = most - 1;
    switch (decoded) {
      case Decoded.Group group -> {
        for (Decoded field : group.fields()) {
          if (left <= 0) {
            break;
          }
          left = walk(field, blob, left);
        }
      }
      case Decoded.Octets octets ->
          hold(octets.octets().byteSize() <= blob.byteSize() + ZEROES_AT_MOST, octets.name());
      case Decoded.Number number -> hold(!number.text().isEmpty(), number.name());
      case Decoded.Explained explained -> hold(!explained.meaning().isBlank(), explained.name());
      case Decoded.Flags flags ->
          hold(Long.bitCount(flags.value()) == flags.set().size(), flags.name());
      case Decoded.Text text ->
          hold(text.value().chars().allMatch(c -> c >= ' ' && c <= '~'), text.name());
      case Decoded.Problem problem -> hold(!problem.text().isBlank(), problem.name());
    }
    return left;
  }

  private static void hold(boolean held, String name) {
    if (!held) {
      throw new AssertionError(name);
    }
  }
}
