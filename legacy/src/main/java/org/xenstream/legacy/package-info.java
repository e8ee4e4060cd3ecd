// SPDX-License-Identifier: Apache-2.0

/// Images in the format that `libxc` wrote up to Xen 4.5, read as the records that a modern saver
/// would have written (`tools/libxc/xg_save_restore.h`, `xc_domain_save.c`, `xc_domain_restore.c`
/// and `xc_compression.c` of the releases 4.1 to 4.5).
///
/// ```
///  image    := word p2m_size [ PV: [ extended-info ] frame-list ] state { state }
///  state    := chunk* zero ( PV: pv-tail | HVM: hvm-tail [ device-model ] )
///  chunk    := i32 count > 0, as many words of type and pfn, a page for each that has one
///            | i32 id < 0, what the id says
/// ```
///
/// A word has the width of the toolstack that saved, 4 or 8 octets, little-endian. More than one
/// state is what Remus wrote: checkpoints.
///
/// [org.xenstream.legacy.LegacySource] is the way in. Octets that are no such image, or a damaged
/// one, bring out no other exception than [org.xenstream.core.format.StreamFormatException].
@NullMarked
package org.xenstream.legacy;

import org.jspecify.annotations.NullMarked;
