// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Writes a libxc stream octet by octet, good or bad.
///
/// It shares no code with the writer under test and asks no question: any number goes anywhere.
/// Numbers outside the image header are in the order given to [#order]; the image header's are
/// big-endian.
public final class StreamBuilder {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

  /// A stream in little-endian order.
  public static StreamBuilder stream() {
    return new StreamBuilder();
  }

  /// The order of what follows.
  public StreamBuilder order(ByteOrder order) {
    this.order = order;
    return this;
  }

  /// How many octets were written.
  public int size() {
    return out.size();
  }

  /// All that was written.
  public byte[] octets() {
    return out.toByteArray();
  }

  /// An image header with the option bit of the current order.
  public StreamBuilder imageHeader(int version) {
    return imageHeader(
        -1L, 0x58454E46, version, order == ByteOrder.BIG_ENDIAN ? 1 : 0, new byte[6]);
  }

  /// An image header of any content.
  ///
  /// @param reserved the octets behind the options, six in a good header
  public StreamBuilder imageHeader(long marker, int id, int version, int options, byte[] reserved) {
    ByteBuffer header = ByteBuffer.allocate(18);
    header.putLong(marker).putInt(id).putInt(version).putShort((short) options);
    return raw(header.array()).raw(reserved);
  }

  /// A domain header of Xen 4.17 with pages of 4 KiB.
  ///
  /// @param type 1 PV, 2 HVM
  public StreamBuilder domainHeader(int type) {
    return domainHeader(type, 12, 0, 4, 17);
  }

  /// A domain header of any content.
  public StreamBuilder domainHeader(
      int type, int pageShift, int reserved, int xenMajor, int xenMinor) {
    return u32(type).u16(pageShift).u16(reserved).u32(xenMajor).u32(xenMinor);
  }

  /// A record whose length field and padding fit its body.
  public StreamBuilder record(int type, byte[]... body) {
    byte[] whole = join(body);
    return record(type, whole.length, whole, new byte[-whole.length & 7]);
  }

  /// A record of any content.
  ///
  /// @param length what the length field says
  public StreamBuilder record(int type, long length, byte[] body, byte[] padding) {
    return u32(type).u32(length).raw(body).raw(padding);
  }

  /// An END record.
  public StreamBuilder end() {
    return record(0);
  }

  /// A PAGE_DATA record: its entries, then for each entry with data a page filled with the entry's
  /// place among those.
  ///
  /// @param entries page type in bits 63–60, pfn in bits 51–0
  public StreamBuilder pageData(long... entries) {
    StreamBuilder body = part().u32(entries.length).u32(0);
    for (long entry : entries) {
      body.u64(entry);
    }
    int pages = 0;
    for (long entry : entries) {
      if (entry >>> 60 < 0xD) {
        body.raw(page(++pages));
      }
    }
    return record(1, body.octets());
  }

  /// A page of one octet.
  public static byte[] page(int octet) {
    return filled(4096, octet);
  }

  /// `length` times one octet.
  public static byte[] filled(int length, int octet) {
    byte[] octets = new byte[length];
    Arrays.fill(octets, (byte) octet);
    return octets;
  }

  /// A builder for a part of this stream: the same order, nothing written.
  public StreamBuilder part() {
    return new StreamBuilder().order(order);
  }

  /// Octets as they are.
  public StreamBuilder raw(byte... octets) {
    out.writeBytes(octets);
    return this;
  }

  /// One octet.
  public StreamBuilder u8(int value) {
    out.write(value);
    return this;
  }

  /// Two octets.
  public StreamBuilder u16(int value) {
    return raw(ByteBuffer.allocate(2).order(order).putShort((short) value).array());
  }

  /// Four octets.
  public StreamBuilder u32(long value) {
    return raw(ByteBuffer.allocate(4).order(order).putInt((int) value).array());
  }

  /// Eight octets.
  public StreamBuilder u64(long value) {
    return raw(ByteBuffer.allocate(8).order(order).putLong(value).array());
  }

  /// Zeros, so that the next octet stands at a multiple of `alignment`.
  public StreamBuilder align(int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
    return this;
  }

  /// Octets one after the other.
  public static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
