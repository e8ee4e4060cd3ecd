// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import java.io.InputStream;

/// Opens one kind of compressed file. Providers are found by `java.util.ServiceLoader`, so that
/// this module needs none of their libraries; gzip is built in.
public interface Decompressor {
  /// The codec's name, by which it is chosen: "zstd", "xz", "lz4". What such a file begins with is
  /// known here.
  String name();

  /// Gives the decompressed octets. Concatenated frames are read through.
  ///
  /// The stream may throw any exception for octets that are none of its kind: the caller turns each
  /// into a located one.
  ///
  /// @param compressed read from its start; closed by the caller
  /// @param mostMib how many MiB it may take for what it looks back at; less where a format needs
  ///   less. Octets that want more are refused
  /// @throws IOException when the source cannot be read
  InputStream open(InputStream compressed, int mostMib) throws IOException;
}
