// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// The lists of model-specific registers. Three structs have one shape: {u32 index, u32 reserved,
/// u64 value}: `xen_domctl_vcpu_msr` (xen/include/public/domctl.h), `hvm_one_msr`
/// (arch-x86/hvm/save.h) and `xen_msr_entry_t` (arch-x86/xen.h). Their names for the fields differ.
final class MsrLists {

  private MsrLists() {}

  static final Struct VCPU_MSR = entry("xen_domctl_vcpu_msr", "index", "reserved", "value");
  static final Struct ONE_MSR = entry("hvm_one_msr", "index", "_rsvd", "val");
  static final Struct POLICY_ENTRY = entry("xen_msr_entry", "idx", "flags", "val");

  private static Struct entry(String struct, String index, String reserved, String value) {
    return Struct.of64(struct)
        .u32(index, Show.HEX)
        .u32(reserved, Show.HEX)
        .u64(value, Show.HEX)
        .build();
  }

  /// A list of entries, each named by its place; what is left over is a problem.
  static Decoded.Group list(String name, Struct entry, MemorySegment entries) {
    long size = entry.size();
    int whole = (int) Math.min(Integer.MAX_VALUE - 1, entries.byteSize() / size);
    long rest = entries.byteSize() - whole * size;
    return new Decoded.Group(
        name,
        new EntryList(
            rest == 0 ? whole : whole + 1,
            i ->
                i == whole
                    ? new Decoded.Problem(
                        "cut in %s[%d]: %d of %d octets are there"
                            .formatted(entry.name(), whole, rest, size))
                    : explain(Integer.toString(i), entry, entries.asSlice(i * size, size))));
  }

  private static Decoded explain(String name, Struct struct, MemorySegment entry) {
    Field index = ((Member.Scalar) struct.members().get(0)).field();
    Field reserved = ((Member.Scalar) struct.members().get(1)).field();
    Field value = ((Member.Scalar) struct.members().get(2)).field();
    int msr = (int) index.get(entry);
    return new Decoded.Group(
        name,
        List.of(
            Msr.index(index.name(), Integer.toUnsignedLong(msr)),
            Show.HEX.of(reserved.name(), reserved.get(entry), 4),
            Msr.value(value.name(), msr, value.get(entry))));
  }
}
