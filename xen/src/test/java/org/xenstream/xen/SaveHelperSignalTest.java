// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// libxl gives up: it sends SIGTERM to the process, in the middle of its work.
@Timeout(120)
class SaveHelperSignalTest {
  /// `128 + SIGTERM`: what a virtual machine without a say in it ends with.
  private static final int TERMINATED = 143;

  @TempDir Path folder;
  private Path stream;

  /// Down when the first message has come.
  private final CountDownLatch atWork = new CountDownLatch(1);

  @BeforeEach
  void aNamedPipe() throws Exception {
    stream = folder.resolve("stream");
    assertEquals(0, new ProcessBuilder("mkfifo", stream.toString()).start().waitFor());
  }

  /// Starts the helper with the stream as its descriptor 7, opened in that way.
  private Process start(String way, String... words) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "sh",
                "-c",
                "stream=$1; shift; exec \"$@\" 7" + way + "\"$stream\"",
                "sh",
                stream.toString(),
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.xenstream.xen.SimulatedSaveHelper"));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).redirectError(folder.resolve("err").toFile()).start();
  }

  /// Plays libxl until the helper closes its end: agrees to everything.
  ///
  /// @return the messages in hexadecimal, without those of log and progress
  private List<String> serve(Process helper) {
    List<String> messages = new ArrayList<>();
    try (DataInputStream from = new DataInputStream(helper.getInputStream());
        OutputStream to = helper.getOutputStream()) {
      while (true) {
        int length = Short.toUnsignedInt(Short.reverseBytes(from.readShort()));
        byte[] message = from.readNBytes(length);
        assertEquals(length, message.length);
        atWork.countDown();
        int type = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).getShort();
        if (type == LibxlMessage.LOG.number || type == LibxlMessage.PROGRESS.number) {
          continue;
        }
        messages.add(HexFormat.of().formatHex(message));
        to.write(new byte[4]);
        to.flush();
      }
    } catch (EOFException e) {
      return messages;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private int ended(Process helper) throws Exception {
    assertTrue(helper.waitFor(60, TimeUnit.SECONDS));
    assertEquals("", Files.readString(folder.resolve("err")));
    return helper.exitValue();
  }

  /// As of the C helper: log-dirty is switched off, libxl is told, and the process ends well.
  @Test
  void aSaveCleansUpAndTells() throws Exception {
    Process helper = start(">", "--save-domain", "7", "0", "DOMID", "1", "136", "0");
    CompletableFuture<List<String>> messages = CompletableFuture.supplyAsync(() -> serve(helper));
    try (FileInputStream from = new FileInputStream(stream.toFile())) {
      assertEquals(4096, from.readNBytes(4096).length);
      // From now on nobody reads: there is more to write than the pipe holds.
      helper.toHandle().destroy();
      List<String> said = messages.get(60, TimeUnit.SECONDS);
      assertEquals(3, said.size(), said::toString);
      assertTrue(said.get(0).startsWith("0700") && said.get(0).endsWith("01000000"), said.get(0));
      assertTrue(said.get(1).startsWith("0700") && said.get(1).endsWith("00000000"), said.get(1));
      // −1, ECANCELED
      assertEquals("0a00" + "ffffffff" + "7d000000", said.get(2));
      assertEquals(0, ended(helper));
    }
  }

  /// As of the C helper, which takes the signal in a save alone.
  @Test
  void aRestoreJustEnds() throws Exception {
    Process helper =
        start("<>", "--restore-domain", "7", "-1", "DOMID", "1", "0", "2", "0", "768", "0");
    CompletableFuture<List<String>> messages = CompletableFuture.supplyAsync(() -> serve(helper));
    assertTrue(atWork.await(60, TimeUnit.SECONDS));
    helper.toHandle().destroy();
    assertEquals(List.of(), messages.get(60, TimeUnit.SECONDS));
    assertEquals(TERMINATED, ended(helper));
  }
}
