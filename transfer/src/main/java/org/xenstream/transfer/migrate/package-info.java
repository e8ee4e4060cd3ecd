// SPDX-License-Identifier: Apache-2.0

/// A migration as a whole: a guest moves from one simulated host to another, over a line, and ends
/// up running at exactly one of them. What libxl, xl and Remus do around the engines.
@NullMarked
package org.xenstream.transfer.migrate;

import org.jspecify.annotations.NullMarked;
