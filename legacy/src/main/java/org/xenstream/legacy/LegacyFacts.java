// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import org.jspecify.annotations.Nullable;

/// What is known of a legacy image so far: the first components as soon as it is open, the counts
/// as far as it was read.
///
/// @param toolstackWidth of the toolstack that saved
/// @param guestKind what kind of guest it is
/// @param guestWidth of a PV guest; null of an HVM guest
/// @param p2mSize the number of pfns that the guest's p2m covers
/// @param extendedInfo whether a PV image says of itself how wide the guest is
/// @param vcpus how many vCPUs were online, −1 before that is known
/// @param checkpoints how many complete states were read; 1 of a plain image
/// @param compressed whether Remus' compression of pages was met
/// @param verifies whether a second pass for comparison was met
public record LegacyFacts(
    WordWidth toolstackWidth,
    GuestKind guestKind,
    @Nullable WordWidth guestWidth,
    long p2mSize,
    boolean extendedInfo,
    int vcpus,
    int checkpoints,
    boolean compressed,
    boolean verifies) {}
