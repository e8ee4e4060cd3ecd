// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.xenstream.testkit.StreamBuilder;

/// A sound image of a large guest whose pages are zeros in holes of the file, so that it takes next
/// to no room.
final class SparseImage {
  private static final int BATCH = 1024;
  private static final int PAGE = 4096;

  /// Of a PV guest: the start info page, the pinned top-level page table, and where the p2m lies.
  private static final int START_INFO = 1;

  private static final int TOP_TABLE = 4;
  private static final int P2M = 52 * 20;
  private static final int P2M_ENTRIES = 512;

  /// Every such pfn of a PV guest is a page table, as in a busy guest.
  private static final int TABLES_EVERY = 20;

  private final FileChannel file;
  private long end;

  private SparseImage(FileChannel file) {
    this.file = file;
  }

  /// Writes one of an HVM guest.
  static Path hvm(Path file, int pages) throws IOException {
    try (FileChannel channel = create(file)) {
      SparseImage image = new SparseImage(channel);
      image.add(StreamBuilder.stream().imageHeader(3).domainHeader(2).record(0x10));
      image.memory(pages, false);
      byte[] params = StreamBuilder.stream().u32(1).u32(0).u64(1).u64(0xFEFFC).octets();
      StreamBuilder cpu = StreamBuilder.stream().u16(2).u16(0).u32(1032);
      byte[] context =
          StreamBuilder.stream()
              .u16(1)
              .u16(0)
              .u32(24)
              .u32(0x54381286)
              .u32(1)
              .raw(new byte[16])
              .raw(cpu.raw(new byte[656]).u64(0x8005_0033L).raw(new byte[368]).octets())
              .raw(new byte[8])
              .octets();
      image.add(tsc(StreamBuilder.stream()).record(0x0A, params).record(0x09, context).end());
    }
    return file;
  }

  /// Writes one of a 64-bit PV guest, of which a page in twenty is a page table.
  ///
  /// @param sent how many pages the image holds
  /// @param pages how many the guest may have
  static Path pv64(Path file, int sent, int pages) throws IOException {
    try (FileChannel channel = create(file)) {
      SparseImage image = new SparseImage(channel);
      StreamBuilder p2m = StreamBuilder.stream().u32(0).u32(pages - 1);
      for (int frame = 0; frame < pages / P2M_ENTRIES; frame++) {
        p2m.u64(P2M + ordinary(frame % BATCH));
      }
      image.add(
          StreamBuilder.stream()
              .imageHeader(3)
              .domainHeader(1)
              .record(0x02, new byte[] {8, 4, 0, 0, 0, 0, 0, 0})
              .record(0x10)
              .record(0x03, p2m.octets()));
      image.memory(sent, true);
      byte[] vcpu =
          StreamBuilder.stream()
              .raw(new byte[8 + 616])
              .u64(START_INFO)
              .raw(new byte[4984 + 24 - 624])
              .u64(TOP_TABLE << 12)
              .raw(new byte[5168 - 5016])
              .octets();
      image.add(
          tsc(StreamBuilder.stream()).record(0x07, StreamBuilder.page(0)).record(0x04, vcpu).end());
    }
    return file;
  }

  /// The number of a page among those that are no tables.
  private static int ordinary(int number) {
    return number / (TABLES_EVERY - 1) * TABLES_EVERY + number % (TABLES_EVERY - 1);
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE));
  }

  private static StreamBuilder tsc(StreamBuilder stream) {
    return stream.record(0x08, stream.part().u32(0).u32(3_000_000).u64(0).u32(0).u32(0).octets());
  }

  private void add(StreamBuilder octets) throws IOException {
    add(octets.octets());
  }

  private void add(byte[] octets) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(octets);
    while (buffer.hasRemaining()) {
      end += file.write(buffer, end);
    }
  }

  private void memory(int pages, boolean tables) throws IOException {
    for (int first = 0; first < pages; first += BATCH) {
      StreamBuilder batch =
          StreamBuilder.stream().u32(1).u32(8 + BATCH * (8 + PAGE)).u32(BATCH).u32(0);
      for (int pfn = first; pfn < first + BATCH; pfn++) {
        batch.u64(type(pfn, tables) << 60 | pfn);
      }
      add(batch);
      end += (long) BATCH * PAGE;
    }
  }

  private static long type(int pfn, boolean tables) {
    if (!tables) {
      return 0;
    }
    return pfn == TOP_TABLE ? 0xC : pfn % TABLES_EVERY == TABLES_EVERY - 1 ? 1 : 0;
  }
}
