// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.ChannelOutput;
import org.xenstream.transfer.PageBatch;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.SaveOutput;

/// Keeps what is saved, and hands it on to another output as well, if there is one; fails when a
/// test wants it to.
final class SavedStream implements SaveOutput {
  private final CapturingChannel taken = CapturingChannel.whole();
  private final SaveOutput kept =
      new ChannelOutput(taken, Patience.endless(new Cancellation(), System::nanoTime), null);
  private final @Nullable SaveOutput onward;
  private int failAt = Integer.MAX_VALUE;
  private int records;

  SavedStream() {
    this(null);
  }

  SavedStream(@Nullable SaveOutput onward) {
    this.onward = onward;
  }

  /// Fails at a record, 0 being the headers, and whatever comes after it.
  static SavedStream failingAt(int record) {
    SavedStream stream = new SavedStream();
    stream.failAt = record;
    return stream;
  }

  private void count() throws IOException {
    if (records++ >= failAt) {
      throw new IOException("no room for record " + failAt);
    }
  }

  /// How many records came, the headers counted as one.
  int records() {
    return records;
  }

  @Override
  public void begin(ImageHeader image, DomainHeader domain) throws IOException {
    count();
    kept.begin(image, domain);
    if (onward != null) {
      onward.begin(image, domain);
    }
  }

  @Override
  public void accept(PageBatch batch) throws IOException {
    count();
    kept.accept(batch);
    if (onward != null) {
      onward.accept(batch);
    }
  }

  @Override
  public void accept(StreamRecord record) throws IOException {
    count();
    kept.accept(record);
    if (onward != null) {
      onward.accept(record);
    }
  }

  @Override
  public long written() {
    return kept.written();
  }

  byte[] octets() {
    return taken.octets();
  }

  private static OctetInput input(byte[] octets) {
    return new ChannelInput("saved", Channels.newChannel(new ByteArrayInputStream(octets)));
  }

  /// What the project's own judge finds, but that the HVM context stands before the params, as in
  /// every stream that Xen writes; and that a checkpointed one ends without END.
  List<String> findings() throws IOException {
    try (ImageReader image = ImageReader.of(input(octets()), Limits.DEFAULT)) {
      return Judge.judge(image, Judge.Options.DEFAULT).findings().stream()
          .filter(finding -> finding.rule() != Rule.HVM_CONTEXT_BEFORE_PARAMS)
          .map(Object::toString)
          .toList();
    }
  }

  /// The same guest in a stream of version 2, which has neither policies nor their end.
  static byte[] version2(byte[] stream) throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    try (StreamReader reader = StreamReader.open(input(stream), Limits.DEFAULT)) {
      StreamWriter writer =
          StreamWriter.begin(
              out,
              ImageHeader.of(ImageHeader.V2, ByteOrder.LITTLE_ENDIAN),
              reader.headers().domain());
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        switch (framed.record()) {
          case StreamRecord.CpuidPolicy _,
              StreamRecord.MsrPolicy _,
              StreamRecord.StaticDataEnd _ -> {}
          default -> writer.accept(framed.record());
        }
      }
    }
    return out.octets();
  }

  /// Where records begin, and where the last one ends.
  static List<Long> boundaries(byte[] stream) throws IOException {
    List<Long> places = new ArrayList<>();
    try (StreamReader reader = StreamReader.open(input(stream), Limits.DEFAULT)) {
      places.add(reader.headers().end());
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        places.add(framed.frame().end());
      }
    }
    return places;
  }

  /// Where the first CHECKPOINT record ends.
  static long firstCheckpointEnd(byte[] stream) throws IOException {
    try (StreamReader reader = StreamReader.open(input(stream), Limits.DEFAULT)) {
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        if (framed.record() instanceof StreamRecord.Checkpoint) {
          return framed.frame().end();
        }
      }
    }
    throw new AssertionError("no checkpoint in the stream");
  }

  /// Which pages of a PV guest hold its p2m.
  static Set<Long> p2mPfns(byte[] stream) throws IOException {
    Set<Long> pfns = new TreeSet<>();
    try (StreamReader reader = StreamReader.open(input(stream), Limits.DEFAULT)) {
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        if (framed.record() instanceof StreamRecord.PvP2mFrames(_, _, var frames)) {
          for (long at = 0; at < frames.byteSize(); at += 8) {
            pfns.add(frames.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
          }
        }
      }
    }
    return pfns;
  }

  /// How long a test lets one side wait for the other.
  static Patience patience(Cancellation cancellation, Duration stall) {
    return new Patience(
        cancellation,
        new org.xenstream.transfer.Deadline(System::nanoTime),
        stall,
        System::nanoTime);
  }
}
