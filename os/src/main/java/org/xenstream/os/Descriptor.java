// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A file descriptor from which or to which octets are moved without waiting, and on which one
/// waits with an end in sight.
///
/// The open file behind it may be shared with another process that needs it blocking, such as the
/// toolstack that started this one. So nothing of it is changed: `O_NONBLOCK` stays as it is, and
/// it is not opened again. Instead every kind of file has a way of its own:
///
/// - a **socket** is asked for each transfer not to wait (`MSG_DONTWAIT`);
/// - a **pipe** likewise (`RWF_NOWAIT`), where the kernel can: Linux 6.4, and not for a named one;
/// - a **regular file** cannot be asked; it waits for its disk at most, and a signal ends what can
///   be ended by one;
/// - **anything else**, and a pipe that cannot be asked, is waited for until it is ready, and the
///   transfer is then made under the eyes of a timer that gets this very thread out of it
///   ([StuckCall]). A C library too old for that has such a transfer of one page at most, for which
///   a ready pipe has room.
///
/// Calls return the negated number of an error, see [Errno], and make no garbage. One thread at a
/// time uses it; [#cut] is for the others.
public final class Descriptor implements AutoCloseable {
  /// What a pipe has room for once it is ready at all (`PIPE_BUF`).
  private static final long ONE_PAGE = 4096;

  private final int fd;
  private final boolean owned;
  private final Kind kind;
  private final Arena arena;
  private final TransferCalls calls;
  private final @Nullable StuckCall stuck;
  private boolean noWait;
  private boolean closed;

  @SuppressWarnings("MustBeClosedChecker") // lives as long as this object
  private Descriptor(int fd, boolean owned) throws IOException {
    this.fd = fd;
    this.owned = owned;
    this.kind = DescriptorCalls.kind(fd);
    this.arena = Arena.ofShared();
    this.calls = new TransferCalls(arena, fd);
    this.stuck = kind != Kind.SOCKET && StuckCall.isPossible() ? new StuckCall() : null;
    this.noWait = kind == Kind.PIPE && TransferCalls.NO_WAIT_KNOWN;
  }

  /// One that somebody else closes.
  ///
  /// @throws IOException when it is not open
  public static Descriptor borrow(int fd) throws IOException {
    return new Descriptor(fd, false);
  }

  /// One that is closed with this object.
  ///
  /// @throws IOException when it is not open
  public static Descriptor own(int fd) throws IOException {
    return new Descriptor(fd, true);
  }

  /// Opens a file to be read; a named pipe as soon as somebody writes to it.
  ///
  /// @throws IOException when it cannot be opened
  public static Descriptor openToRead(Path file) throws IOException {
    return opened(DescriptorCalls.open(file, DescriptorCalls.O_RDONLY));
  }

  /// Opens a file to be written from its start, and makes it where there is none; a named pipe as
  /// soon as somebody reads it.
  ///
  /// @throws IOException when it cannot be opened
  public static Descriptor openToWrite(Path file) throws IOException {
    return opened(
        DescriptorCalls.open(
            file, DescriptorCalls.O_WRONLY | DescriptorCalls.O_CREAT | DescriptorCalls.O_TRUNC));
  }

  private static Descriptor opened(int fd) throws IOException {
    try {
      return own(fd);
    } catch (IOException | RuntimeException e) {
      closeNumber(fd);
      throw e;
    }
  }

  /// What lies behind a descriptor.
  public enum Kind {
    /// A regular file.
    FILE,
    /// A pipe, named or not.
    PIPE,
    /// A socket.
    SOCKET,
    /// A terminal, a tape, a device.
    OTHER
  }

  /// What to wait for.
  public enum Readiness {
    /// Something can be read, or the end.
    READ(DescriptorCalls.POLLIN),
    /// Something can be written, or never again.
    WRITE(DescriptorCalls.POLLOUT);

    final short events;

    Readiness(short events) {
      this.events = events;
    }
  }

  /// Its number.
  public int number() {
    return fd;
  }

  /// What lies behind it.
  public Kind kind() {
    return kind;
  }

  /// Writes what can be written now, and passes over it.
  ///
  /// @param from at least one octet
  /// @param most how many octets at most, at least 1
  /// @param patience how long in nanoseconds the call may last where it cannot be asked not to
  ///   wait; [Long#MAX_VALUE] without end
  /// @return how many octets were written, or an error, negated
  public long write(IoVectors from, long most, long patience) throws IOException {
    return transfer(Readiness.WRITE, from, most, patience);
  }

  /// Reads what can be read now, and passes over the places it fills.
  ///
  /// @param into at least one octet
  /// @param most how many octets at most, at least 1
  /// @param patience as for [#write]
  /// @return how many octets were read, 0 at the end, or an error, negated
  public long read(IoVectors into, long most, long patience) throws IOException {
    return transfer(Readiness.READ, into, most, patience);
  }

