// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Verdict;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.tests.Xxh64;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.RestoreReport;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// A legacy image of the corpus, translated into a modern stream.
///
/// @param image the image
/// @param stream the modern stream, whole
/// @param deviceModel what belongs around it
/// @param facts what the source says of the image
/// @param notes what it said on the way
/// @param trailing how many octets it left unread
record Translated(
    CorpusImage image,
    MemorySegment stream,
    DeviceModel deviceModel,
    LegacyFacts facts,
    List<LegacyNote> notes,
    long trailing) {
  private static final long MOST_PAGES = 1 << 20;
  private static final int STORE_CHANNEL = 5;
  private static final int CONSOLE_CHANNEL = 6;

  /// Translates an image, whatever layers are around it.
  ///
  /// @throws IOException when it cannot be translated to its end
  static Translated of(CorpusImage image, LegacyOptions options) throws IOException {
    MappedInput input = open(image);
    List<LegacyNote> notes = new ArrayList<>();
    CapturingChannel out = CapturingChannel.whole();
    try (LegacySource source = LegacySource.open(input, options, notes::add)) {
      write(source, out);
      DeviceModel model = source.deviceModel();
      if (model == null) {
        throw new AssertionError(image + ": nothing is said of a device model");
      }
      return new Translated(
          image,
          MemorySegment.ofArray(out.octets()),
          model,
          source.facts(),
          notes,
          input.size() - input.position());
    }
  }

  /// All records of an image, whose pages are in view, as a libxc stream.
  ///
  /// @param input stands at the image, and is closed
  static byte[] written(OctetInput input, LegacyOptions options) throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    try (LegacySource source = LegacySource.open(input, options, _ -> {})) {
      write(source, out);
    }
    return out.octets();
  }

  private static void write(LegacySource source, CapturingChannel out) throws IOException {
    StreamWriter writer =
        StreamWriter.begin(out, source.headers().image(), source.headers().domain());
    for (Framed framed = source.next(); framed != null; framed = source.next()) {
      writer.accept(framed.record());
    }
  }

  /// The file of an image, at the place where the legacy image begins.
  static MappedInput open(CorpusImage image) throws IOException {
    Path file = image.file();
    long start = start(file);
    MappedInput input = MappedInput.open(file);
    input.advance(start);
    return input;
  }

  /// Where the legacy image begins in its layers; 0 where no layer is known.
  private static long start(Path file) throws IOException {
    try (ImageReader image = ImageReader.open(file, Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        if (item instanceof ImageItem.LayerFound(long offset, _, Layer.LegacyImage _)) {
          return offset;
        }
      }
      return 0;
    } catch (IOException notRecognised) {
      return 0;
    }
  }

  byte[] octets() {
    return stream.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  private ChannelInput input() {
    return new ChannelInput(image.path(), Channels.newChannel(new ByteArrayInputStream(octets())));
  }

  /// What the project's own judge says of the stream.
  Verdict verdict() throws IOException {
    try (ImageReader reader = ImageReader.of(input(), Limits.DEFAULT)) {
      return Judge.judge(reader, Judge.Options.DEFAULT);
    }
  }

  /// Restores the stream under the rules by which the reference's results were made.
  ///
  /// @return the lines in the order of the reference
  List<String> report(StreamType type, int vcpus) throws IOException {
    List<String> lines;
    try (RecordSource records = StreamReader.open(input(), Limits.DEFAULT)) {
      lines = new ArrayList<>(report(records, type, vcpus));
    }
    lines.set(1, "trailing_bytes " + trailing);
    MemorySegment context = deviceModel.context();
    if (context != null) {
      lines.add(1, "qemu_state size=%d xxh64=%016x".formatted(context.byteSize(), hash(context)));
    }
    return lines;
  }

  /// Restores any records under those rules; what trails is not told.
  static List<String> report(RecordSource records, StreamType type, int vcpus) throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofReference())) {
      SimDomain domain =
          records.headers().domain().isHvm()
              ? host.createHvm(vcpus, MOST_PAGES)
              : host.createPv(vcpus, MOST_PAGES);
      RestoreResult result =
          new Restorer(
                  host,
                  RestoreRequest.of(domain.domid(), type, STORE_CHANNEL, CONSOLE_CHANNEL),
                  new Yes(),
                  RestoreListener.NONE,
                  new Cancellation(),
                  null)
              .restore(records);
      assertEquals(0, host.openMappings());
      return RestoreReport.of(domain, result, 0, Xxh64::new);
    }
  }

  static long hash(MemorySegment octets) {
    Xxh64 hash = new Xxh64();
    hash.update(octets);
    return hash.value();
  }

  /// A toolstack that says yes.
  private static final class Yes implements RestoreCallbacks {
    @Override
    public void staticDataDone(int missing) {}

    @Override
    public CheckpointResult checkpoint() {
      return CheckpointResult.SUCCESS;
    }

    @Override
    public void restoreResults(long storeFrame, long consoleFrame) {}

    @Override
    public CheckpointResult resume() {
      return CheckpointResult.SUCCESS;
    }

    @Override
    public CheckpointResult waitCheckpoint() {
      return CheckpointResult.SUCCESS;
    }

    @Override
    public CheckpointResult suspend() {
      return CheckpointResult.SUCCESS;
    }
  }

  /// The text of the first note of a kind, or null.
  @Nullable String note(LegacyNote.Kind kind) {
    return notes.stream()
        .filter(note -> note.kind() == kind)
        .map(LegacyNote::text)
        .findFirst()
        .orElse(null);
  }
}
