// SPDX-License-Identifier: Apache-2.0

/// Tests of the whole: the plan of the house, the corpus, the tool as a process.
@NullMarked
package org.xenstream.tests;

import org.jspecify.annotations.NullMarked;
