// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.insight.RecordFields;
import org.xenstream.insight.Survey;
import org.xenstream.x86.Decoded;

/// Whatever a blob or a record holds, it is presented, and nothing throws.
final class DecodingFuzzTest {

  @MethodSource("org.xenstream.fuzz.Seeds#blobs")
  @FuzzTest
  void blob(byte[] data) {
    Octets octets = Octets.of(data);
    MemorySegment blob = MemorySegment.ofArray(octets.rest());
    Decoded decoded = Blob.decode(octets.choice(), blob);
    assertFalse(decoded.name().isEmpty());
    Blob.walk(decoded, blob);
  }

  @MethodSource("org.xenstream.fuzz.Seeds#images")
  @FuzzTest
  void records(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    Survey survey = new Survey("a.img", (octets.choice() & 2) != 0);
    int width = octets.choice() % 9;
    try (ImageReader image = ImageReader.of(octets.input(), Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        survey.see(item);
        switch (item) {
          case ImageItem.Libxc libxc -> {
            Frame frame = libxc.framed().frame();
            for (Decoded field : RecordFields.of(libxc.framed().record(), width)) {
              assertFalse(field.name().isEmpty(), () -> frame + " has a field without a name");
            }
          }
          case ImageItem.Libxl libxl -> {
            for (Decoded field : RecordFields.of(libxl.record())) {
              assertFalse(field.name().isEmpty());
            }
          }
          case ImageItem.LayerFound _,
              ImageItem.LibxcBegins _,
              ImageItem.Remarked _,
              ImageItem.Trailing _ -> {}
        }
      }
    } catch (StreamFormatException fault) {
      assertFalse(fault.expected().isEmpty());
    }
    assertFalse(survey.summary().toString().isEmpty());
  }
}
