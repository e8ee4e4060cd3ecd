// SPDX-License-Identifier: Apache-2.0

/// When pre-copy stops, as a pure function of statistics.
@NullMarked
package org.xenstream.transfer.policy;

import org.jspecify.annotations.NullMarked;
