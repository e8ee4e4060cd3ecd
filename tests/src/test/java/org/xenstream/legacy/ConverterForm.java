// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// A translated image as the output of Xen's own converter: bare, with the device model behind it
/// as in the legacy image, or inside a libxl stream. The converter knows no VERIFY, and writes the
/// parameters of the tail in a record of their own.
final class ConverterForm {
  private static final int OPTION_LEGACY = 2;

  private ConverterForm() {}

  /// @param arguments what the converter was called with
  static byte[] of(Translated translated, String arguments) throws IOException {
    byte[] libxc = libxc(translated.octets());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MemorySegment context = translated.deviceModel().context();
    if (!arguments.contains("libxl")) {
      out.writeBytes(libxc);
      if (context != null && !arguments.contains("--skip-qemu")) {
        byte[] state = context.toArray(ValueLayout.JAVA_BYTE);
        out.writeBytes("DeviceModelRecord0002".getBytes(US_ASCII));
        out.writeBytes(StreamBuilder.stream().u32(state.length).raw(state).octets());
      }
      return out.toByteArray();
    }
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    out.writeBytes(Layers.libxlHeader("LibxlFmt", 2, OPTION_LEGACY));
    out.writeBytes(Layers.libxlRecord(order, 1));
    out.writeBytes(libxc);
    MemorySegment xenstore = translated.deviceModel().xenstoreData();
    if (xenstore.byteSize() > 0) {
      out.writeBytes(
          Layers.libxlRecord(order, 2, new byte[8], xenstore.toArray(ValueLayout.JAVA_BYTE)));
    }
    if (context != null) {
      out.writeBytes(
          Layers.libxlRecord(order, 3, new byte[8], context.toArray(ValueLayout.JAVA_BYTE)));
    }
    out.writeBytes(Layers.libxlRecord(order, 0));
    return out.toByteArray();
  }

  private static byte[] libxc(byte[] stream) throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    ChannelInput input =
        new ChannelInput("stream", Channels.newChannel(new ByteArrayInputStream(stream)));
    try (StreamReader reader = StreamReader.open(input, Limits.DEFAULT)) {
      StreamWriter writer =
          StreamWriter.begin(out, reader.headers().image(), reader.headers().domain());
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        switch (framed.record()) {
          case StreamRecord.Verify _ -> {}
          case StreamRecord.HvmParams params -> {
            write(writer, params, false);
            write(writer, params, true);
          }
          case StreamRecord other -> writer.accept(other);
        }
      }
    }
    return out.octets();
  }

  /// Those of the tail: IOREQ_PFN, BUFIOREQ_PFN, STORE_PFN; or all but those.
  private static void write(StreamWriter writer, StreamRecord.HvmParams params, boolean ofTail)
      throws IOException {
    StreamBuilder chosen = StreamBuilder.stream();
    for (int i = 0; i < params.count(); i++) {
      long index = params.index(i);
      if ((index == 5 || index == 6 || index == 1) == ofTail) {
        chosen.u64(index).u64(params.value(i));
      }
    }
    if (chosen.size() > 0) {
      writer.accept(new StreamRecord.HvmParams(MemorySegment.ofArray(chosen.octets())));
    }
  }
}
