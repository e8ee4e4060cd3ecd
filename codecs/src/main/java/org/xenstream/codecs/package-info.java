// SPDX-License-Identifier: Apache-2.0

/// Decompressors for zstd and xz images, found by the service loader.
@NullMarked
package org.xenstream.codecs;

import org.jspecify.annotations.NullMarked;
