// SPDX-License-Identifier: Apache-2.0

/// What is inside the blobs of an x86 guest: vCPU contexts, HVM context records, CPUID and MSR
/// policy, page-table entries, shared info.
module org.xenstream.x86 {
  requires transitive org.xenstream.core;
  requires static org.jspecify;

  exports org.xenstream.x86;
}
