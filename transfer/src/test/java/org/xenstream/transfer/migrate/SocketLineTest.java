// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.migrate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.xenstream.os.Descriptor;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;

class SocketLineTest {
  private static void open() throws IOException {
    MigrationPlan plan =
        new MigrationPlan(System::nanoTime).checkpoints(StreamType.COLO, 2, Duration.ZERO);
    SocketLine.open(plan, new Cancellation()).close();
  }

  /// What this process has open, by its number.
  private static Map<Integer, String> descriptors() throws IOException {
    Map<Integer, String> open = new TreeMap<>();
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path one : all.toList()) {
        try {
          open.put(
              Integer.parseInt(one.getFileName().toString()),
              Files.readSymbolicLink(one).toString());
        } catch (IOException closedMeanwhile) {
          // That of the listing itself.
        }
      }
    }
    return open;
  }

  /// Sets how many descriptors this process may have: a program that was started before, since to
  /// start one takes descriptors.
  private record Limiter(Process shell, Writer wishes, BufferedReader done)
      implements AutoCloseable {
    static Limiter start() throws IOException {
      Process shell =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "while read most; do prlimit --pid $PPID --nofile=$most: && echo done; done")
              .start();
      return new Limiter(shell, shell.outputWriter(), shell.inputReader());
    }

    void allow(long most) throws IOException {
      wishes.write(most + "\n");
      wishes.flush();
      assertEquals("done", done.readLine(), "prlimit");
    }

    @Override
    public void close() throws IOException {
      wishes.close();
      shell.destroy();
    }
  }

  /// A line takes six descriptors. Wherever there is none left, those before it are given back.
  @Test
  void aLineThatCannotBeOpenedLeavesNothing() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "prlimit is missing");
    // So that all classes are there that it takes, and those of a failure.
    open();
    assertThrows(IOException.class, () -> Descriptor.borrow(1 << 20));
    int refused = 0;
    try (Limiter limiter = Limiter.start()) {
      Map<Integer, String> before = descriptors();
      int next = new TreeMap<>(before).lastKey() + 1;
      for (int room = 8; room > -8; room--) {
        boolean failed = false;
        limiter.allow(next + room);
        try {
          open();
        } catch (IOException e) {
          failed = true;
        } finally {
          limiter.allow(Math.max(1024, next + 64));
        }
        assertEquals(before, descriptors(), "%d descriptors allowed".formatted(next + room));
        refused += failed ? 1 : 0;
      }
    }
    assertTrue(refused >= 5, refused + " were refused");
  }
}
