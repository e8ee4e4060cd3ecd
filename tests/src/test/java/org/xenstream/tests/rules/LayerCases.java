// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.xenstream.testkit.Layers.libxlHeader;
import static org.xenstream.testkit.Layers.libxlRecord;
import static org.xenstream.testkit.StreamBuilder.join;
import static org.xenstream.tests.rules.Recipe.context;
import static org.xenstream.tests.rules.Recipe.cpu;
import static org.xenstream.tests.rules.Recipe.entry;
import static org.xenstream.tests.rules.Recipe.hvm;
import static org.xenstream.tests.rules.Recipe.pv64;
import static org.xenstream.tests.rules.Recipe.record;
import static org.xenstream.tests.rules.Recipe.u32;
import static org.xenstream.tests.rules.Recipe.u64;
import static org.xenstream.tests.rules.Recipe.u8;

import java.util.List;
import org.xenstream.core.format.Limits;
import org.xenstream.core.verify.Rule;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.StreamBuilder;

/// Rules 20xx and 21xx: the libxl stream, xl and other outer layers.
final class LayerCases {
  private static final byte[] CONTEXT = libxlRecord(LITTLE_ENDIAN, 1);
  private static final byte[] CHECKPOINT_END = libxlRecord(LITTLE_ENDIAN, 4);
  private static final byte[] END = libxlRecord(LITTLE_ENDIAN, 0);

  private LayerCases() {}

