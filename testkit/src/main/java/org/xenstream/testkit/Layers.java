// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.xenstream.testkit.StreamBuilder.join;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.util.zip.GZIPOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/// Wraps streams in each outer layer, octet by octet.
public final class Layers {
  /// The configuration that the xl layers carry.
  public static final String CONFIG = "{ \"c_info\": { \"type\": \"hvm\", \"name\": \"gäst\" } }";

  /// The description that the libvirt layers carry.
  public static final String XML = "<domain type='xen'><name>guest</name></domain>";

  /// What the sender of `xl migrate` says last, without its NUL.
  public static final String GO = "domain is yours, you are cleared to unpause";

  private Layers() {}

  /// A libxl stream around a libxc one, with emulator records behind it.
  public static byte[] libxl(ByteOrder order, byte[] libxc) {
    return join(
        libxlHeader(order),
        libxlRecord(order, 1),
        libxc,
        emulatorXenstore(order),
        emulatorContext(order),
        libxlRecord(order, 0));
  }

  /// A little-endian libxl stream around a libxc one, without any other record.
  public static byte[] libxl(byte[] libxc) {
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    return join(libxlHeader(order), libxlRecord(order, 1), libxc, libxlRecord(order, 0));
  }

  /// The header of a libxl stream.
  public static byte[] libxlHeader(ByteOrder order) {
    return libxlHeader("LibxlFmt", 2, order == ByteOrder.BIG_ENDIAN ? 1 : 0);
  }

  /// A header of a libxl stream of any content.
  public static byte[] libxlHeader(String ident, int version, int options) {
    return big().raw(ident.getBytes(ISO_8859_1)).u32(version).u32(options).octets();
  }

  /// A record of a libxl stream.
  public static byte[] libxlRecord(ByteOrder order, int type, byte[]... body) {
    return StreamBuilder.stream().order(order).record(type, body).octets();
  }

  /// What an emulator keeps in xenstore.
  public static byte[] emulatorXenstore(ByteOrder order) {
    byte[] header = StreamBuilder.stream().order(order).u32(2).u32(0).octets();
    return libxlRecord(order, 2, header, "physmap/0\0value\0".getBytes(UTF_8));
  }

  /// An emulator's own state, of an odd length.
  public static byte[] emulatorContext(ByteOrder order) {
    byte[] header = StreamBuilder.stream().order(order).u32(2).u32(0).octets();
    return libxlRecord(order, 3, header, "QEVM state".getBytes(UTF_8));
  }

  /// A record of COLO's hand-shake as libxl writes it.
  ///
  /// @param id 0 new checkpoint, 1 secondary suspended, 2 ready, 3 resumed
  public static byte[] checkpointState(ByteOrder order, int id) {
    return libxlRecord(order, 5, StreamBuilder.stream().order(order).u32(id).octets());
  }

  /// COLO's back channel as libxl's receiver sends it: the hand-shake, and a list in each round but
  /// the first.
  ///
  /// @param stray octets between a list's header and its pfns: 0, or 8 as by Xen 4.18 and later
  /// @param lists the pfns of each round
  public static byte[] backChannel(int stray, long[]... lists) {
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    byte[] running = join(checkpointState(order, 2), checkpointState(order, 3));
    byte[] channel = running;
    for (long[] pfns : lists) {
      channel = join(channel, checkpointState(order, 1), dirtyPfnList(stray, pfns), running);
    }
    return channel;
  }

  /// A list of dirty pfns.
  ///
  /// @param stray octets between header and pfns
  public static byte[] dirtyPfnList(int stray, long... pfns) {
    StreamBuilder list =
        StreamBuilder.stream().u32(0x0F).u32(8L * pfns.length).raw(new byte[stray]);
    for (long pfn : pfns) {
      list.u64(pfn);
    }
    return list.octets();
  }

  /// A file of `xl save` around a libxl stream.
  public static byte[] xl(byte[] libxl) {
    return xl(ByteOrder.LITTLE_ENDIAN, 3, libxl);
  }

  /// A file of `xl save` of any flags around anything.
  public static byte[] xl(ByteOrder order, int mandatoryFlags, byte[] inside) {
    return xl(order, mandatoryFlags, CONFIG, inside);
  }

  /// A file of `xl save` with another configuration, around a libxl stream. xl ends it by a NUL.
  public static byte[] xl(String config, byte[] libxl) {
    return xl(ByteOrder.LITTLE_ENDIAN, 3, config, libxl);
  }

