// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import static org.xenstream.testkit.legacy.LegacyImageBuilder.block;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.entry;
import static org.xenstream.testkit.legacy.LegacyImageBuilder.xcnt;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.StreamBuilder;

/// Writes the guest of a modern image as a legacy image, of any size: what xc_domain_save.c would
/// have written of the same guest. What the old format has no place for is left out and named.
public final class LegacyRewriter {
  /// Gives the modern image, from its start, as often as it is asked.
  @FunctionalInterface
  public interface Source {
    /// An input that the caller closes.
    OctetInput open() throws IOException;
  }

  /// The most octets of compressed data in a chunk: of a page and its markers at least.
  private static final int MOST_COMPRESSED = 1 << 20;

  private final ModernFacts facts;
  private final LegacyVariety variety;
  private final LegacyImageBuilder out;
  private final RandomGenerator chance;
  private final RemusCompressor compressor;
  private final LegacyState state;
  private final TreeSet<String> leftOut = new TreeSet<>();
  private boolean firstPass = true;
  private int sets;

  private LegacyRewriter(ModernFacts facts, LegacyVariety variety, OutputStream out) {
    this.facts = facts;
    this.variety = variety;
    this.out = LegacyImageBuilder.to(out, variety.width());
    this.chance = RandomGeneratorFactory.of("L64X128MixRandom").create(variety.seed());
    this.compressor = new RemusCompressor(variety.gathered(), RemusCompressor.REFERENCE_PAGES);
    this.state = new LegacyState(facts, variety, leftOut);
  }

  /// Rewrites an image, bare or in its layers; the layers are left out.
  ///
  /// @param modern read twice
  /// @param out should be buffered; stays the caller's to close
  /// @return what the legacy image does not say of the guest
  public static List<String> rewrite(Source modern, LegacyVariety variety, OutputStream out)
      throws IOException {
    ModernFacts facts;
    try (ImageReader image = ImageReader.of(modern.open(), Limits.DEFAULT)) {
      facts = ModernFacts.of(image);
    }
    LegacyRewriter rewriter = new LegacyRewriter(facts, variety, out);
    try (ImageReader image = ImageReader.of(modern.open(), Limits.DEFAULT)) {
      rewriter.rewrite(image);
    }
    return List.copyOf(rewriter.leftOut);
  }

  private void rewrite(ImageReader image) throws IOException {
    head();
    for (ImageItem item = image.next(); item != null; item = image.next()) {
      if (item instanceof ImageItem.Libxc(var framed, _)) {
        switch (framed.record()) {
          case StreamRecord.PageData(var entries, var pages) -> memory(entries, pages);
          case StreamRecord.Verify _ -> {
            out.chunk(LegacyImageBuilder.VERIFY);
            firstPass = false;
          }
          case StreamRecord.Checkpoint _ -> tail();
          case StreamRecord.End _ -> {
            if (sets < facts.sets) {
              tail();
            }
          }
          case StreamRecord other -> state.see(other);
        }
      }
    }
  }

  private void head() {
    out.words(facts.p2mSize);
    if (!facts.hvm) {
      if (variety.extendedInfo()) {
        extendedInfo();
      }
      out.words(facts.frames);
    }
    if (variety.tmemPages() >= 0) {
      out.tmem(variety.tmemPages(), chance.nextBoolean());
    }
    if (variety.tscFirst()) {
      tsc(facts.tsc);
    }
  }

  private void extendedInfo() {
    List<byte[]> blocks = new ArrayList<>();
    byte[] context = facts.context == null ? new byte[0] : facts.context;
    blocks.add(block("vcpu", context));
    if (variety.unknownBlock()) {
      blocks.add(block("what", new byte[chance.nextInt(40)]));
    }
    if (variety.extended()) {
      blocks.add(block("extv"));
    }
    if (variety.xsave() && facts.xsave > 0) {
      blocks.add(xcnt(facts.xsave + 16));
    }
    out.extendedInfo(blocks.toArray(byte[][]::new));
  }

  private void tsc(StreamRecord.@org.jspecify.annotations.Nullable TscInfo tsc) {
    if (tsc != null) {
      out.tscInfo(tsc.mode(), tsc.nsec(), tsc.khz(), tsc.incarnation());
    }
  }

