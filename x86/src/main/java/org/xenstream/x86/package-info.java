// SPDX-License-Identifier: Apache-2.0

/// What is inside the blobs of an x86 guest.
///
/// Two uses, one description. A struct of Xen's public headers is described once, as a table of
/// names, widths and meanings. [org.xenstream.x86.Blobs] walks the tables and gives every field of
/// a blob as a tree of [org.xenstream.x86.Decoded], to be printed. The engines that save and
/// restore read and write single fields where they lie, through the [org.xenstream.x86.Field]s of
/// [org.xenstream.x86.VcpuContext], [org.xenstream.x86.SharedInfo] and
/// [org.xenstream.x86.StartInfo], or the functions of [org.xenstream.x86.PageTableEntry] and
/// [org.xenstream.x86.Cr3].
///
/// Blobs are little-endian and come from whoever wrote the stream: any octets decode. What is too
/// short gives the fields that are there and a [org.xenstream.x86.Decoded.Problem] that names the
/// field that was cut. Only a wrong argument of the program (not of the stream) throws.
///
/// Nothing here copies a blob: a tree and its views are as short-lived as the segment they came
/// from.
@NullMarked
package org.xenstream.x86;

import org.jspecify.annotations.NullMarked;
