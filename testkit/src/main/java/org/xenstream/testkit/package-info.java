// SPDX-License-Identifier: Apache-2.0

/// Support for tests: streams built by hand, faults, the corpus. Not shipped.
@NullMarked
package org.xenstream.testkit;

import org.jspecify.annotations.NullMarked;
