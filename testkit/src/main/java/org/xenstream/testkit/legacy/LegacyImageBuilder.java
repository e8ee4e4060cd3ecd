// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xenstream.testkit.StreamBuilder;

/// Writes a legacy image part by part, good or bad, as `xc_domain_save.c` of Xen 4.1 to 4.5 does.
///
/// It asks no question: any number goes anywhere. All numbers are little-endian; a word has as many
/// octets as the toolstack's `unsigned long`.
public final class LegacyImageBuilder {
  /// ENABLE_VERIFY_MODE.
  public static final int VERIFY = -1;

  /// VCPU_INFO.
  public static final int VCPU_INFO = -2;

  /// HVM_IDENT_PT.
  public static final int IDENT_PT = -3;

  /// HVM_VM86_TSS.
  public static final int VM86_TSS = -4;

  /// TMEM.
  public static final int TMEM = -5;

  /// TMEM_EXTRA.
  public static final int TMEM_EXTRA = -6;

  /// TSC_INFO.
  public static final int TSC_INFO = -7;

  /// HVM_CONSOLE_PFN.
  public static final int CONSOLE_PFN = -8;

  /// LAST_CHECKPOINT.
  public static final int LAST_CHECKPOINT = -9;

  /// HVM_ACPI_IOPORTS_LOCATION.
  public static final int ACPI_IOPORTS = -10;

  /// HVM_VIRIDIAN.
  public static final int VIRIDIAN = -11;

  /// COMPRESSED_DATA.
  public static final int COMPRESSED_DATA = -12;

  /// ENABLE_COMPRESSION.
  public static final int ENABLE_COMPRESSION = -13;

  /// HVM_GENERATION_ID_ADDR.
  public static final int GENERATION_ID = -14;

  /// HVM_PAGING_RING_PFN.
  public static final int PAGING_RING = -15;

  /// HVM_ACCESS_RING_PFN, HVM_MONITOR_RING_PFN.
  public static final int ACCESS_RING = -16;

  /// HVM_SHARING_RING_PFN.
  public static final int SHARING_RING = -17;

  /// TOOLSTACK.
  public static final int TOOLSTACK = -18;

  /// HVM_IOREQ_SERVER_PFN.
  public static final int IOREQ_SERVER_PFN = -19;

  /// HVM_NR_IOREQ_SERVER_PAGES.
  public static final int NR_IOREQ_SERVER_PAGES = -20;

  /// HVM_X87_FIP_WIDTH.
  public static final int X87_FIP_WIDTH = -21;

  /// The signature of a device model's state that goes to the end of the file: xend, and libxl up
  /// to 4.1.
  public static final String QEMU_TO_END = "QemuDeviceModelRecord";

  /// The signature of one with a length: libxl since 4.2.
  public static final String QEMU_WITH_LENGTH = "DeviceModelRecord0002";

  /// The signature of one with a length, in a checkpoint.
  public static final String QEMU_OF_REMUS = "RemusDeviceModelState";

  /// What the savers write for every pfn that they cannot map: XTAB, and no pfn at all.
  public static final long UNMAPPED_ENTRY = 0xF000_0000L;

  private static final int PAGE = 4096;

  private final OutputStream out;
  private final int width;
  private long written;

  private LegacyImageBuilder(OutputStream out, int width) {
    if (width != 4 && width != 8) {
      throw new IllegalArgumentException("width: expected 4 or 8, found " + width);
    }
    this.out = out;
    this.width = width;
  }

  /// An image in memory, for [#octets].
  ///
  /// @param width octets in a word of the toolstack, 4 or 8
  public static LegacyImageBuilder image(int width) {
    return new LegacyImageBuilder(new ByteArrayOutputStream(), width);
  }

  /// An image of any size.
  ///
  /// @param out gets small writes, so it should be buffered; stays the caller's to close
  public static LegacyImageBuilder to(OutputStream out, int width) {
    return new LegacyImageBuilder(out, width);
  }

  /// Octets in a word of the toolstack.
  public int width() {
    return width;
  }

  /// How many octets were written.
  public long size() {
    return written;
  }

  /// All that was written to [#image].
  public byte[] octets() {
    return ((ByteArrayOutputStream) out).toByteArray();
  }

