// SPDX-License-Identifier: Apache-2.0

/// Decompressors for zstd and xz images, as service providers of the core's envelope. Kept apart so
/// that the core needs no library.
module org.xenstream.codecs {
  requires org.xenstream.core;
  requires org.tukaani.xz;
  requires com.github.luben.zstd_jni;
  requires static org.jspecify;

  provides org.xenstream.core.envelope.Decompressor with
      org.xenstream.codecs.ZstdDecompressor,
      org.xenstream.codecs.XzDecompressor;
}
