// SPDX-License-Identifier: Apache-2.0

/// The command line: one class a verb.
@NullMarked
package org.xenstream.cli;

import org.jspecify.annotations.NullMarked;
