// SPDX-License-Identifier: Apache-2.0

/// A simulated hypervisor with running guests.
@NullMarked
package org.xenstream.transfer.sim;

import org.jspecify.annotations.NullMarked;
