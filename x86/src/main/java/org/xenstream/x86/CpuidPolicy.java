// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A guest's CPUID policy, the body of an X86_CPUID_POLICY record: a row of leaves
/// ([CpuidLeaf#SIZE] octets each) in any order. It views the body and copies nothing.
public final class CpuidPolicy {

  private final MemorySegment body;

  /// Makes a policy over the body of a record. What is left over after the last whole leaf counts
  /// for nothing.
  public CpuidPolicy(MemorySegment body) {
    this.body = body;
  }

  /// The number of whole leaves.
  public long leaves() {
    return body.byteSize() / CpuidLeaf.SIZE;
  }

  /// A leaf by its place.
  ///
  /// @throws IndexOutOfBoundsException if there is no such leaf
  public CpuidLeaf leafAt(long index) {
    return CpuidLeaf.read(body.asSlice(index * CpuidLeaf.SIZE, CpuidLeaf.SIZE));
  }

  /// The first leaf of the given inputs, or null if there is none.
  ///
  /// @param leaf the input eax
  /// @param subleaf the input ecx, or [CpuidLeaf#NO_SUBLEAF]
  public @Nullable CpuidLeaf find(int leaf, int subleaf) {
    for (long i = 0; i < leaves(); i++) {
      CpuidLeaf candidate = leafAt(i);
      if (candidate.leaf() == leaf && candidate.subleaf() == subleaf) {
        return candidate;
      }
    }
    return null;
  }

  private @Nullable CpuidLeaf find(int leaf) {
    return find(leaf, CpuidLeaf.NO_SUBLEAF);
  }

  /// The processor's vendor, such as `AuthenticAMD`, or null if the policy has no leaf 0.
  public @Nullable String vendor() {
    CpuidLeaf leaf = find(0);
    return leaf == null ? null : Ascii.of(leaf.ebx(), leaf.edx(), leaf.ecx());
  }

  /// The processor's brand string of up to 48 characters, or null if one of its three leaves is
  /// missing.
  public @Nullable String brand() {
    CpuidLeaf first = find(0x8000_0002);
    CpuidLeaf second = find(0x8000_0003);
    CpuidLeaf third = find(0x8000_0004);
    if (first == null || second == null || third == null) {
      return null;
    }
    return Ascii.of(
        first.eax(),
        first.ebx(),
        first.ecx(),
        first.edx(),
        second.eax(),
        second.ebx(),
        second.ecx(),
        second.edx(),
        third.eax(),
        third.ebx(),
        third.ecx(),
        third.edx());
  }

  /// Family, model and stepping in words, or null if the policy has no leaf 1.
  public @Nullable String familyModelStepping() {
    CpuidLeaf leaf = find(1);
    return leaf == null ? null : signature(Integer.toUnsignedLong(leaf.eax()));
  }

  /// The leaf at which Xen's signature stands: 0x40000000, or 0x40000100 where the Viridian
  /// interface has the former; 0 if it stands nowhere, as in the policies that Xen itself writes,
  /// whose leaves of that range hold limits only.
  public int xenBase() {
    for (int base = 0x4000_0000; base <= 0x4000_0100; base += 0x100) {
      for (int subleaf : new int[] {0, CpuidLeaf.NO_SUBLEAF}) {
        CpuidLeaf leaf = find(base, subleaf);
        if (leaf != null && Ascii.of(leaf.ebx(), leaf.ecx(), leaf.edx()).equals("XenVMMXenVMM")) {
          return base;
        }
      }
    }
    return 0;
  }

  /// The names of all features, each once, in the order of the policy's leaves.
  public List<String> features() {
    Set<String> features = new LinkedHashSet<>();
    for (long i = 0; i < leaves(); i++) {
      CpuidLeaf leaf = leafAt(i);
      for (CpuFeatures.Register register : CpuFeatures.Register.values()) {
        BitNames names = CpuFeatures.names(leaf.leaf(), leaf.subleaf(), register);
        if (names != null) {
          int value =
              switch (register) {
                case EAX -> leaf.eax();
                case EBX -> leaf.ebx();
                case ECX -> leaf.ecx();
                case EDX -> leaf.edx();
              };
          features.addAll(names.set(Integer.toUnsignedLong(value)));
        }
      }
    }
    return List.copyOf(features);
  }

  /// Family, model and stepping as leaf 1 packs them into eax (Intel SDM volume 2, CPUID).
  static String signature(long eax) {
    long family = eax >>> 8 & 15;
    long model = eax >>> 4 & 15;
    if (family == 6 || family == 15) {
      model |= (eax >>> 16 & 15) << 4;
    }
    if (family == 15) {
      family += eax >>> 20 & 0xff;
    }
    return "family=%d model=%d stepping=%d".formatted(family, model, eax & 15);
  }
}
