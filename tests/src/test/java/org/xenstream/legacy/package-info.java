// SPDX-License-Identifier: Apache-2.0

/// The translation of legacy images, held against what others make of the same images.
@NullMarked
package org.xenstream.legacy;

import org.jspecify.annotations.NullMarked;
