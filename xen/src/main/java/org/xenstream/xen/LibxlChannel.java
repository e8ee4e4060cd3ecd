// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.xenstream.os.Descriptor;
import org.xenstream.os.Errno;
import org.xenstream.os.IoVectors;
import org.xenstream.os.WakeUp;

/// The two pipes between a save helper and libxl (`tools/libs/light/libxl_save_helper.c`): messages
/// to libxl, each with its length before it, and back one i32 for each message that asks for
/// something. All in the order of octets of the machine, which is little-endian.
///
/// Waits without end, as the C helper does: libxl answers, or its end of the pipe is closed. For
/// one thread at a time.
final class LibxlChannel implements AutoCloseable {
  /// What the process ends with when libxl's ear is closed, as the C helper's does (`exit(-1)`).
  static final int EXIT_UNHEARD = 255;

  /// What it ends with when no answer comes (`exit(-2)`).
  static final int EXIT_UNANSWERED = 254;

  /// `errno` where there is none.
  static final int NO_ERRNO = -1;

  private static final int LENGTH = 2;

  /// What a length of 16 bits reaches.
  private static final int MOST = 0xFFFF;

  /// Longer texts are cut: a message with two of them has to fit.
  private static final int MOST_TEXT = 30_000;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Descriptor replies;
  private final Descriptor messages;
  private final int wanted;
  private final Arena arena = Arena.ofShared();
  private final IoVectors places = new IoVectors(arena);
  private final MemorySegment message = arena.allocate(LENGTH + (long) MOST, 8);
  private final MemorySegment reply = arena.allocate(4, 8);
  private final WakeUp never;
  private int end;

  /// The levels of `xentoollog_level`.
  enum Level {
    DEBUG(1),
    INFO(5),
    WARN(7),
    ERROR(8);

    final int number;

    Level(int number) {
      this.number = number;
    }
  }

  /// @param replies where libxl's answers are read; closed with the channel
  /// @param messages where messages are written; closed with the channel
  /// @param wanted `cbflags`: what libxl answers
  @SuppressWarnings("MustBeClosedChecker") // lives as long as this object
  LibxlChannel(Descriptor replies, Descriptor messages, int wanted) throws IOException {
    this.replies = replies;
    this.messages = messages;
    this.wanted = wanted;
    this.never = WakeUp.open();
  }

  /// Tells whether libxl wants to be asked that.
  boolean isWanted(LibxlMessage type) {
    return (wanted & type.bit()) != 0;
  }

  void log(Level level, int errno, String context, String text) throws LibxlGoneException {
    begin(LibxlMessage.LOG);
    put(level.number);
    put(errno);
    put(context);
    put(text);
    send();
  }

  void progress(String context, String what, long done, long total) throws LibxlGoneException {
    begin(LibxlMessage.PROGRESS);
    put(context);
    put(what);
    put(done);
    put(total);
    send();
  }

  void restoreResults(long storeFrame, long consoleFrame) throws LibxlGoneException {
    begin(LibxlMessage.RESTORE_RESULTS);
    put(storeFrame);
    put(consoleFrame);
    send();
  }

  /// Asks libxl for something.
  ///
  /// @return its answer
  int ask(LibxlMessage type, int... arguments) throws LibxlGoneException {
    begin(type);
    for (int argument : arguments) {
      put(argument);
    }
    send();
    places.clear();
    places.add(reply.address(), 4);
    while (places.left() > 0) {
      if (move(replies, Descriptor.Readiness.READ) <= 0) {
        throw new LibxlGoneException("libxl did not answer " + type, EXIT_UNANSWERED);
      }
    }
    return reply.get(U32, 0);
  }

  private void begin(LibxlMessage type) {
    message.set(U16, LENGTH, (short) type.number);
    end = 2 * LENGTH;
  }

  private void put(int value) {
    message.set(U32, end, value);
    end += 4;
  }

  private void put(long value) {
    message.set(U64, end, value);
    end += 8;
  }

  /// A text with its terminating zero, and the length of both.
  private void put(String text) {
    byte[] octets = text.replace('\0', ' ').getBytes(StandardCharsets.UTF_8);
    int length = Math.min(octets.length, MOST_TEXT);
    put(length + 1);
    MemorySegment.copy(octets, 0, message, ValueLayout.JAVA_BYTE, end, length);
    message.set(ValueLayout.JAVA_BYTE, end + (long) length, (byte) 0);
    end += length + 1;
  }

  private void send() throws LibxlGoneException {
    message.set(U16, 0, (short) (end - LENGTH));
    places.clear();
    places.add(message.address(), end);
    while (places.left() > 0) {
      long moved = move(messages, Descriptor.Readiness.WRITE);
      if (moved <= 0) {
        throw new LibxlGoneException("libxl does not listen", EXIT_UNHEARD);
      }
    }
  }

  /// @return how many octets, 0 at the end, or an error, negated
  private long move(Descriptor descriptor, Descriptor.Readiness way) throws LibxlGoneException {
    try {
      while (true) {
        long moved =
            way == Descriptor.Readiness.WRITE
                ? descriptor.write(places, Long.MAX_VALUE, Long.MAX_VALUE)
                : descriptor.read(places, Long.MAX_VALUE, Long.MAX_VALUE);
        if (moved == -Errno.EAGAIN) {
          descriptor.await(way, never, Long.MAX_VALUE);
        } else if (moved != -Errno.EINTR) {
          return moved;
        }
      }
    } catch (IOException e) {
      LibxlGoneException gone =
          new LibxlGoneException("libxl cannot be reached: " + e.getMessage(), EXIT_UNHEARD);
      gone.initCause(e);
      throw gone;
    }
  }

  @Override
  public void close() {
    never.close();
    replies.close();
    messages.close();
    arena.close();
  }
}
