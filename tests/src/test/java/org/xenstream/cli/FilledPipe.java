// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import org.xenstream.os.DescriptorPair;

/// A pipe of this process into which somebody writes, to be read by its number or by a name.
final class FilledPipe implements AutoCloseable {
  /// Whoever writes into it.
  interface Writer {
    void write(OutputStream to) throws IOException, InterruptedException;
  }

  private static final Path OPEN = Path.of("/proc/self/fd");

  private final DescriptorPair ends;
  private final Thread writer;

  private FilledPipe(DescriptorPair ends, Thread writer) {
    this.ends = ends;
    this.writer = writer;
  }

  /// A pipe that ends with these octets.
  static FilledPipe of(byte[] octets) throws IOException {
    return of(to -> to.write(octets));
  }

  /// A pipe that ends when its writer returns.
  static FilledPipe of(Writer writer) throws IOException {
    DescriptorPair ends = DescriptorPair.pipe();
    OutputStream to = new FileOutputStream(name(ends.second().number()).toFile());
    ends.second().close();
    return new FilledPipe(ends, Thread.ofPlatform().start(() -> fill(to, writer)));
  }

  private static void fill(OutputStream to, Writer writer) {
    try (to) {
      writer.write(to);
    } catch (IOException e) {
      // The reader has read enough.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Path name(int number) {
    return OPEN.resolve(Integer.toString(number));
  }

  int number() {
    return ends.first().number();
  }

  Path name() {
    return name(number());
  }

  /// Ends the writing as well, as far as nobody has the pipe open any more.
  @Override
  public void close() {
    ends.close();
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
