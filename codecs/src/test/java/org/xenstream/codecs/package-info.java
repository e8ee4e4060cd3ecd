// SPDX-License-Identifier: Apache-2.0

/// Tests of the decompressors through the reader of images.
@NullMarked
package org.xenstream.codecs;

import org.jspecify.annotations.NullMarked;