  /// Octets as they are.
  public LegacyImageBuilder raw(byte... octets) {
    try {
      out.write(octets);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    written += octets.length;
    return this;
  }

  /// Octets as they are.
  public LegacyImageBuilder raw(MemorySegment octets) {
    return raw(octets.toArray(ValueLayout.JAVA_BYTE));
  }

  /// Numbers of four octets.
  public LegacyImageBuilder u32(long... values) {
    return numbers(4, values);
  }

  /// Numbers of eight octets.
  public LegacyImageBuilder u64(long... values) {
    return numbers(8, values);
  }

  /// Words of the toolstack.
  public LegacyImageBuilder words(long... values) {
    return numbers(width, values);
  }

  private LegacyImageBuilder numbers(int size, long... values) {
    byte[] octets = new byte[size * values.length];
    for (int i = 0, at = 0; i < values.length; i++) {
      for (int shift = 0; shift < 8 * size; shift += 8) {
        octets[at++] = (byte) (values[i] >>> shift);
      }
    }
    return raw(octets);
  }

  /// Extended info whose total fits its blocks.
  public LegacyImageBuilder extendedInfo(byte[]... blocks) {
    byte[] all = StreamBuilder.join(blocks);
    return words(-1).u32(all.length).raw(all);
  }

  /// A block of extended info.
  ///
  /// @param id four characters
  public static byte[] block(String id, byte... data) {
    return StreamBuilder.stream().raw(id.getBytes(ISO_8859_1)).u32(data.length).raw(data).octets();
  }

  /// The block that says how long the XSAVE state of a vCPU is, its header of 16 octets included.
  public static byte[] xcnt(int length) {
    return block("xcnt", StreamBuilder.stream().u32(length).octets());
  }

  /// An entry of a batch.
  ///
  /// @param type as in a modern stream, 0 to 15
  public static long entry(int type, long pfn) {
    return (long) type << 28 | pfn;
  }

  /// The head of a batch; its pages follow by [#raw].
  public LegacyImageBuilder batch(long... entries) {
    return u32(entries.length).words(entries);
  }

  /// A batch with a page for each entry that carries one, filled with the entry's place among
  /// those.
  public LegacyImageBuilder filledBatch(long... entries) {
    batch(entries);
    int pages = 0;
    for (long entry : entries) {
      if ((entry >>> 28 & 0xF) < 0xD) {
        raw(StreamBuilder.page(++pages));
      }
    }
    return this;
  }

  /// A chunk without a body, or the id of one whose body follows.
  public LegacyImageBuilder chunk(int id) {
    return u32(id);
  }

  /// A chunk of an HVM parameter, after padding of zeros.
  public LegacyImageBuilder param(int id, long value) {
    return u32(id, 0).u64(value);
  }

  /// VCPU_INFO with as large a bitmap as the highest id wants.
  ///
  /// @param online the numbers of the vCPUs that are online
  public LegacyImageBuilder vcpuInfo(int maxId, int... online) {
    long[] map = new long[maxId / 64 + 1];
    for (int vcpu : online) {
      map[vcpu / 64] |= 1L << vcpu % 64;
    }
    return u32(VCPU_INFO, maxId).u64(map);
  }

  /// TSC_INFO.
  public LegacyImageBuilder tscInfo(int mode, long nsec, int khz, int incarnation) {
    return u32(TSC_INFO, mode).u64(nsec).u32(khz, incarnation);
  }

  /// TOOLSTACK with a length that fits.
  public LegacyImageBuilder toolstack(byte... data) {
    return u32(TOOLSTACK, data.length).raw(data);
  }

  /// COMPRESSED_DATA with a length that fits.
  public LegacyImageBuilder compressed(byte... data) {
    return u32(COMPRESSED_DATA).words(data.length).raw(data);
  }

  /// A whole TMEM chunk of one persistent pool of the given pages, all zeros, and one ephemeral
  /// pool, as `xc_tmem_save` writes it.
  ///
  /// @param terminated the pool's pages end before their number is reached, as after invalidations
  public LegacyImageBuilder tmem(int pages, boolean terminated) {
    u32(TMEM, 0, 16, -1, 0, 1, 2, -1);
    u32(3, 1, pages + (terminated ? 2 : 0)).u64(0x1111, 0x2222);
    for (int i = 0; i < pages; i++) {
      u64(1, 2, 3).u32(i).raw(new byte[PAGE]);
    }
    if (terminated) {
      u64(-1, -1, -1);
    }
    return u32(4, 0, 0).u64(0x3333, 0x4444).u32(-1);
  }

  /// A TMEM_EXTRA chunk of so many invalidations.
  public LegacyImageBuilder tmemExtra(int invalidations) {
    u32(TMEM_EXTRA);
    for (int i = 0; i < invalidations; i++) {
      u32(3).u64(1, 2, 3).u32(i);
    }
    return u32(-1);
  }

  /// The end of a body.
  public LegacyImageBuilder endOfBody() {
    return u32(0);
  }

  /// The tail of an HVM guest, without the device model.
  public LegacyImageBuilder hvmTail(long ioreq, long bufioreq, long store, byte... context) {
    return u64(ioreq, bufioreq, store).u32(context.length).raw(context);
  }

  /// The state of a device model.
  ///
  /// @param signature one of the three, or none
  public LegacyImageBuilder deviceModel(String signature, byte... state) {
    raw(signature.getBytes(ISO_8859_1));
    if (!signature.equals(QEMU_TO_END)) {
      u32(state.length);
    }
    return raw(state);
  }

  /// The list of pfns that were not in the guest's map, with which the tail of a PV guest begins.
  public LegacyImageBuilder unmapped(long... pfns) {
    return u32(pfns.length).words(pfns);
  }

  /// XSAVE state behind a vCPU's contexts.
  public LegacyImageBuilder xsave(long mask, byte... state) {
    return u64(mask, state.length).raw(state);
  }
}
