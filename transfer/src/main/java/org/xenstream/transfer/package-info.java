// SPDX-License-Identifier: Apache-2.0

/// The port to a hypervisor and what both directions of a transfer share.
@NullMarked
package org.xenstream.transfer;

import org.jspecify.annotations.NullMarked;
