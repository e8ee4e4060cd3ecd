// SPDX-License-Identifier: Apache-2.0

/// System calls of Linux, each with its C prototype above its handle.
@NullMarked
package org.xenstream.os;

import org.jspecify.annotations.NullMarked;
