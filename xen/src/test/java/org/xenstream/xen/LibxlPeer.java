// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.os.IoVectors;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreCallbacks.CheckpointResult;
import org.xenstream.transfer.save.SaveCallbacks;

/// Plays libxl at the other end of a helper's two pipes, decoding by hand what
/// `libxl_save_msgs_gen.pl` generates a decoder for.
final class LibxlPeer implements AutoCloseable {
  private static final int NOTHING = Integer.MIN_VALUE;

  final DescriptorPair toHelper = DescriptorPair.pipe();
  final DescriptorPair fromHelper = DescriptorPair.pipe();

  /// All messages but log and progress, in hexadecimal, without the length before them.
  final List<String> messages = new ArrayList<>();

  final List<String> logs = new ArrayList<>();
  final List<String> progress = new ArrayList<>();

  /// Answers instead of a toolstack, by message number.
  int refused = -1;

  /// How often a COLO primary is to go on.
  int waits = Integer.MAX_VALUE;

  /// Runs before the answer to a checkpoint.
  Step atCheckpoint = () -> {};

  /// At this message libxl dies without an answer.
  int diesAt = -1;

  private final @Nullable SaveCallbacks source;
  private final @Nullable RestoreCallbacks destination;
  private final Arena arena = Arena.ofShared();
  private @Nullable Thread thread;
  private volatile @Nullable Throwable failure;

  interface Step {
    void run() throws IOException;
  }

  LibxlPeer(@Nullable SaveCallbacks source, @Nullable RestoreCallbacks destination)
      throws IOException {
    this.source = source;
    this.destination = destination;
  }

  /// The helper's end.
  LibxlChannel channel(int callbacks) throws IOException {
    return new LibxlChannel(toHelper.first(), fromHelper.second(), callbacks);
  }

  void start() {
    Thread started =
        Thread.ofPlatform()
            .daemon()
            .name("libxl")
            .unstarted(() -> {
              try {
                serve();
              } catch (Throwable e) {
                failure = e;
                toHelper.second().close();
              }
            });
    thread = started;
    started.start();
  }

  /// Waits until the helper has closed its end.
  void join() throws InterruptedException {
    Thread running = thread;
    if (running != null) {
      running.join(60_000);
      assertEquals(Thread.State.TERMINATED, running.getState());
    }
    Throwable problem = failure;
    if (problem != null) {
      throw new AssertionError(problem);
    }
  }

  private void serve() throws IOException {
    while (true) {
      byte[] head = read(fromHelper.first(), arena, 2);
      if (head.length == 0) {
        return;
      }
      int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getShort() & 0xFFFF;
      byte[] body = read(fromHelper.first(), arena, length);
      assertEquals(length, body.length);
      ByteBuffer message = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
      int type = message.getShort();
      if (type == 1) {
        logs.add(
            "%d %d %s: %s"
                .formatted(message.getInt(), message.getInt(), text(message), text(message)));
        assertEquals(0, message.remaining());
        continue;
      }
      if (type == 2) {
        progress.add(
            "%s: %s %d/%d"
                .formatted(text(message), text(message), message.getLong(), message.getLong()));
        assertEquals(0, message.remaining());
        continue;
      }
      messages.add(HexFormat.of().formatHex(body));
      if (type == diesAt) {
        toHelper.second().close();
        return;
      }
      int answer = type == refused ? 0 : answer(type, message);
      if (answer != NOTHING) {
        write(
            toHelper.second(),
            arena,
            ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(answer).array());
      }
    }
  }

  private static String text(ByteBuffer message) {
    byte[] octets = new byte[message.getInt()];
    message.get(octets);
    assertEquals(0, octets[octets.length - 1], "a text ends with a zero");
    return new String(octets, 0, octets.length - 1, StandardCharsets.UTF_8);
  }

  private int answer(int type, ByteBuffer message) throws IOException {
    if (type == 10) {
      return 0;
    }
    SaveCallbacks save = source;
    if (save != null) {
      return switch (type) {
        case 3 -> truth(save.suspend());
        case 4 -> truth(save.resume());
        case 5 -> {
          atCheckpoint.run();
          yield truth(save.checkpoint());
        }
        case 6 -> truth(waits-- > 0 && save.waitCheckpoint());
        case 7 -> {
          message.getInt();
          save.switchQemuLogDirty(message.getInt() != 0);
          yield 0;
        }
        default -> throw new AssertionError("message " + type + " in a save");
      };
    }
    RestoreCallbacks restore = destination;
    if (restore == null) {
      throw new AssertionError("message " + type + " to nobody");
    }
    return switch (type) {
      case 3 -> number(restore.suspend());
      case 4 -> number(restore.resume());
      case 5 -> {
        atCheckpoint.run();
        yield number(restore.checkpoint());
      }
      case 6 -> number(restore.waitCheckpoint());
      case 8 -> {
        restore.staticDataDone(message.getInt());
        yield 0;
      }
      case 9 -> {
        restore.restoreResults(message.getLong(), message.getLong());
        yield NOTHING;
      }
      default -> throw new AssertionError("message " + type + " in a restore");
    };
  }

  private static int truth(boolean done) {
    return done ? 1 : 0;
  }

  private static int number(CheckpointResult result) {
    return switch (result) {
      case ERROR -> 0;
      case SUCCESS -> 1;
      case FAILOVER -> 2;
    };
  }

  /// Reads so many octets; fewer at the end only.
  static byte[] read(Descriptor from, Arena arena, int count) throws IOException {
    MemorySegment octets = arena.allocate(Math.max(1, count), 8);
    IoVectors places = new IoVectors(arena);
    int got = 0;
    while (got < count) {
      places.clear();
      places.add(octets.address() + got, (long) count - got);
      long moved = from.read(places, Long.MAX_VALUE, Long.MAX_VALUE);
      if (moved == 0) {
        break;
      }
      if (moved == -11) {
        Thread.onSpinWait();
        continue;
      }
      if (moved < 0) {
        throw new IOException("error " + moved);
      }
      got += (int) moved;
    }
    return octets.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE);
  }

  static void write(Descriptor to, Arena arena, byte[] octets) throws IOException {
    MemorySegment copy = arena.allocate(octets.length, 8);
    copy.copyFrom(MemorySegment.ofArray(octets));
    IoVectors places = new IoVectors(arena);
    places.clear();
    places.add(copy.address(), octets.length);
    while (places.left() > 0) {
      long moved = to.write(places, Long.MAX_VALUE, Long.MAX_VALUE);
      if (moved < 0 && moved != -11) {
        throw new IOException("error " + moved);
      }
    }
  }

  @Override
  public void close() {
    toHelper.close();
    fromHelper.close();
    arena.close();
  }
}
