// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The program as libxl runs it, as a process of its own, where there is no Xen.
class SaveHelperMainTest {
  @TempDir Path folder;

  private record Ended(int code, List<String> logs, String errors) {}

  private Ended run(List<String> before, String... words) throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "org.xenstream.xen.SaveHelperMain"));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    process.getOutputStream().close();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return new Ended(process.exitValue(), logs(Files.readAllBytes(out)), Files.readString(err));
  }

  /// The messages, each a log.
  private static List<String> logs(byte[] output) {
    List<String> logs = new ArrayList<>();
    ByteBuffer all = ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN);
    while (all.hasRemaining()) {
      ByteBuffer message = all.slice(all.position() + 2, all.getShort() & 0xFFFF);
      all.position(all.position() + message.remaining());
      message.order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(1, message.getShort());
      logs.add(
          message.getInt() + " " + message.getInt() + " " + text(message) + ": " + text(message));
      assertFalse(message.hasRemaining());
    }
    return logs;
  }

  private static String text(ByteBuffer message) {
    byte[] octets = new byte[message.getInt()];
    message.get(octets);
    return new String(octets, 0, octets.length - 1, StandardCharsets.UTF_8);
  }

  @Test
  void withoutXenTheSaveFailsAndSaysWhy() throws Exception {
    assumeTrue(Libxenctrl.LIBRARY.soname() == null, "Xen's libraries are here");
    Ended ended = run(List.of(), "--save-domain", "1", "0", "1", "0", "136", "0");
    assertEquals(255, ended.code);
    assertEquals(
        List.of(
            "1 -1 xenstream-save-helper: starting save",
            "8 5 xenstream-save-helper: expected the library libxenctrl.so.4.17 or"
                + " libxenctrl.so.4.18 or libxenctrl.so.4.19 or libxenctrl.so.4.20, found none of"
                + " them"),
        ended.logs);
    assertEquals("", ended.errors);
  }

  @Test
  void badArgumentsAreToldToLibxl() throws Exception {
    Ended ended = run(List.of(), "--save-domain", "1", "0", "1", "0", "136");
    assertEquals(255, ended.code);
    assertEquals(
        List.of(
            "8 -1 xenstream-save-helper: --save-domain: expected IO_FD RECV_FD DOMID XCFLAGS"
                + " CBFLAGS STREAM_TYPE, found 1 0 1 0 136"),
        ended.logs);
    assertEquals("", ended.errors);
  }

  /// What the virtual machine says stays out of the protocol, when that has another descriptor.
  @Test
  void theVirtualMachineIsNotHeardInTheProtocol() throws Exception {
    Ended ended =
        run(
            List.of(
                "sh",
                "-c",
                "java=$1; shift; exec \"$java\" -Xlog:gc+init -Dxenstream.messages=3 \"$@\" 3>&1 1>&2",
                "sh"),
            "--restore-domain");
    assertEquals(255, ended.code);
    assertEquals(1, ended.logs.size());
    assertTrue(ended.errors.contains("[gc,init]"), ended.errors);
  }
}
