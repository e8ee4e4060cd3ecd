// SPDX-License-Identifier: Apache-2.0

/// Saving a guest: all memory, its state, pre-copy, checkpoints.
@NullMarked
package org.xenstream.transfer.save;

import org.jspecify.annotations.NullMarked;
