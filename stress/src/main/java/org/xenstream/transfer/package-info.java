// SPDX-License-Identifier: Apache-2.0

/// What threads share, under jcstress. Not shipped.
@NullMarked
package org.xenstream.transfer;

import org.jspecify.annotations.NullMarked;
