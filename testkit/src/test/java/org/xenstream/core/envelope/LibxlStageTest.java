// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.xenstream.testkit.Layers.libxlHeader;
import static org.xenstream.testkit.Layers.libxlRecord;
import static org.xenstream.testkit.StreamBuilder.join;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.Expect;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// The grammar of a libxl stream, and how a libxc stream takes turns with it.
class LibxlStageTest {
  private static final ByteOrder LE = LITTLE_ENDIAN;

  private static final byte[] CONTEXT = libxlRecord(LE, 1);
  private static final byte[] EMULATOR = Layers.emulatorContext(LE);
  private static final byte[] CHECKPOINT_END = libxlRecord(LE, 4);
  private static final byte[] END = libxlRecord(LE, 0);

  private static final byte[] LIBXC =
      StreamBuilder.stream().imageHeader(3).domainHeader(2).octets();
  private static final byte[] VERIFY = libxlRecord(LE, 0x0D);
  private static final byte[] CHECKPOINT = libxlRecord(LE, 0x0E);

  private static ImageReader over(byte[]... parts) {
    return ImageReader.of(
        new ChannelInput("a.img", ChunkedChannel.of(join(parts), 9, 5)), Limits.DEFAULT);
  }

  private static String read(byte[]... parts) throws IOException {
    List<String> met = new ArrayList<>();
    try (ImageReader image = over(parts)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        met.add(
            switch (item) {
              case ImageItem.LayerFound _ -> "header";
              case ImageItem.LibxcBegins _ -> "libxc";
              case ImageItem.Libxc(var framed, _) ->
                  "c%d:%s".formatted(framed.frame().index(), framed.frame().typeName());
              case ImageItem.Libxl(var frame, _) ->
                  "l%d:%s".formatted(frame.index(), frame.typeName());
              case ImageItem.Remarked(var remark) -> remark.toString();
              case ImageItem.Trailing trailing -> "trailing";
            });
      }
    }
    return String.join(" ", met);
  }

  @Test
  void takesTurnsInACheckpointedStream() throws IOException {
    assertEquals(
        "header l0:LIBXC_CONTEXT libxc c0:VERIFY c1:CHECKPOINT l1:EMULATOR_CONTEXT "
            + "l2:CHECKPOINT_END c2:VERIFY c3:CHECKPOINT l3:CHECKPOINT_END c4:END l4:END",
        read(
            libxlHeader(LE),
            CONTEXT,
            LIBXC,
            VERIFY,
            CHECKPOINT,
            EMULATOR,
            CHECKPOINT_END,
            VERIFY,
            CHECKPOINT,
            CHECKPOINT_END,
            END,
            END));
  }

  /// The sender may die where a set of records of either layer is complete.
  @Test
  void aCheckpointedStreamMayStopBehindEitherLayersCheckpoint() throws IOException {
    assertEquals(
        "header l0:LIBXC_CONTEXT libxc c0:CHECKPOINT",
        read(libxlHeader(LE), CONTEXT, LIBXC, CHECKPOINT));
    assertEquals(
        "header l0:LIBXC_CONTEXT libxc c0:CHECKPOINT l1:CHECKPOINT_END",
        read(libxlHeader(LE), CONTEXT, LIBXC, CHECKPOINT, CHECKPOINT_END));
  }

  @Test
  void aCheckpointedStreamMayNotStopWithinASet() {
    Expect.fault(
        Fault.TRUNCATED,
        "a.img @0x58 (record #2 record header): expected a record, END at the latest, found the "
            + "end",
        () -> read(libxlHeader(LE), CONTEXT, LIBXC, CHECKPOINT, CHECKPOINT_END, VERIFY));
  }

  /// A primary says that a new checkpoint begins before it sends one (`libxl_colo_save.c`); it may
  /// die behind that, too.
  @ParameterizedTest
  @MethodSource("orders")
  void colosHandShakeComesBeforeTheNextSet(ByteOrder order) throws IOException {
    byte[] first =
        join(
            libxlHeader(order),
            libxlRecord(order, 1),
            StreamBuilder.stream().order(order).imageHeader(3).domainHeader(2).octets(),
            libxlRecord(order, 0x0E),
            libxlRecord(order, 4),
            Layers.checkpointState(order, 0));
    String met =
        "header l0:LIBXC_CONTEXT libxc c0:CHECKPOINT l1:CHECKPOINT_END l2:CHECKPOINT_STATE";
    assertEquals(met, read(first));
    assertEquals(
        met + " c1:VERIFY c2:CHECKPOINT l3:CHECKPOINT_END l4:CHECKPOINT_STATE",
        read(
            first,
            libxlRecord(order, 0x0D),
            libxlRecord(order, 0x0E),
            libxlRecord(order, 4),
            Layers.checkpointState(order, 0)));
  }

  /// Type 5 is libxc's X86_PV_VCPU_EXTENDED as well, whose own fields take more than libxl's 4
  /// octets.
  @Test
  void aVcpusRecordIsNoHandShake() throws IOException {
    assertEquals(
        "header l0:LIBXC_CONTEXT libxc c0:CHECKPOINT l1:CHECKPOINT_END c1:X86_PV_VCPU_EXTENDED "
            + "c2:CHECKPOINT",
        read(
            libxlHeader(LE),
            CONTEXT,
            LIBXC,
            CHECKPOINT,
            CHECKPOINT_END,
            libxlRecord(LE, 5, new byte[8]),
            CHECKPOINT));
  }

  /// Where libxl does not wait for one, it is still read for what it is.
  @Test
  void aHandShakeWithinACheckpointIsRead() throws IOException {
    assertEquals(
        "header l0:LIBXC_CONTEXT libxc c0:CHECKPOINT l1:CHECKPOINT_STATE l2:CHECKPOINT_END c1:END "
            + "l3:END",
        read(
            libxlHeader(LE),
            CONTEXT,
            LIBXC,
            CHECKPOINT,
            Layers.checkpointState(LE, 2),
            CHECKPOINT_END,
            END,
            END));
  }

  @Test
  void aCheckpointEndOutsideACheckpointChangesNothing() throws IOException {
    assertEquals(
        "header l0:CHECKPOINT_END l1:END trailing",
        read(libxlHeader(LE), CHECKPOINT_END, END, LIBXC));
  }

  @Test
  void mayHoldNoLibxcStreamOrTwo() throws IOException {
    assertEquals("header l0:END", read(libxlHeader(LE), END));
    assertEquals(
        "header l0:LIBXC_CONTEXT libxc c0:END l1:LIBXC_CONTEXT libxc c0:END l2:END",
        read(libxlHeader(LE), CONTEXT, LIBXC, END, CONTEXT, LIBXC, END, END));
  }

  @Test
  void doesNotJustEnd() {
    Expect.fault(
        Fault.TRUNCATED,
        "a.img @0x48 (libxl record #1 record header): expected a record, END at the latest, found "
            + "the end",
        () -> read(libxlHeader(LE), CONTEXT, LIBXC, END));
  }

  static Stream<ByteOrder> orders() {
    return Stream.of(LITTLE_ENDIAN, BIG_ENDIAN);
  }

  private static LibxlRecord first(ByteOrder order, int type, byte[] body) throws IOException {
    try (ImageReader image = over(libxlHeader(order), libxlRecord(order, type, body))) {
      image.next();
      var item = assertInstanceOf(ImageItem.Libxl.class, image.next());
      assertEquals(16, item.frame().offset());
      assertEquals(24, item.frame().bodyOffset());
      assertEquals(type, item.frame().type());
      assertEquals(body.length, item.frame().body().byteSize());
      assertEquals(-body.length & 7, item.frame().padding().byteSize());
      return switch (item.record()) {
        case LibxlRecord.EmulatorContext(int id, int index, var blob) ->
            new LibxlRecord.EmulatorContext(id, index, copy(blob));
        case LibxlRecord.EmulatorXenstoreData(int id, int index, var blob) ->
            new LibxlRecord.EmulatorXenstoreData(id, index, copy(blob));
        case LibxlRecord.Unknown(int code, var blob) -> new LibxlRecord.Unknown(code, copy(blob));
        case LibxlRecord.Malformed(int code, var blob, var why) ->
            new LibxlRecord.Malformed(code, copy(blob), why);
        case LibxlRecord other -> other;
      };
    }
  }

  private static java.lang.foreign.MemorySegment copy(java.lang.foreign.MemorySegment view) {
    return java.lang.foreign.MemorySegment.ofArray(view.toArray(ValueLayout.JAVA_BYTE));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsEmulatorsInTheOrderOfTheStream(ByteOrder order) throws IOException {
    byte[] body = StreamBuilder.stream().order(order).u32(2).u32(0x0102).raw((byte) 7).octets();
    var context = assertInstanceOf(LibxlRecord.EmulatorContext.class, first(order, 3, body));
    assertEquals(2, context.emulatorId());
    assertEquals(0x0102, context.index());
    assertArrayEquals(new byte[] {7}, context.context().toArray(ValueLayout.JAVA_BYTE));
    var data = assertInstanceOf(LibxlRecord.EmulatorXenstoreData.class, first(order, 2, body));
    assertEquals(2, data.emulatorId());
    assertEquals(0x0102, data.index());
    assertArrayEquals(new byte[] {7}, data.data().toArray(ValueLayout.JAVA_BYTE));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsCheckpointStates(ByteOrder order) throws IOException {
    byte[] body = StreamBuilder.stream().order(order).u32(3).octets();
    assertEquals(new LibxlRecord.CheckpointState(3), first(order, 5, body));
  }

  @Test
  void keepsUnknownRecords() throws IOException {
    var record = assertInstanceOf(LibxlRecord.Unknown.class, first(LE, 6, new byte[] {1, 2}));
    assertEquals(6, record.type());
    assertArrayEquals(new byte[] {1, 2}, record.body().toArray(ValueLayout.JAVA_BYTE));
    assertEquals("MANDATORY_0x00000006", LibxlRecord.nameOf(6));
    assertEquals("OPTIONAL_0x80000006", LibxlRecord.nameOf(0x80000006));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void namesAnEmulatorRecordThatIsTooShort(int type) throws IOException {
    var record = assertInstanceOf(LibxlRecord.Malformed.class, first(LE, type, new byte[7]));
    assertEquals(
        "a.img @0x14 (libxl record #0 %s.body_length): expected at least 8, found 7"
            .formatted(LibxlRecord.nameOf(type)),
        record.why().getMessage());
    assertEquals(Fault.MALFORMED_BODY, record.why().fault());
  }

  @Test
  void namesACheckpointStateThatIsTooShort() throws IOException {
    var record = assertInstanceOf(LibxlRecord.Malformed.class, first(LE, 5, new byte[3]));
    assertEquals(
        "a.img @0x14 (libxl record #0 CHECKPOINT_STATE.body_length): expected at least 4, found 3",
        record.why().getMessage());
  }

  @Test
  void namesEmulators() {
    assertEquals(
        List.of("unknown (legacy)", "qemu traditional", "qemu", "0x3", "0xffffffff"),
        Stream.of(0, 1, 2, 3, -1).map(LibxlRecord::emulatorName).toList());
  }

  @Test
  void refusesALengthOverTheLimit() {
    Expect.fault(
        Fault.TOO_LONG,
        "a.img @0x14 (libxl record #0 EMULATOR_CONTEXT.body_length): expected at most 134217728, "
            + "found 4294967295",
        () -> read(libxlHeader(LE), StreamBuilder.stream().u32(3).u32(-1).octets()));
  }

  @Test
  void saysThatARecordIsCut() {
    Expect.fault(
        Fault.TRUNCATED,
        "a.img @0x17 (libxl record #0 record header): expected 8 octets, found 7 octets before the "
            + "end",
        () -> read(libxlHeader(LE), new byte[7]));
    Expect.fault(
        Fault.TRUNCATED,
        "a.img @0x21 (libxl record #0 EMULATOR_CONTEXT): expected 32 octets of header, body and "
            + "padding, found 17 octets before the end",
        () -> read(libxlHeader(LE), Arrays.copyOf(EMULATOR, 17)));
  }

  @Test
  void refusesAnotherVersion() {
    Expect.fault(
        Fault.VERSION,
        "a.img @0x8 (libxl header.version): expected 2, found 3",
        () -> read(libxlHeader("LibxlFmt", 3, 0)));
  }

  /// On its own it is no image; where a libxl stream is promised, the identity is held against it.
  @Test
  void refusesAnotherIdentity() {
    Expect.fault(
        Fault.MARKER,
        "a.img @0x64 (libxl header.ident): expected 0x4c6962786c466d74, found 0x4c6962786c466d75",
        () -> read(Layers.xl(join(libxlHeader("LibxlFmu", 2, 0), END))));
  }
}
