// SPDX-License-Identifier: Apache-2.0

/// What threads share, under jcstress. Not shipped.
@NullMarked
package org.xenstream.transfer.sim;

import org.jspecify.annotations.NullMarked;
