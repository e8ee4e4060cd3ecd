// SPDX-License-Identifier: Apache-2.0

/// Domain save images of Xen 4.5 and older, translated into the records of the modern stream while
/// they are read. There is nothing here that writes one.
module org.xenstream.legacy {
  requires transitive org.xenstream.core;
  requires org.xenstream.x86;
  requires static org.jspecify;

  exports org.xenstream.legacy;

  provides org.xenstream.core.envelope.LegacyTranslator with
      org.xenstream.legacy.LegacyReader;
}
