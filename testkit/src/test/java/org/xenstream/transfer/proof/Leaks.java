// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What this process holds: its open files and its threads, to see that nothing is left of what has
/// failed. Class files are opened when a class is wanted first, and do not count.
record Leaks(Map<String, Integer> files, Set<String> threads) {
  private static final Path OPEN = Path.of("/proc/self/fd");

  static Leaks now() throws IOException {
    Map<String, Integer> files = new TreeMap<>();
    try (Stream<Path> open = Files.list(OPEN)) {
      for (Path one : open.toList()) {
        String kind;
        try {
          // Of a pipe or socket only what it is: its number is another each time.
          kind = Files.readSymbolicLink(one).toString().replaceAll("\\[\\d+]", "");
        } catch (IOException closedMeanwhile) {
          continue;
        }
        if (!kind.endsWith(".jar") && !kind.endsWith("/fd") && !kind.contains("/jdk")) {
          files.merge(kind, 1, Integer::sum);
        }
      }
    }
    Set<String> threads =
        threadsNow().map(Thread::getName).collect(Collectors.toCollection(TreeSet::new));
    return new Leaks(files, threads);
  }

  private static Stream<Thread> threadsNow() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && !thread.getName().startsWith("ForkJoin"));
  }

  /// Compares with now. A thread has time to end: an executor is closed, and its threads done,
  /// before they are gone.
  void assertNoneSince(String why) throws IOException, InterruptedException {
    for (Thread more :
        threadsNow().filter(thread -> !threads.contains(thread.getName())).toList()) {
      more.join(Duration.ofSeconds(10));
    }
    Leaks now = now();
    assertEquals(files, now.files, why + ": open files");
    Set<String> more = new TreeSet<>(now.threads);
    more.removeAll(threads);
    assertEquals(Set.of(), more, why + ": threads");
  }
}
