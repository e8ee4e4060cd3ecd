// SPDX-License-Identifier: Apache-2.0

/// Xen's libraries by the FFM API, a class for each library, and libxl's helper protocol.
@NullMarked
package org.xenstream.xen;

import org.jspecify.annotations.NullMarked;
