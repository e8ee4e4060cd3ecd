// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

/// What a record says, and where it stood. Views in both belong to the source and die with its next
/// step.
///
/// @param frame where it stood
/// @param record what it says
public record Framed(Frame frame, StreamRecord record) {}
