// SPDX-License-Identifier: Apache-2.0

/// The few system calls that Java does not offer, by the FFM API: gathered writes of native memory,
/// the size of a pipe, moving octets from one to another, polling a descriptor, sparse anonymous
/// memory, interrupting a stuck call.
module org.xenstream.os {
  requires static org.jspecify;

  exports org.xenstream.os;
}
