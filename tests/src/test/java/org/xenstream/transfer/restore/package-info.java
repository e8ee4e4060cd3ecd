// SPDX-License-Identifier: Apache-2.0

/// Restores on the simulated hypervisor.
@NullMarked
package org.xenstream.transfer.restore;

import org.jspecify.annotations.NullMarked;
