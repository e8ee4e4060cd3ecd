// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.save;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.verify.Judge;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.SaveOutput;

/// Keeps a stream, and lets a test act while it is written.
final class CapturedStream implements SaveOutput {
  /// What happens before a batch is taken.
  @FunctionalInterface
  interface Hook {
    /// A batch is about to be taken.
    ///
    /// @param number of the batch, from 1 on
    void before(int number) throws IOException;
  }

  private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
  private final Hook hook;
  private @Nullable StreamWriter writer;
  private int batches;

  CapturedStream() {
    this(number -> {});
  }

  CapturedStream(Hook hook) {
    this.hook = hook;
  }

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    writer = StreamWriter.begin(new Taking(taken), image, domain);
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    hook.before(++batches);
    accept(batch.toRecord());
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    Objects.requireNonNull(writer).accept(record);
  }

  @Override
  public long written() {
    return taken.size();
  }

  byte[] octets() {
    return taken.toByteArray();
  }

  /// The stream, to be read.
  StreamReader reader() throws IOException {
    return StreamReader.open(input(), Limits.DEFAULT);
  }

  private OctetInput input() {
    return new ChannelInput("saved", Channels.newChannel(new ByteArrayInputStream(octets())));
  }

  /// What the project's own judge finds, as text.
  List<String> findings() throws IOException {
    try (ImageReader image = ImageReader.of(input(), Limits.DEFAULT)) {
      return Judge.judge(image, Judge.Options.DEFAULT).findings().stream()
          .map(Object::toString)
          .toList();
    }
  }

  /// The records by name; a PAGE_DATA with how many entries it has.
  List<String> records() throws IOException {
    List<String> names = new ArrayList<>();
    try (StreamReader reader = reader()) {
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        names.add(
            framed.record() instanceof StreamRecord.PageData data
                ? "PAGE_DATA " + data.entries().count()
                : RecordType.nameOf(framed.record().type()));
      }
    }
    return names;
  }

  /// The records, each for a look.
  void forEach(java.util.function.Consumer<StreamRecord> look) throws IOException {
    try (StreamReader reader = reader()) {
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        look.accept(framed.record());
      }
    }
  }

  /// Memory as a restore would have it: for each pfn that was named, its last type and octets (none
  /// for types without). What follows a VERIFY record has to be the same and changes nothing.
  Map<Long, Page> memory() throws IOException {
    Map<Long, Page> memory = new TreeMap<>();
    boolean[] verify = {false};
    List<Long> different = new ArrayList<>();
    forEach(record -> {
      verify[0] |= record instanceof StreamRecord.Verify;
      if (record instanceof StreamRecord.PageData(var entries, var pages)) {
        int place = 0;
        for (int i = 0; i < entries.count(); i++) {
          byte[] octets = {};
          if (PageType.hasData(entries.type(i))) {
            octets = pages.page(place++).toArray(ValueLayout.JAVA_BYTE);
          }
          Page page = new Page(entries.type(i), octets);
          if (!verify[0]) {
            memory.put(entries.pfn(i), page);
          } else if (!page.isLike(memory.get(entries.pfn(i)))) {
            different.add(entries.pfn(i));
          }
        }
      }
    });
    if (!different.isEmpty()) {
      throw new AssertionError("the verify pass differs at pfns " + different);
    }
    return memory;
  }

  /// A page of a stream.
  static final class Page {
    private final int type;
    private final byte[] octets;

    Page(int type, byte[] octets) {
      this.type = type;
      this.octets = octets;
    }

    int type() {
      return type;
    }

    /// Empty for a type without data.
    MemorySegment octets() {
      return MemorySegment.ofArray(octets);
    }

    boolean isLike(@Nullable Page other) {
      return other != null && other.type == type && octets().mismatch(other.octets()) == -1;
    }
  }

  private record Taking(ByteArrayOutputStream taken) implements GatheringByteChannel {
    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      long count = 0;
      for (int i = offset; i < offset + length; i++) {
        count += write(sources[i]);
      }
      return count;
    }

    @Override
    public long write(ByteBuffer[] sources) {
      return write(sources, 0, sources.length);
    }

    @Override
    public int write(ByteBuffer source) {
      byte[] octets = new byte[source.remaining()];
      source.get(octets);
      taken.writeBytes(octets);
      return octets.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
