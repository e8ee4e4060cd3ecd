// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxlFrame;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.transfer.sim.RestoreReport.Hash;

/// What is kept of the layers around a stream has a limit, whatever they consist of.
class OuterReportTest {
  private static final String XL = "xl header byteorder=01020304 mandatory=3 optional=0 optlen=0";
  private static final String LIBXL = "libxl header version=2 options=0 first record 0";

  /// Of nothing at all.
  private static final class NoHash implements Hash {
    @Override
    public void update(MemorySegment octets) {}

    @Override
    public long value() {
      return 0;
    }
  }

  private static ImageItem xl() {
    return new ImageItem.LayerFound(
        0,
        48,
        new Layer.XlSave(ByteOrder.LITTLE_ENDIAN, 0x0102_0304, 3, 0, MemorySegment.NULL, -1, ""));
  }

  private static ImageItem libxl() {
    return new ImageItem.LayerFound(0, 16, new Layer.LibxlStream(2, 0));
  }

  private static ImageItem record() {
    return new ImageItem.Libxl(
        new LibxlFrame(0, 0, 0, MemorySegment.ofArray(new byte[8]), 0), new LibxlRecord.End());
  }

  private static List<String> lines(int times, ImageItem... items) {
    OuterReport report = new OuterReport(NoHash::new, 3);
    for (int i = 0; i < times; i++) {
      List.of(items).forEach(report::see);
    }
    return report.around(List.of("restore", "rest"));
  }

  @Test
  void headersOfXlAreHeldToTheLimit() {
    assertEquals(
        List.of(XL, XL, XL, "restore", "outer lines untold 4997", "rest"), lines(5000, xl()));
  }

  @Test
  void headersOfLibxlAreHeldToTheLimit() {
    String record = "libxl record 0 len 0 xxh64=0000000000000000";
    assertEquals(
        List.of(LIBXL, record, LIBXL, "restore", "outer lines untold 9997", "rest"),
        lines(5000, libxl(), record()));
  }

  @Test
  void withinTheLimitAllIsTold() {
    assertEquals(List.of(XL, XL, XL, "restore", "rest"), lines(3, xl()));
  }
}
