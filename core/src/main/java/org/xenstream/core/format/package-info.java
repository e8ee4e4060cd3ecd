// SPDX-License-Identifier: Apache-2.0

/// The format: what a stream says, and how it is read and written.
@NullMarked
package org.xenstream.core.format;

import org.jspecify.annotations.NullMarked;
