// SPDX-License-Identifier: Apache-2.0

/// For every rule of the judge an image that makes it speak, and what it then says.
@NullMarked
package org.xenstream.tests.rules;

import org.jspecify.annotations.NullMarked;
