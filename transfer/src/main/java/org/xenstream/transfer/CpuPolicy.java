// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.lang.foreign.MemorySegment;

/// A guest's CPU policy, as the stream carries it.
///
/// @param leaves `xen_cpuid_leaf_t`, 24 octets each; may be empty
/// @param msrs `xen_msr_entry_t`, 16 octets each; may be empty
public record CpuPolicy(MemorySegment leaves, MemorySegment msrs) {}
