// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

/// A release of Xen, as the domain header names it.
///
/// @param major such as 4
/// @param minor such as 17
public record XenVersion(int major, int minor) {}