  static List<RuleCase> all() {
    byte[] remus = hvm().with("end", record(14)).octets();
    byte[] checkpoint = pc().with("end", record(14)).octets();
    return List.of(
        RuleCase.of(
            Rule.LIBXL_VERSION,
            libxlHeader("LibxlFmt", 3, 0),
            "img @0x8 (libxl header.version): expected 2, found 3"),
        RuleCase.of(
            Rule.LIBXL_BIG_ENDIAN,
            join(libxlHeader("LibxlFmt", 2, 1), libxlRecord(BIG_ENDIAN, 1), hvm().octets(), END),
            "img @0xc (libxl header.options): expected bit 0 clear, as on x86, found 0x1"),
        RuleCase.of(
            Rule.LIBXL_OPTIONS_RESERVED,
            join(libxlHeader("LibxlFmt", 2, 8), CONTEXT, hvm().octets(), END),
            "img @0xc (libxl header.options): expected bits 2 to 31 clear, found 0x8"),
        RuleCase.of(
            Rule.LIBXL_CONVERTED,
            join(libxlHeader("LibxlFmt", 2, 2), CONTEXT, hvm().octets(), END),
            "img @0xc (libxl header.options): converted from a legacy image"),
        RuleCase.of(
            Rule.LIBXL_RECORD_UNKNOWN,
            libxl(libxlRecord(LITTLE_ENDIAN, 6), END),
            "img @0x2528 (libxl record #1 MANDATORY_0x00000006): a record of type 0x6, which is unknown"),
        RuleCase.of(
            Rule.LIBXL_SIGNAL_WITH_BODY,
            libxl(libxlRecord(LITTLE_ENDIAN, 0, u64(0))),
            "img @0x252c (libxl record #1 END.body_length): expected 0, found 8"),
        RuleCase.of(
            Rule.LIBXL_RECORD_SIZE,
            libxl(libxlRecord(LITTLE_ENDIAN, 3, u32(2)), END),
            "img @0x252c (libxl record #1 EMULATOR_CONTEXT.body_length): expected at least 8, found 4"),
        RuleCase.of(
            Rule.LIBXL_RECORD_TOO_LONG,
            libxl(StreamBuilder.stream().record(3, 0x0800_0001, new byte[8], new byte[0]).octets()),
            "img @0x252c (libxl record #1 EMULATOR_CONTEXT.body_length): expected at most 134217728, found 134217729"),
        RuleCase.of(
            Rule.LIBXL_PADDING_NOT_ZERO,
            libxl(
                StreamBuilder.stream()
                    .record(
                        3,
                        9,
                        new byte[] {2, 0, 0, 0, 0, 0, 0, 0, 'Q'},
                        new byte[] {0, 0, 5, 0, 0, 0, 0})
                    .octets(),
                END),
            "img @0x253b (libxl record #1 EMULATOR_CONTEXT.padding): expected 0, found 0x5"),
        RuleCase.of(
            Rule.EMULATOR_WITHOUT_HVM,
            join(
                libxlHeader(LITTLE_ENDIAN),
                CONTEXT,
                pv64().octets(),
                Layers.emulatorContext(LITTLE_ENDIAN),
                END),
            "img @0xa5f8 (libxl record #1 EMULATOR_CONTEXT): an emulator's record for a PV guest"),
        RuleCase.of(
            Rule.EMULATOR_WITHOUT_HVM,
            xl(
                3,
                0,
                "{\"c_info\": {\"type\": \"pvh\"}}",
                libxl(Layers.emulatorContext(LITTLE_ENDIAN), END)),
            "img @0x2577 (libxl record #1 EMULATOR_CONTEXT): an emulator's record for a PVH guest"),
        RuleCase.of(
            Rule.EMULATOR_WITHOUT_HVM,
            xl(
                3,
                0,
                "{\"c_info\": {\"type\": \"pv\"}}",
                join(
                    libxlHeader(LITTLE_ENDIAN),
                    Layers.emulatorContext(LITTLE_ENDIAN),
                    CONTEXT,
                    pv64().octets(),
                    END)),
            "img @0x5e (libxl record #0 EMULATOR_CONTEXT): an emulator's record for a PV guest"),
        RuleCase.of(
            Rule.EMULATOR_WITHOUT_HVM,
            join(
                libxlHeader(LITTLE_ENDIAN),
                Layers.emulatorContext(LITTLE_ENDIAN),
                CONTEXT,
                pv64().octets(),
                END),
            "img @0x10 (libxl record #0 EMULATOR_CONTEXT): an emulator's record for a PV guest"),
        RuleCase.of(
            Rule.EMULATOR_ID,
            libxl(libxlRecord(LITTLE_ENDIAN, 3, u32(3), u32(0)), END),
            "img @0x2530 (libxl record #1 EMULATOR_CONTEXT.emulator_id): expected 0 to 2, found 3"),
        RuleCase.of(
            Rule.XENSTORE_DATA_FORM,
            libxl(xenstore("a\0b"), END),
            "img @0x253a (libxl record #1 EMULATOR_XENSTORE_DATA.xenstore_data): expected a NUL at the end, found 0x62"),
        RuleCase.of(
            Rule.XENSTORE_DATA_FORM,
            libxl(xenstore("a\0b\0c\0"), END),
            "img @0x2538 (libxl record #1 EMULATOR_XENSTORE_DATA.xenstore_data): expected keys and values in turn, found 3 strings"),
        RuleCase.of(
            Rule.XENSTORE_KEY,
            libxl(xenstore("/a\0b\0"), END),
            "img @0x2538 (libxl record #1 EMULATOR_XENSTORE_DATA.xenstore_data): expected a relative key, found one that begins with /"),
        RuleCase.of(
            Rule.XENSTORE_KEY,
            libxl(xenstore("a\0b\0\0c\0"), END),
            "img @0x253c (libxl record #1 EMULATOR_XENSTORE_DATA.xenstore_data): expected a relative key, found an empty one"),
        RuleCase.of(
            Rule.XENSTORE_KEY_CHARACTERS,
            libxl(xenstore("a/b-_@9Z\0.*\0a.b\0c\0"), END),
            "img @0x2545 (libxl record #1 EMULATOR_XENSTORE_DATA.xenstore_data): expected a key of letters, digits and -/_@, found 0x2e"),
        RuleCase.of(
            Rule.EMULATOR_CONTEXT_MISSING,
            join(libxlHeader(LITTLE_ENDIAN), CONTEXT, pc().octets(), xenstore("a\0b\0"), END),
            "img @0x2550 (libxl record #2 END): END without any EMULATOR_CONTEXT before it, of a guest that has a device model"),
        RuleCase.of(
            Rule.EMULATOR_CONTEXT_MISSING,
            xl(3, 0, "{\"c_info\": {\"type\": \"hvm\"}}", libxl(END)),
            "img @0x2577 (libxl record #1 END): END without any EMULATOR_CONTEXT before it, of a guest that has a device model"),
        RuleCase.of(
            Rule.EMULATOR_CONTEXT_MISSING,
            join(libxlHeader(LITTLE_ENDIAN), CONTEXT, checkpoint, CHECKPOINT_END),
            "img @0x2538 (libxl record #1 CHECKPOINT_END): CHECKPOINT_END without any EMULATOR_CONTEXT before it, of a guest that has a device model"),
        RuleCase.of(
            Rule.EMULATOR_CONTEXT_STALE,
            join(
                libxlHeader(LITTLE_ENDIAN),
                CONTEXT,
                checkpoint,
                Layers.emulatorContext(LITTLE_ENDIAN),
                CHECKPOINT_END,
                pc().part("tsc"),
                pc().part("params"),
                pc().part("context"),
                record(14),
                CHECKPOINT_END),
            "img @0x29f8 (libxl record #3 CHECKPOINT_END): CHECKPOINT_END without an EMULATOR_CONTEXT in its checkpoint"),
        RuleCase.of(
            Rule.EMULATOR_CONTEXT_REPEATED,
            libxl(
                libxlRecord(LITTLE_ENDIAN, 3, u32(2), u32(0)),
                libxlRecord(LITTLE_ENDIAN, 3, u32(2), u32(1)),
                libxlRecord(LITTLE_ENDIAN, 3, u32(2), u32(0)),
                END),
            "img @0x2548 (libxl record #3 EMULATOR_CONTEXT): a second EMULATOR_CONTEXT of emulator 2, index 0"),
        RuleCase.of(
            Rule.CHECKPOINT_END_STRAY,
            libxl(libxlRecord(LITTLE_ENDIAN, 4), END),
            "img @0x2528 (libxl record #1 CHECKPOINT_END): CHECKPOINT_END without a CHECKPOINT of libxc before it"),
        RuleCase.of(
            Rule.CHECKPOINT_STATE_STRAY,
            libxl(libxlRecord(LITTLE_ENDIAN, 5, u32(0), u32(0)), END),
            "img @0x2528 (libxl record #1 CHECKPOINT_STATE): CHECKPOINT_STATE elsewhere than directly behind CHECKPOINT_END"),
        RuleCase.of(
            Rule.CHECKPOINT_STATE_STRAY,
            join(
                libxlHeader(LITTLE_ENDIAN),
                CONTEXT,
                remus,
                Layers.checkpointState(LITTLE_ENDIAN, 0),
                CHECKPOINT_END),
            "img @0x2528 (libxl record #1 CHECKPOINT_STATE): CHECKPOINT_STATE elsewhere than directly behind CHECKPOINT_END"),
        RuleCase.of(
            Rule.COLO_ORDER,
            join(
                libxlHeader(LITTLE_ENDIAN),
                CONTEXT,
                remus,
                CHECKPOINT_END,
                Layers.checkpointState(LITTLE_ENDIAN, 3)),
            "img @0x2538 (libxl record #2 CHECKPOINT_STATE.control_id): expected 0 (new checkpoint), found 3 (secondary resumed)"),
        RuleCase.of(
            Rule.COLO_ORDER,
            join(
                Layers.checkpointState(LITTLE_ENDIAN, 2),
                Layers.checkpointState(LITTLE_ENDIAN, 1),
                Layers.checkpointState(LITTLE_ENDIAN, 9),
                Layers.dirtyPfnList(0, 7),
                Layers.dirtyPfnList(0, 7)),
            "img @0x18 (libxl record #1 CHECKPOINT_STATE.control_id): expected 3 (secondary resumed), found 1 (secondary suspended)",
            "img @0x28 (libxl record #2 CHECKPOINT_STATE.control_id): expected CHECKPOINT_DIRTY_PFN_LIST, found 9 (unknown)",
            "img @0x40 (record #1 CHECKPOINT_DIRTY_PFN_LIST): expected 2 (secondary ready), found CHECKPOINT_DIRTY_PFN_LIST"),
        RuleCase.of(
            Rule.LIBXC_CONTEXT_MISSING,
            join(libxlHeader(LITTLE_ENDIAN), END),
            "img @0x10 (libxl record #0 END): END without any LIBXC_CONTEXT before it"),
        RuleCase.of(
            Rule.LIBXC_CONTEXT_TWICE,
            libxl(CONTEXT, hvm().octets(), END),
            "img @0x2528 (libxl record #1 LIBXC_CONTEXT): a second LIBXC_CONTEXT"),
        RuleCase.of(
            Rule.CHECKPOINT_SET_BROKEN,
            join(libxlHeader(LITTLE_ENDIAN), CONTEXT, remus, END),
            "img @0x2528 (libxl record #1 END): END before the CHECKPOINT_END of a checkpoint"),
        RuleCase.of(
            Rule.LIBXC_CONTEXT_WITH_BODY,
            join(
                libxlHeader(LITTLE_ENDIAN),
                libxlRecord(LITTLE_ENDIAN, 1, u64(0)),
                hvm().octets(),
                END),
            "img @0x14 (libxl record #0 LIBXC_CONTEXT.body_length): expected 0, found 8"),
        RuleCase.of(
            Rule.TRUNCATED,
            join(libxlHeader(LITTLE_ENDIAN), CONTEXT, remus),
            "img @0x2528 (libxl record header): expected libxl records up to CHECKPOINT_END, found the end"),
        RuleCase.of(
            Rule.CHECKPOINT_INCOMPLETE,
            join(
                libxlHeader(LITTLE_ENDIAN),
                CONTEXT,
                remus,
                CHECKPOINT_END,
                hvm().part("tsc"),
                hvm().part("params"),
                hvm().part("context"),
                record(14)),
            "img @0x29b8 (libxl record header): expected libxl records up to CHECKPOINT_END, found the end"),
        RuleCase.of(
            Rule.XL_BYTE_ORDER,
            Layers.xl(BIG_ENDIAN, 3, libxl(END)),
            "img @0x20 (xl header.byteorder): expected 0x01020304, found 0x04030201"),
        RuleCase.of(
            Rule.XL_MANDATORY_FLAGS,
            xl(7, 0, "{}", libxl(END)),
            "img @0x24 (xl header.mandatory_flags): expected no bit but 0 and 1, found 0x7"),
        RuleCase.of(
            Rule.XL_OPTIONAL_FLAGS,
            xl(3, 1, "{}", libxl(END)),
            "img @0x28 (xl header.optional_flags): expected 0, found 0x1"),
        RuleCase.of(
            Rule.XL_OPTIONAL_DATA,
            xlHeader(3, 3, new byte[3], libxl(END)),
            "img @0x2c (xl header.optional_data_len): expected at least 4, found 3"),
        RuleCase.of(
            Rule.XL_OPTIONAL_DATA,
            xlHeader(3, 6, join(u32(3), "{}".getBytes(US_ASCII)), libxl(END)),
            "img @0x30 (xl header.config_len): expected at most 2, found 3"),
        RuleCase.of(
            Rule.XL_CONFIG_MISSING,
            xlHeader(3, 0, new byte[0], libxl(END)),
            "img @0x2c (xl header.optional_data_len): no configuration in the header"),
        RuleCase.of(
            Rule.XL_CONFIG_JSON,
            xl(3, 0, "name = 'guest'", libxl(END)),
            "img @0x34 (xl header.config): expected a JSON object, found 'n'"),
        RuleCase.of(
            Rule.XL_CONFIG_JSON,
            xl(3, 0, "{\"c_info\": {\"type\": \"pv\",}}", libxl(END)),
            "img @0x4d (xl header.config): expected a key, found '}'"),
        RuleCase.of(
            Rule.XL_CONFIG_ENDLESS,
            xl(3, 0, "{}", libxl(END)),
            "img @0x36 (xl header.config): expected a NUL, found the end of the configuration"),
        RuleCase.of(
            Rule.LAYER_MALFORMED,
            Layers.libvirt(3, libxl(END)),
            "img @0x10 (libvirt header.version): expected 1 or 2, found 3"),
        new RuleCase(
            Rule.LAYER_TEXT_TOO_LONG,
            xl(3, 0, "{}", libxl(END)),
            null,
            new Limits(1 << 20, 5, 1 << 20),
            "img @0x2c (xl header.optional_data_len): expected at most 5, found 6"));
  }

  /// An HVM guest that has a device model, as its interrupt controller shows.
  private static Recipe pc() {
    return hvm().with("context", context(cpu(), entry(3, 0, 8, 5, u8(0x40))));
  }

  private static byte[] libxl(byte[]... records) {
    return join(libxlHeader(LITTLE_ENDIAN), CONTEXT, hvm().octets(), join(records));
  }

  private static byte[] xenstore(String data) {
    return libxlRecord(LITTLE_ENDIAN, 2, u32(2), u32(0), data.getBytes(US_ASCII));
  }

  private static byte[] xl(int mandatory, int optional, String config, byte[] inside) {
    byte[] text = config.getBytes(US_ASCII);
    byte[] whole = xlHeader(mandatory, 4 + text.length, join(u32(text.length), text), inside);
    whole[40] = (byte) optional;
    return whole;
  }

  private static byte[] xlHeader(int mandatory, int length, byte[] data, byte[] inside) {
    return StreamBuilder.stream()
        .raw("Xen saved domain, xl format\n \0 \r".getBytes(US_ASCII))
        .u32(0x01020304)
        .u32(mandatory)
        .u32(0)
        .u32(length)
        .raw(data)
        .raw(inside)
        .octets();
  }
}
