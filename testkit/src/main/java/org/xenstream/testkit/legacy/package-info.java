// SPDX-License-Identifier: Apache-2.0
/// Writers of legacy images, after the savers of Xen 4.1 to 4.5 and in ignorance of the reader
/// under test. They are part of the test kit alone: the project saves in the modern format only.
@NullMarked
package org.xenstream.testkit.legacy;

import org.jspecify.annotations.NullMarked;
