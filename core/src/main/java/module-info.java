// SPDX-License-Identifier: Apache-2.0

/// The format of Xen's domain save image and migration stream: model, reader, writer, outer layers
/// and rules. Needs nothing but the Java base at run time.
module org.xenstream.core {
  requires static org.jspecify;

  exports org.xenstream.core.format;
  exports org.xenstream.core.envelope;
  exports org.xenstream.core.verify;

  uses org.xenstream.core.envelope.Decompressor;
  uses org.xenstream.core.envelope.LegacyTranslator;
}
