// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xenstream.testkit.StreamBuilder.filled;
import static org.xenstream.testkit.StreamBuilder.stream;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.testkit.Records;
import org.xenstream.testkit.StreamBuilder;

/// What each body says, in both byte orders, and what is wrong with those that contradict
/// themselves.
class RecordParserTest {
  private static StreamRecord parse(ByteOrder order, int type, byte[] body) {
    byte[] record = stream().order(order).record(type, body).octets();
    Frame frame = new Frame(0x100, 5, type, MemorySegment.ofArray(record), body.length);
    return new RecordParser("a.img", order).parse(frame);
  }

  static Stream<ByteOrder> orders() {
    return Stream.of(LITTLE_ENDIAN, BIG_ENDIAN);
  }

  private static String hex(byte[] octets) {
    return HexFormat.of().formatHex(octets);
  }

  private static void says(String text, ByteOrder order, int type, byte[] body) {
    StreamRecord record = parse(order, type, body);
    assertEquals(text, Records.text(record));
    assertEquals(type, record.type());
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsNumbersInTheOrderOfTheStream(ByteOrder order) {
    says(
        "TscInfo[mode=1, khz=-1, nsec=72623859790382856, incarnation=7]",
        order,
        0x08,
        stream().order(order).u32(1).u32(-1).u64(0x0102030405060708L).u32(7).u32(0).octets());
    says(
        "PvP2mFrames[4294967295, 4294967294, " + hex(stream().u64(5).u64(-2).octets()) + "]",
        order,
        0x03,
        stream().order(order).u32(-1).u32(-2).u64(5).u64(-2).octets());
    says(
        "HvmParams[" + hex(stream().u64(1).u64(0xFEFFC).octets()) + "]",
        order,
        0x0A,
        stream().order(order).u32(1).u32(0).u64(1).u64(0xFEFFC).octets());
    says(
        "CheckpointDirtyPfnList[" + hex(stream().u64(0x11).u64(0x22).octets()) + "]",
        order,
        0x0F,
        stream().order(order).u64(0x11).u64(0x22).octets());
  }

  @ParameterizedTest
  @MethodSource("orders")
  void readsPages(ByteOrder order) {
    byte[] entries =
        stream().order(order).u64(0x9000_0000_0000_0005L).u64(0xF000_0000_0000_0006L).octets();
    byte[] page = filled(4096, 0xA5);
    byte[] body = stream().order(order).u32(2).u32(0).raw(entries).raw(page).octets();
    var pages = assertInstanceOf(StreamRecord.PageData.class, parse(order, 0x01, body));
    assertEquals(2, pages.entries().count());
    assertEquals(PageType.L1TAB | PageType.PINNED, pages.entries().type(0));
    assertEquals(5, pages.entries().pfn(0));
    assertEquals(PageType.XTAB, pages.entries().type(1));
    assertEquals(1, pages.pages().runs().size());
    assertEquals(hex(page), hex(pages.pages().page(0).toArray(ValueLayout.JAVA_BYTE)));
  }

  @ParameterizedTest
  @MethodSource("orders")
  void leavesBlobsAsTheyCame(ByteOrder order) {
    byte[] head = stream().order(order).u32(0xFFFF_FFFEL).u32(0).octets();
    byte[] blob = {1, 2, 3, 4, 5};
    byte[] body = StreamBuilder.join(head, blob);
    says("PvVcpuBasic[4294967294, 0102030405]", order, 0x04, body);
    says("PvVcpuExtended[4294967294, 0102030405]", order, 0x05, body);
    says("PvVcpuXsave[4294967294, 0102030405]", order, 0x06, body);
    says("PvVcpuMsrs[4294967294, 0102030405]", order, 0x0C, body);
    says("HvmContext[0102030405]", order, 0x09, blob);
    says("Toolstack[0102030405]", order, 0x0B, blob);
    says("CpuidPolicy[0102030405]", order, 0x11, blob);
    says("MsrPolicy[0102030405]", order, 0x12, blob);
    says("SavingCpu[0102030405]", order, 0x80000000, blob);
    says("Unknown[0x00000013, 0102030405]", order, 0x13, blob);
    says("Unknown[0x80000001, 0102030405]", order, 0x80000001, blob);
    says("SharedInfo[" + hex(filled(4096, 7)) + "]", order, 0x07, filled(4096, 7));
    says(
        "PvInfo[guestWidth=8, ptLevels=255]", order, 0x02, new byte[] {8, -1, 9, 9, 9, 9, 9, 9, 9});
  }

  @ParameterizedTest
  @MethodSource("orders")
  void toleratesRecordsWithoutContent(ByteOrder order) {
    byte[] head = new byte[8];
    says("PvVcpuXsave[0, ]", order, 0x06, head);
    says("PvVcpuMsrs[0, ]", order, 0x0C, head);
    says("HvmParams[]", order, 0x0A, head);
    says("PvP2mFrames[0, 0, ]", order, 0x03, head);
    says("PageData[, ]", order, 0x01, head);
    says("HvmContext[]", order, 0x09, new byte[0]);
  }

  /// Bodies where there should be none are the business of rules.
  @ParameterizedTest
  @MethodSource("orders")
  void takesMarkersWithABody(ByteOrder order) {
    says("End[]", order, 0x00, new byte[3]);
    says("Verify[]", order, 0x0D, new byte[3]);
    says("Checkpoint[]", order, 0x0E, new byte[3]);
    says("StaticDataEnd[]", order, 0x10, new byte[3]);
  }

  @Test
  void tellsWhetherAnUnknownRecordMayBePassedOver() {
    assertTrue(new StreamRecord.Unknown(0x7FFFFFFF, MemorySegment.NULL).mandatory());
    assertTrue(!new StreamRecord.Unknown(0x80000001, MemorySegment.NULL).mandatory());
  }

  static Stream<Arguments> contradictions() {
    return Stream.of(
        odd(0x01, stream(), "04 (record #5 PAGE_DATA.body_length): expected at least 8, found 0"),
        odd(
            0x01,
            stream().u32(1).u32(0),
            "08 (record #5 PAGE_DATA.count): expected at most 0 entries in a body of 8 octets,"
                + " found 1"),
        odd(
            0x01,
            stream().u32(0x2000_0000).u32(0).u64(0),
            "08 (record #5 PAGE_DATA.count): expected at most 1 entries in a body of 16 octets, "
                + "found 536870912"),
        odd(
            0x01,
            stream().u32(-1).u32(0).u64(0).u64(0),
            "08 (record #5 PAGE_DATA.count): expected at most 2 entries in a body of 24 octets, "
                + "found 4294967295"),
        odd(
            0x01,
            stream().u32(1).u32(0).u64(0).raw(new byte[4095]),
            "18 (record #5 PAGE_DATA.page_data): expected 4096 octets for 1 pages, found 4095"),
        odd(
            0x01,
            stream().u32(1).u32(0).u64(0xF000_0000_0000_0000L).raw((byte) 1),
            "18 (record #5 PAGE_DATA.page_data): expected 0 octets for 0 pages, found 1"),
        odd(
            0x02,
            stream().raw(new byte[7]),
            "04 (record #5 X86_PV_INFO.body_length): expected at least 8, found 7"),
        odd(
            0x03,
            stream().raw(new byte[7]),
            "04 (record #5 X86_PV_P2M_FRAMES.body_length): expected at least 8, found 7"),
        odd(
            0x03,
            stream().raw(new byte[15]),
            "04 (record #5 X86_PV_P2M_FRAMES.body_length): expected whole p2m_pfn entries of 8"
                + " octets, found 7 octets"),
        odd(
            0x04,
            stream().raw(new byte[7]),
            "04 (record #5 X86_PV_VCPU_BASIC.body_length): expected at least 8, found 7"),
        odd(
            0x05,
            stream().raw(new byte[7]),
            "04 (record #5 X86_PV_VCPU_EXTENDED.body_length): expected at least 8, found 7"),
        odd(
            0x06,
            stream().raw(new byte[7]),
            "04 (record #5 X86_PV_VCPU_XSAVE.body_length): expected at least 8, found 7"),
        odd(
            0x0C,
            stream(),
            "04 (record #5 X86_PV_VCPU_MSRS.body_length): expected at least 8, found 0"),
        odd(
            0x07,
            stream().raw(new byte[4097]),
            "04 (record #5 SHARED_INFO.body_length): expected 4096, found 4097"),
        odd(
            0x08,
            stream().raw(new byte[23]),
            "04 (record #5 X86_TSC_INFO.body_length): expected 24, found 23"),
        odd(0x0A, stream(), "04 (record #5 HVM_PARAMS.body_length): expected at least 8, found 0"),
        odd(
            0x0A,
            stream().u32(2).u32(0).u64(0).u64(0),
            "08 (record #5 HVM_PARAMS.count): expected 40 octets for 2 parameters, found 24"),
        odd(
            0x0A,
            stream().u32(0x1000_0000).u32(0),
            "08 (record #5 HVM_PARAMS.count): expected 4294967304 octets for 268435456 parameters,"
                + " found 8"),
        odd(
            0x0F,
            stream().raw(new byte[9]),
            "04 (record #5 CHECKPOINT_DIRTY_PFN_LIST.body_length): expected whole pfn entries of 8"
                + " octets, found 9 octets"));
  }

  private static Arguments odd(int type, StreamBuilder body, String message) {
    return Arguments.of(type, body.octets(), "a.img @0x1" + message);
  }

  @ParameterizedTest(name = "{2}")
  @MethodSource("contradictions")
  void namesWhatContradictsItself(int type, byte[] body, String message) {
    var record = assertInstanceOf(StreamRecord.Malformed.class, parse(LITTLE_ENDIAN, type, body));
    assertEquals(message, record.why().getMessage());
    assertEquals(Fault.MALFORMED_BODY, record.why().fault());
    assertEquals(type, record.type());
    assertEquals(body.length, record.body().byteSize());
  }
}
