// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/// What a gzip file holds (RFC 1952): its members one behind the other, and zeros behind them,
/// which tapes and block devices leave.
///
/// The JDK's own stream is not taken: it asks its source what is available to tell whether a member
/// follows, and takes a second member that is cut or damaged, and whatever else comes, for the end.
final class GzipStream extends InputStream {
  /// ID1, ID2 and the method "deflate", little-endian.
  static final int MAGIC = 0x088B1F;

  private static final int FHCRC = 1 << 1;
  private static final int FEXTRA = 1 << 2;
  private static final int FNAME = 1 << 3;
  private static final int FCOMMENT = 1 << 4;
  private static final int RESERVED = 0b1110_0000;

  private final InputStream compressed;
  private final byte[] buffer;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 check = new CRC32();
  private int at;
  private int end;
  private boolean begun;
  private boolean inMember;

  /// @param compressed closed with this stream
  /// @param bufferSize how many octets are asked of it at once
  GzipStream(InputStream compressed, int bufferSize) {
    this.compressed = compressed;
    this.buffer = new byte[bufferSize];
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  /// @throws EOFException when the source ends within a member
  /// @throws ZipException when a member is damaged, or something else follows one
  @Override
  public int read(byte[] into, int offset, int count) throws IOException {
    if (count == 0) {
      return 0;
    }
    while (true) {
      if (!inMember && !beginMember()) {
        return -1;
      }
      int got = inflate(into, offset, count);
      if (got > 0) {
        check.update(into, offset, got);
        return got;
      }
      if (inflater.finished()) {
        endMember();
      } else if (inflater.needsDictionary()) {
        throw new ZipException("a gzip member that wants a dictionary");
      } else {
        octets();
        inflater.setInput(buffer, at, end - at);
      }
    }
  }

  private int inflate(byte[] into, int offset, int count) throws ZipException {
    try {
      int got = inflater.inflate(into, offset, count);
      at = end - inflater.getRemaining();
      return got;
    } catch (DataFormatException e) {
      ZipException damaged = new ZipException("a damaged gzip member (" + e.getMessage() + ")");
      damaged.initCause(e);
      throw damaged;
    }
  }

  /// Reads a member's header; false at the end of the file.
  private boolean beginMember() throws IOException {
    if (at == end && !fill()) {
      return false;
    }
    if (begun && buffer[at] == 0) {
      zerosToTheEnd();
      return false;
    }
    begun = true;
    check.reset();
    if ((u16() | octet() << 16) != MAGIC) {
      throw new ZipException("octets that begin no gzip member");
    }
    int flags = octet();
    if ((flags & RESERVED) != 0) {
      throw new ZipException("a gzip member with the reserved flags 0x%02x".formatted(flags));
    }
    skip(6);
    if ((flags & FEXTRA) != 0) {
      skip(u16());
    }
    if ((flags & FNAME) != 0) {
      skipText();
    }
    if ((flags & FCOMMENT) != 0) {
      skipText();
    }
    if ((flags & FHCRC) != 0) {
      int wanted = (int) check.getValue() & 0xFFFF;
      if (u16() != wanted) {
        throw new ZipException("a gzip member whose header does not fit its checksum");
      }
    }
    check.reset();
    inflater.reset();
    inflater.setInput(buffer, at, end - at);
    inMember = true;
    return true;
  }

  private void endMember() throws IOException {
    long wanted = check.getValue();
    long length = inflater.getBytesWritten() & 0xFFFF_FFFFL;
    if (u32() != wanted) {
      throw new ZipException("a gzip member that does not fit its checksum");
    }
    if (u32() != length) {
      throw new ZipException("a gzip member that does not fit its length");
    }
    inMember = false;
  }

  private void zerosToTheEnd() throws IOException {
    do {
      for (; at < end; at++) {
        if (buffer[at] != 0) {
          throw new ZipException("octets that begin no gzip member");
        }
      }
    } while (fill());
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      octet();
    }
  }

  private void skipText() throws IOException {
    while (octet() != 0) {
      // To its NUL.
    }
  }

  private long u32() throws IOException {
    return u16() | (long) u16() << 16;
  }

  private int u16() throws IOException {
    return octet() | octet() << 8;
  }

  private int octet() throws IOException {
    octets();
    check.update(buffer[at]);
    return Byte.toUnsignedInt(buffer[at++]);
  }

  /// Sees to it that the buffer holds at least one octet.
  private void octets() throws IOException {
    if (at == end && !fill()) {
      throw new EOFException("the source ends within a gzip member");
    }
  }

  private boolean fill() throws IOException {
    int got = compressed.read(buffer, 0, buffer.length);
    at = 0;
    end = Math.max(got, 0);
    return got > 0;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    compressed.close();
  }
}
