// SPDX-License-Identifier: Apache-2.0
package org.xenstream.insight;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xenstream.testkit.Layers.libxlRecord;
import static org.xenstream.testkit.StreamBuilder.join;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

class SurveyTest {
  private static final byte[] LIBXC =
      StreamBuilder.stream().imageHeader(3).domainHeader(2).octets();
  private static final byte[] CHECKPOINT = StreamBuilder.stream().record(0x0E).octets();
  private static final byte[] CHECKPOINT_END = libxlRecord(LITTLE_ENDIAN, 4);

  private static long checkpoints(byte[]... parts) throws IOException {
    ChannelInput input = new ChannelInput("img", ChunkedChannel.of(join(parts), 9, 5));
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      Survey survey = new Survey("img", false);
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        survey.see(item);
      }
      return survey.summary().checkpoints();
    }
  }

  @Test
  void aCheckpointOfABareStreamIsCompleteAtOnce() throws IOException {
    assertEquals(2, checkpoints(LIBXC, CHECKPOINT, CHECKPOINT));
  }

  /// Up to CHECKPOINT_END a restore drops it.
  @Test
  void oneWithinALibxlStreamIsCompleteAtCheckpointEnd() throws IOException {
    byte[] start = join(Layers.libxlHeader(LITTLE_ENDIAN), libxlRecord(LITTLE_ENDIAN, 1), LIBXC);
    assertEquals(0, checkpoints(start, CHECKPOINT));
    assertEquals(1, checkpoints(start, CHECKPOINT, CHECKPOINT_END));
    assertEquals(1, checkpoints(start, CHECKPOINT, CHECKPOINT_END, CHECKPOINT));
    assertEquals(2, checkpoints(start, CHECKPOINT, CHECKPOINT_END, CHECKPOINT, CHECKPOINT_END));
  }
}
