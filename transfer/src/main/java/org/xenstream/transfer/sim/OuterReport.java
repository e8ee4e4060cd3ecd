// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxcRecords;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.transfer.sim.RestoreReport.Hash;

/// What stands around the libxc stream of an image that is restored, line by line, in the form in
/// which the results of Xen's own restore code are kept:
///
/// ```
/// xl header byteorder=01020304 mandatory=3 optional=0 optlen=1262
/// libxl header version=2 options=0 first record 1
/// libxl record 4 len 0 xxh64=… (checkpoint)  what comes between two checkpoints
/// restore rc=0 …
/// libxl record 3 len 6167 xxh64=…            body without padding, of all but LIBXC_CONTEXT
/// libxl record 0 len 0 xxh64=…
/// ```
public final class OuterReport implements LibxcRecords.Passing {
  /// An image may hold as many headers and records as it likes.
  private static final int MOST_LINES = 65_536;

  private final Supplier<Hash> hashes;
  private final int mostLines;
  private final List<String> before = new ArrayList<>();
  private final List<String> behind = new ArrayList<>();
  private String header = "";
  private boolean begun;
  private boolean inCheckpoint;
  private long untold;
  private long trailing;

  /// @param hashes gives a hash that nothing was put in
  public OuterReport(Supplier<Hash> hashes) {
    this(hashes, MOST_LINES);
  }

  /// @param mostLines how many lines there are at most; of the others, their number is told
  OuterReport(Supplier<Hash> hashes, int mostLines) {
    this.hashes = hashes;
    this.mostLines = mostLines;
  }

  @Override
  public void see(ImageItem item) {
    switch (item) {
      case ImageItem.LayerFound(_, _, Layer.XlSave xl) -> xl(xl);
      case ImageItem.LayerFound(_, _, Layer.LibxlStream stream) ->
          header =
              "libxl header version=%d options=%x".formatted(stream.version(), stream.options());
      case ImageItem.LayerFound(_, long length, Layer.MigrateGo _) -> leftUnread(length);
      case ImageItem.LayerFound _, ImageItem.Remarked _ -> {}
      case ImageItem.LibxcBegins _ -> begun = true;
      case ImageItem.Libxc(var framed, _) ->
          inCheckpoint = framed.record() instanceof StreamRecord.Checkpoint;
      case ImageItem.Libxl(var frame, var record) -> libxl(frame, record);
      case ImageItem.Trailing(_, long length) -> leftUnread(length);
    }
  }

  /// Adds a line, which is made only where there is room for it.
  private void add(List<String> to, Supplier<String> line) {
    if (before.size() + behind.size() < mostLines) {
      to.add(line.get());
    } else {
      untold++;
    }
  }

  private void xl(Layer.XlSave xl) {
    add(
        before,
        () ->
            "xl header byteorder=%08x mandatory=%x optional=%x optlen=%d"
                .formatted(
                    xl.byteOrderWord(),
                    xl.mandatoryFlags(),
                    xl.optionalFlags(),
                    xl.optionalData().byteSize()));
  }

  private void libxl(LibxlFrame frame, LibxlRecord record) {
    String type = Integer.toUnsignedString(frame.type());
    if (!header.isEmpty()) {
      String found = header;
      add(before, () -> found + " first record " + type);
      header = "";
    }
    if (record instanceof LibxlRecord.LibxcContext) {
      return;
    }
    add(
        begun && !inCheckpoint ? behind : before,
        () ->
            "libxl record %s len %d xxh64=%016x%s"
                .formatted(
                    type, frame.length(), hash(frame.body()), inCheckpoint ? " (checkpoint)" : ""));
  }

  private long hash(MemorySegment octets) {
    Hash hash = hashes.get();
    hash.update(octets);
    return hash.value();
  }

  private void leftUnread(long length) {
    trailing = trailing < 0 || length < 0 ? -1 : trailing + length;
  }

  /// How many octets of the image no restore looks at; −1 when their number is not known.
  public long trailing() {
    return trailing;
  }

  /// The lines of a [RestoreReport] with those of the layers around it.
  public List<String> around(List<String> report) {
    List<String> lines = new ArrayList<>(before);
    lines.add(report.getFirst());
    lines.addAll(behind);
    if (untold > 0) {
      lines.add("outer lines untold %d".formatted(untold));
    }
    lines.addAll(report.subList(1, report.size()));
    return List.copyOf(lines);
  }
}
