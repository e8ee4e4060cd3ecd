// SPDX-License-Identifier: Apache-2.0

/// Benchmarks. Not shipped.
@NullMarked
package org.xenstream.bench;

import org.jspecify.annotations.NullMarked;