  /// A file of `xl save` of Xen 4.1 to 4.4, whose configuration is the text that the guest was made
  /// from.
  public static byte[] xlOfText(String text, byte[] legacy) {
    return xl(ByteOrder.LITTLE_ENDIAN, 0, text, legacy);
  }

  /// A file of `xl save` of Xen 4.5, whose configuration is JSON.
  public static byte[] xlOfJson(String json, byte[] legacy) {
    return xl(ByteOrder.LITTLE_ENDIAN, 1, json, legacy);
  }

  private static byte[] xl(ByteOrder order, int mandatoryFlags, String text, byte[] inside) {
    byte[] config = text.getBytes(UTF_8);
    return StreamBuilder.stream()
        .order(order)
        .raw("Xen saved domain, xl format\n \0 \r".getBytes(ISO_8859_1))
        .u32(0x01020304)
        .u32(mandatoryFlags)
        .u32(0)
        .u32(4 + config.length)
        .u32(config.length)
        .raw(config)
        .raw(inside)
        .octets();
  }

  /// What goes from the sender of `xl migrate` to the receiver.
  public static byte[] wire(byte[] libxl) {
    return join(xl(libxl), GO.getBytes(ISO_8859_1), new byte[1]);
  }

  /// libvirt's save file.
  ///
  /// @param version 1 around a legacy image, 2 around a libxl stream
  public static byte[] libvirt(int version, byte[] inside) {
    byte[] xml = join(XML.getBytes(UTF_8), new byte[1]);
    return StreamBuilder.stream()
        .raw("libvirt-xml\n \0 \r".getBytes(ISO_8859_1))
        .u32(version)
        .u32(xml.length)
        .raw(new byte[40])
        .raw(xml)
        .raw(inside)
        .octets();
  }

  /// XenServer's suspend image around a libxc stream, with the part of the emulator behind it.
  public static byte[] xenServer(byte[] libxc) {
    return join(
        "XenSavedDomv2-\n".getBytes(ISO_8859_1),
        xenServerPart(0x0F, 4, "xeno".getBytes(UTF_8)),
        xenServerPart(0xF0, 0, libxc),
        xenServerPart(0xF01, 10, "QEVM state".getBytes(UTF_8)),
        xenServerPart(0xFFFF, 0, new byte[0]));
  }

  /// A part of XenServer's suspend image.
  ///
  /// @param length what the part's header says
  public static byte[] xenServerPart(long type, long length, byte[] inside) {
    return StreamBuilder.stream().u64(type).u64(length).raw(inside).octets();
  }

  /// xend's save file.
  public static byte[] xend(byte[] legacy) {
    return xend("(domain (name guest))", legacy);
  }

  /// xend's save file.
  ///
  /// @param text its S-expression
  public static byte[] xend(String text, byte[] legacy) {
    byte[] config = text.getBytes(UTF_8);
    return big()
        .raw("LinuxGuestRecord".getBytes(ISO_8859_1))
        .u32(config.length)
        .raw(config)
        .raw(legacy)
        .octets();
  }

  /// The first octets of a legacy image: enough to know it by.
  ///
  /// @param width octets in a word of the toolstack, 4 or 8
  public static byte[] legacy(int width, boolean pv) {
    StreamBuilder image = StreamBuilder.stream();
    word(image, width, 0x400);
    if (pv) {
      word(image, width, -1);
      image.u32(5176).raw("vcpu".getBytes(ISO_8859_1)).u32(5168);
    } else {
      image.u32(2);
      word(image, width, 0);
      word(image, width, 1);
    }
    return image.raw(new byte[40]).octets();
  }

  private static void word(StreamBuilder image, int width, long value) {
    if (width == 8) {
      image.u64(value);
    } else {
      image.u32(value);
    }
  }

  private static StreamBuilder big() {
    return StreamBuilder.stream().order(ByteOrder.BIG_ENDIAN);
  }

  /// Compresses with gzip.
  public static byte[] gzip(byte[] octets) {
    return compress(octets, GZIPOutputStream::new);
  }

  /// Compresses with xz.
  public static byte[] xz(byte[] octets) {
    return compress(octets, out -> new XZOutputStream(out, new LZMA2Options(0)));
  }

  /// Compresses with zstd, with a checksum as the command writes it.
  public static byte[] zstd(byte[] octets) {
    return compress(octets, out -> new ZstdOutputStream(out).setChecksum(true));
  }

  private static byte[] compress(byte[] octets, Codec codec) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (OutputStream out = codec.open(compressed)) {
      out.write(octets);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }

  @FunctionalInterface
  private interface Codec {
    OutputStream open(OutputStream compressed) throws IOException;
  }
}
