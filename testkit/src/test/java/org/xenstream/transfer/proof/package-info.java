// SPDX-License-Identifier: Apache-2.0

/// The engines put together: whole guests saved and restored between two simulated hosts, and all
/// that can go wrong meanwhile.
@NullMarked
package org.xenstream.transfer.proof;

import org.jspecify.annotations.NullMarked;
