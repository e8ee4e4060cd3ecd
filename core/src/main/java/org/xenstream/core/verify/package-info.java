// SPDX-License-Identifier: Apache-2.0

/// Rules: sentences of the specification as code, and the findings they report.
@NullMarked
package org.xenstream.core.verify;

import org.jspecify.annotations.NullMarked;
