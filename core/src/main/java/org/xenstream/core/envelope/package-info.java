// SPDX-License-Identifier: Apache-2.0

/// What a stream is wrapped in: compression, toolstack headers, outer layers.
@NullMarked
package org.xenstream.core.envelope;

import org.jspecify.annotations.NullMarked;
