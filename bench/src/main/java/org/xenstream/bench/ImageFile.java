// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A synthetic image in a temporary file, larger than the window of a mapping and in the page
/// cache.
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up
public class ImageFile {
  /// How many pages the guest has: 96 MiB.
  public static final long PAGES = 24 * 1024;

  private static final long SEED = 1;

  /// The kind of guest.
  @Param({"HVM", "PV64"})
  public SyntheticImage.Guest guest;

  private Path file;
  private long octets;

  /// Makes the file.
  @Setup(Level.Trial)
  public void make() throws IOException {
    file = create(guest);
    octets = Files.size(file);
  }

  /// Makes such a file, which is the caller's to delete.
  public static Path create(SyntheticImage.Guest guest) throws IOException {
    Path file = Files.createTempFile("xenstream-bench-", ".img");
    try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      SyntheticImage.write(out, guest, PAGES, SEED);
    }
    return file;
  }

  /// Deletes it.
  @TearDown(Level.Trial)
  public void delete() throws IOException {
    Files.delete(file);
  }

  /// Where it is.
  public Path path() {
    return file;
  }

  /// Its length in octets.
  public long octets() {
    return octets;
  }
}
