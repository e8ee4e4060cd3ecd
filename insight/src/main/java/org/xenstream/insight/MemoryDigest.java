// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// The digest of the memory that a stream leaves behind: XXH64 with seed 0 over (pfn as u64
/// little-endian, page) in ascending order of pfns.
///
/// Of each pfn the last copy counts; an XTAB or BROKEN entry removes it, an XALLOC entry is a page
/// of zeros, and what comes behind VERIFY does not count. It is the digest of the stream's pages:
/// those of a PV guest hold pfns in their page tables where a restored guest holds mfns, so that it
/// is not the digest of a restored PV guest's frames (`docs/format/digest.md`).
///
/// Pages of a mapped file are found again where they lie. Those of a pipe or a compressed image are
/// kept in a scratch file, which is deleted when the digest is closed.
public final class MemoryDigest implements AutoCloseable {
  /// What came out.
  ///
  /// @param xxh64 the digest
  /// @param pages how many pages went into it
  public record Result(long xxh64, long pages) {
    /// `xxh64=… pages=…`, as the corpus of references writes it.
    @Override
    public String toString() {
      return "pages=%d xxh64=%016x".formatted(pages, xxh64);
    }
  }

  private static final long MOST_PFNS = 1L << 40;

  private final Path scratchDirectory;
  private final RunIndex index = new RunIndex();
  private @Nullable FileChannel mapped;
  private @Nullable FileChannel scratch;
  private @Nullable Path scratchFile;
  private long scratchSize;
  private boolean verify;

  /// Records are the translation of a legacy image: their pages are not where their frame is.
  private boolean translated;

  /// @param scratchDirectory where a scratch file may be made
  public MemoryDigest(Path scratchDirectory) {
    this.scratchDirectory = scratchDirectory;
  }

  /// Looks at the next item.
  ///
  /// @param item keeps no view of it
  /// @param input the input that it was read from
  /// @throws IOException when a page cannot be kept
  public void see(ImageItem item, OctetInput input) throws IOException {
    if (!(item instanceof ImageItem.Libxc(var framed, _))) {
      translated |=
          item instanceof ImageItem.LayerFound found && found.layer() instanceof Layer.LegacyImage;
      return;
    }
    switch (framed.record()) {
      case StreamRecord.Verify _ -> verify = true;
      case StreamRecord.PageData(var entries, var pages) when !verify -> {
        if (entries.highestPfn() >= MOST_PFNS) {
          throw new StreamFormatException(
              Fault.MALFORMED_BODY,
              Location.of(input.name(), framed.frame(), framed.frame().bodyOffset() + 8, "pfn"),
              "pfns below 2^40",
              "0x%x".formatted(entries.highestPfn()));
        }
        add(framed.frame(), entries, pages, input);
      }
      default -> {}
    }
  }

  private void add(Frame frame, PageEntries entries, PageRuns pages, OctetInput input)
      throws IOException {
    long offset;
    if (!translated && input instanceof MappedInput file) {
      mapped = file.channel();
      offset = frame.bodyOffset() + 8 + 8L * entries.count();
    } else {
      offset = scratchSize;
      keep(pages);
    }
    int count = entries.count();
    for (int i = 0; i < count; i++) {
      long entry = entries.entry(i);
      int type = PageType.of(entry);
      long pfn = entry & Wire.PFN_MASK;
      if (PageType.hasData(type)) {
        index.add(pfn, offset);
        offset += Wire.PAGE_SIZE;
      } else {
        index.add(pfn, type == PageType.XALLOC ? RunIndex.ZEROS : RunIndex.ABSENT);
      }
    }
  }

  private void keep(PageRuns pages) throws IOException {
    if (scratch == null) {
      if (!Files.isDirectory(scratchDirectory)) {
        throw new NotDirectoryException(scratchDirectory.toString());
      }
      scratchFile = Files.createTempFile(scratchDirectory, "xenstream-digest-", ".pages");
      scratch = FileChannel.open(scratchFile, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
    for (MemorySegment run : pages.runs()) {
      ByteBuffer octets = run.asByteBuffer();
      while (octets.hasRemaining()) {
        scratchSize += scratch.write(octets, scratchSize);
      }
    }
  }

  /// How many pages of all that was seen a digest is of.
  public long pages() {
    index.settle();
    long pages = 0;
    for (int run = 0; run < index.size(); run++) {
      pages += index.count(run);
    }
    return pages;
  }

  /// The digest of all that was seen. The image must still be open.
  ///
  /// @throws IOException when a page cannot be read again
  public Result finish() throws IOException {
    return finish(hashed -> {});
  }

  /// The same, which for a large guest takes as long as to read it: told is how it goes on.
  ///
  /// @param hashed is told, again and again, how many of the [#pages] are done
  /// @throws IOException when a page cannot be read again
  public Result finish(LongConsumer hashed) throws IOException {
    index.settle();
    long count = 0;
    PageHash hash = new PageHash();
    try (PageBlocks blocks = new PageBlocks(index, mapped != null ? mapped : scratch)) {
      for (PageBlocks.Block block = blocks.next(); block != null; block = blocks.next()) {
        hash.update(block.octets(), block.pfns(), block.pages());
        count += block.pages();
        hashed.accept(count);
      }
      return new Result(hash.digest(), count);
    }
  }

  /// Deletes the scratch file.
  @Override
  public void close() throws IOException {
    if (scratch != null && scratchFile != null) {
      scratch.close();
      Files.deleteIfExists(scratchFile);
    }
  }
}