  private long transfer(Readiness way, IoVectors places, long most, long patience)
      throws IOException {
    long moved;
    if (kind == Kind.SOCKET) {
      moved = call(way, Way.SOCKET, places, most);
    } else if (noWait) {
      moved = call(way, Way.NO_WAIT, places, most);
      if (moved == -Errno.EOPNOTSUPP) {
        noWait = false;
        return transfer(way, places, most, patience);
      }
    } else {
      moved = watched(way, places, most, patience);
    }
    if (moved > 0) {
      places.passed(moved);
    }
    return moved;
  }

  private long watched(Readiness way, IoVectors places, long most, long patience)
      throws IOException {
    if (kind != Kind.FILE) {
      int ready = calls.poll(way.events, -1, 0);
      if (ready <= 0) {
        return ready == 0 ? -Errno.EAGAIN : ready;
      }
    }
    if (stuck == null) {
      long bound = kind == Kind.FILE ? most : Math.min(most, ONE_PAGE);
      return call(way, Way.PLAIN, places, bound);
    }
    stuck.enter(patience);
    try {
      return call(way, Way.PLAIN, places, most);
    } finally {
      stuck.leave();
    }
  }

  private enum Way {
    SOCKET,
    NO_WAIT,
    PLAIN
  }

  private long call(Readiness way, Way how, IoVectors places, long most) {
    int count = places.limit(most);
    try {
      boolean write = way == Readiness.WRITE;
      return switch (how) {
        case SOCKET -> calls.message(write, places.pointer(), count);
        case NO_WAIT -> calls.noWait(write, places.pointer(), count);
        case PLAIN -> calls.vector(write, places.pointer(), count);
      };
    } finally {
      places.restore();
    }
  }

  /// Waits until something can be moved, or `wakeUp` is woken, or the time is up, or a signal
  /// comes.
  ///
  /// @param nanos how long at most; [Long#MAX_VALUE] without end
  /// @return whether the descriptor is ready; false also for no reason at all
  /// @throws IOException when it cannot be waited for
  public boolean await(Readiness way, WakeUp wakeUp, long nanos) throws IOException {
    int ready = calls.poll(way.events, wakeUp.fd(), nanos);
    if (ready < 0 && ready != -Errno.EINTR) {
      throw SystemCall.failed("poll of descriptor " + fd, -ready);
    }
    return ready > 0;
  }

  /// Gets the thread out of a transfer in which it is stuck, from another thread, and out of each
  /// that it begins later: it may be on its way into one.
  public void cut() {
    if (stuck != null) {
      stuck.cut();
    }
  }

  /// Makes a pipe larger, as far as the system lets it.
  ///
  /// @param octets how large
  /// @return how large it is now; −1 where it is no pipe
  public int growPipe(int octets) {
    return kind == Kind.PIPE ? PipeSize.grow(fd, octets) : -1;
  }

  /// The flags of the open file (`F_GETFL`), such as `O_NONBLOCK`.
  public int flags() throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      int flags = DescriptorCalls.fcntl(state, fd, DescriptorCalls.F_GETFL, 0);
      if (flags < 0) {
        throw SystemCall.failed("fcntl of descriptor " + fd, NativeCall.errno(state));
      }
      return flags;
    }
  }

  /// How many octets wait to be read (`FIONREAD`).
  public int readable() throws IOException {
    int count = count(DescriptorCalls.FIONREAD);
    if (count < 0) {
      throw SystemCall.failed("ioctl of descriptor " + fd, -count);
    }
    return count;
  }

  /// How many of the octets that were written the system still holds, as nobody has read them: all
  /// of those in a pipe; in a socket what its own side holds (`TIOCOUTQ`), with the system's own
  /// overhead where both sides are of this machine. 0 for anything else, and where it cannot tell.
  public int unread() {
    return switch (kind) {
      case PIPE -> Math.max(0, count(DescriptorCalls.FIONREAD));
      case SOCKET -> Math.max(0, count(DescriptorCalls.TIOCOUTQ));
      case FILE, OTHER -> 0;
    };
  }

  /// What is asked for, or an error, negated.
  private int count(long request) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment count = call.allocate(ValueLayout.JAVA_INT);
      MemorySegment state = NativeCall.state(call);
      return DescriptorCalls.ioctl(state, fd, request, count) < 0
          ? -NativeCall.errno(state)
          : count.get(ValueLayout.JAVA_INT, 0);
    }
  }

  static void closeNumber(int fd) {
    DescriptorCalls.close(fd);
  }

  /// Gives back what belongs to this object; the second time, nothing.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (stuck != null) {
      stuck.close();
    }
    arena.close();
    if (owned) {
      closeNumber(fd);
    }
  }
}
