// SPDX-License-Identifier: Apache-2.0

/// Fuzz targets: what any octets may do to a reader.
@NullMarked
package org.xenstream.fuzz;

import org.jspecify.annotations.NullMarked;
