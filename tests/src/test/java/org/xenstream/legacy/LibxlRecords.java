// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The records of a libxl stream in which a device model travels, as the lines in which the corpus
/// has them: type, length and hash of the body, with its emulator's id and index, both 0.
final class LibxlRecords {
  private LibxlRecords() {}

  static List<String> of(DeviceModel model) throws IOException {
    List<String> records = new ArrayList<>();
    if (model.xenstoreData().byteSize() > 0) {
      records.add(line(2, model.xenstoreData()));
    }
    MemorySegment context = model.context();
    if (context != null) {
      records.add(line(3, context));
    }
    return records;
  }

  private static String line(int type, MemorySegment data) {
    MemorySegment body = MemorySegment.ofArray(new byte[Math.toIntExact(8 + data.byteSize())]);
    MemorySegment.copy(data, 0, body, 8, data.byteSize());
    return "libxl record %d len %d xxh64=%016x"
        .formatted(type, body.byteSize(), Translated.hash(body));
  }
}
