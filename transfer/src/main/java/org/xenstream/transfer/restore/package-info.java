// SPDX-License-Identifier: Apache-2.0

/// Restoring a guest from the records of a stream.
@NullMarked
package org.xenstream.transfer.restore;

import org.jspecify.annotations.NullMarked;
