// SPDX-License-Identifier: Apache-2.0

/// Read-only views of an image.
@NullMarked
package org.xenstream.insight;

import org.jspecify.annotations.NullMarked;
