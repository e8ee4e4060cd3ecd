// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.StreamBuilder;
import org.xenstream.x86.HvmParam;

/// What Xen's own converter made of the corpus, by the digest of its output: the translation gives
/// the same octets, wherever that converter came to an end. Three differences, in each of which it
/// loses something, are made here again (`tools/python/scripts/convert-legacy-stream`):
///
/// 1. It writes the parameters of the body and those of the tail as two HVM_PARAMS (`read_chunks`,
///    `read_hvm_tail`); the translation gives one, as savers write it.
/// 2. It drops ENABLE_VERIFY_MODE (`read_chunks`), so that the pages for comparison become others;
///    the translation gives VERIFY.
/// 3. It ends behind the first tail (`read_legacy_stream`); the translation gives the last
///    checkpoint, unless it is asked for the first.
class PythonConversionsTest {
  /// Conversions of the corpus at which that converter came to an end.
  private static final int MANAGED = 55;

  private static final String WITH_LENGTH = "DeviceModelRecord0002";

  @TestFactory
  Stream<DynamicTest> theOctetsAreTheSame() {
    return Corpus.here().images(Corpus.LEGACY).stream()
        .flatMap(image ->
            managed(image)
                .map(conversion ->
                    DynamicTest.dynamicTest(
                        image.path() + " " + conversion.get("arguments"),
                        () -> compare(image, conversion))));
  }

  @Test
  void noneIsForgotten() {
    assertEquals(
        MANAGED,
        Corpus.here().images(Corpus.LEGACY).stream()
            .mapToLong(image -> managed(image).count())
            .sum());
  }

  private static Stream<Map<?, ?>> managed(CorpusImage image) {
    List<?> conversions = (List<?>) Objects.requireNonNull(image.at("python_conversions"));
    return conversions.stream()
        .<Map<?, ?>>map(conversion -> (Map<?, ?>) conversion)
        .filter(conversion -> Long.valueOf(0).equals(conversion.get("exit")));
  }

  private static void compare(CorpusImage image, Map<?, ?> conversion) throws IOException {
    String arguments = String.valueOf(conversion.get("arguments"));
    boolean skips = arguments.contains("--skip-qemu");
    CapturingChannel out = CapturingChannel.whole();
    LegacyOptions options =
        LegacyOptions.builder().checkpoints(Checkpoints.number(1)).deviceModel(!skips).build();
    try (LegacySource source =
        LegacySource.open(MappedInput.open(image.file()), options, LegacyListener.NONE)) {
      if (arguments.contains("-f libxl")) {
        libxl(source, out);
      } else {
        libxc(source, out);
        if (!skips) {
          bareDeviceModel(Objects.requireNonNull(source.deviceModel()), out);
        }
      }
    }
    byte[] octets = out.octets();
    assertEquals(conversion.get("output_size"), (long) octets.length);
    assertEquals(conversion.get("output_sha256"), sha256(octets));
  }

  private static void libxc(LegacySource source, CapturingChannel out) throws IOException {
    StreamWriter writer =
        StreamWriter.begin(out, source.headers().image(), source.headers().domain());
    for (Framed framed = source.next(); framed != null; framed = source.next()) {
      if (framed.record() instanceof StreamRecord.HvmParams(var params)) {
        long ofTail = params.byteSize() - 3 * 16;
        assertEquals(HvmParam.IOREQ_PFN.index(), Wire.u64(params, ofTail));
        if (ofTail > 0) {
          writer.accept(new StreamRecord.HvmParams(params.asSlice(0, ofTail)));
        }
        writer.accept(new StreamRecord.HvmParams(params.asSlice(ofTail)));
      } else if (!(framed.record() instanceof StreamRecord.Verify)) {
        writer.accept(framed.record());
      }
    }
  }

  private static void libxl(LegacySource source, CapturingChannel out) throws IOException {
    write(
        out,
        StreamBuilder.stream()
            .order(ByteOrder.BIG_ENDIAN)
            .u64(0x4C69_6278_6C46_6D74L)
            .u32(2)
            .u32(2)
            .order(ByteOrder.LITTLE_ENDIAN)
            .record(LibxlRecord.TYPE_LIBXC_CONTEXT));
    libxc(source, out);
    DeviceModel model = Objects.requireNonNull(source.deviceModel());
    StreamBuilder rest = StreamBuilder.stream();
    if (model.xenstoreData().byteSize() > 0) {
      rest.record(
          LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA, new byte[8], octets(model.xenstoreData()));
    }
    MemorySegment context = model.context();
    if (context != null) {
      rest.record(LibxlRecord.TYPE_EMULATOR_CONTEXT, new byte[8], octets(context));
    }
    write(out, rest.record(LibxlRecord.TYPE_END));
  }

  /// Behind a bare libxc stream that converter leaves the device model as it was.
  private static void bareDeviceModel(DeviceModel model, CapturingChannel out) throws IOException {
    MemorySegment context = model.context();
    if (context != null) {
      write(
          out,
          StreamBuilder.stream()
              .raw(WITH_LENGTH.getBytes(ISO_8859_1))
              .u32(context.byteSize())
              .raw(octets(context)));
    }
  }

  private static byte[] octets(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  private static void write(CapturingChannel out, StreamBuilder octets) throws IOException {
    out.write(ByteBuffer.wrap(octets.octets()));
  }

  private static String sha256(byte[] octets) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