  private void memory(PageEntries entries, PageRuns pages) {
    int page = 0;
    for (int from = 0; from < entries.count(); ) {
      int count = Math.min(variety.mostInBatch(), entries.count() - from);
      long[] batch = new long[count];
      List<Integer> types = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int type = entries.type(from + i);
        boolean nameless = type == PageType.XTAB && chance.nextBoolean();
        batch[i] =
            nameless ? LegacyImageBuilder.UNMAPPED_ENTRY : entry(type, entries.pfn(from + i));
        if (PageType.hasData(type)) {
          types.add(type);
        }
      }
      if (variety.oddEntries() && chance.nextInt(3) == 0) {
        oddBatch(batch);
      }
      int again = variety.repeated() && firstPass && !compressing() ? repeated(batch) : -1;
      if (again >= 0) {
        int before = PageType.hasData((int) (batch[0] >>> 28)) ? 1 : 0;
        out.batch(
            LongStream.concat(LongStream.of(batch[0], batch[again]), LongStream.of(batch).skip(1))
                .toArray());
        send(pages, page, before);
        out.raw(StreamBuilder.page(chance.nextInt(256)));
        send(pages, page + before, types.size() - before);
      } else {
        out.batch(batch);
        if (compressing()) {
          compress(batch, types, pages, page);
        } else {
          send(pages, page, types.size());
        }
      }
      page += types.size();
      from += count;
    }
  }

  /// An entry behind the first one whose pfn is to come once more, before it and with another page;
  /// −1 for none.
  private int repeated(long[] batch) {
    if (batch.length < 2 || batch.length == 1024 || chance.nextInt(3) != 0) {
      return -1;
    }
    int entry = 1 + chance.nextInt(batch.length - 1);
    return (int) (batch[entry] >>> 28) == PageType.NOTAB ? entry : -1;
  }

  /// Runs of pages go out as they lie.
  private void send(PageRuns pages, int first, int count) {
    if (count == 0) {
      return;
    }
    if (pages.runs().size() == 1) {
      out.raw(
          pages
              .runs()
              .getFirst()
              .asSlice((long) first * Wire.PAGE_SIZE, (long) count * Wire.PAGE_SIZE));
      return;
    }
    for (int i = first; i < first + count; i++) {
      out.raw(pages.page(i));
    }
  }

  private void compress(long[] batch, List<Integer> types, PageRuns pages, int first) {
    int sent = 0;
    for (long entry : batch) {
      if (PageType.hasData((int) (entry >>> 28))) {
        byte[] octets = ModernFacts.octets(pages.page(first + sent));
        boolean table = PageType.isTable(types.get(sent));
        sent++;
        if (compressor.add(entry & 0xFFF_FFFF, octets, table)) {
          flush();
        }
      }
    }
  }

  private void flush() {
    // A saver's buffer has any room left when it begins a chunk.
    int most = variety.oddEntries() ? 4105 + chance.nextInt(20_000) : MOST_COMPRESSED;
    for (byte[] chunk : compressor.compress(most)) {
      out.compressed(chunk);
    }
  }

  private boolean compressing() {
    return variety.compressed() && sets > 0;
  }

  /// A batch without a page: pfns that the guest does not have, and in the first pass those of the
  /// next batch, to be allocated before they are sent.
  private void oddBatch(long[] next) {
    List<Long> odd = new ArrayList<>();
    for (int left = 1 + chance.nextInt(4); left > 0; left--) {
      int from = chance.nextInt(Math.max(1, Math.toIntExact(facts.p2mSize)));
      long absent = facts.named.nextClearBit(from);
      if (chance.nextBoolean() || absent >= facts.p2mSize) {
        odd.add(LegacyImageBuilder.UNMAPPED_ENTRY);
      } else {
        odd.add(entry(chance.nextBoolean() ? PageType.BROKEN : PageType.XTAB, absent));
      }
    }
    if (firstPass && sets == 0 && chance.nextBoolean()) {
      for (long entry : next) {
        if (entry >>> 28 == PageType.NOTAB && odd.size() < 1024) {
          odd.add(entry(PageType.XALLOC, entry));
        }
      }
    }
    out.batch(odd.stream().distinct().mapToLong(Long::longValue).toArray());
  }

  private void tail() {
    if (compressing()) {
      flush();
    }
    boolean last = ++sets == facts.sets;
    if (!variety.tscFirst() || sets > 1) {
      tsc(state.tsc());
    }
    if (variety.tmemPages() > 0 && chance.nextBoolean()) {
      out.tmemExtra(chance.nextInt(3));
    }
    state.chunks(out, last && variety.lastCheckpoint());
    if (variety.compressed() && sets == 1) {
      out.chunk(LegacyImageBuilder.ENABLE_COMPRESSION);
    }
    out.endOfBody();
    state.tail(out, sets - 1, unmapped());
  }

  private long[] unmapped() {
    return variety.unmapped()
        ? LongStream.range(0, facts.p2mSize).filter(pfn -> !facts.named.get((int) pfn)).toArray()
        : new long[0];
  }
}
