// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpliceTest {
  private static final long FOREVER = Long.MAX_VALUE;
  private static final int EINVAL = 22;
  private static final int EBADF = 9;

  @TempDir Path folder = Path.of("");
  private final Native here = new Native();

  @AfterEach
  void free() {
    here.close();
  }

  private static Splice splice(Descriptor from, Descriptor to) {
    return new Splice(from.number(), to.number());
  }

  private void fill(Descriptor pipe, MemorySegment octets) throws IOException {
    assertEquals(octets.byteSize(), pipe.write(here.over(octets), FOREVER, FOREVER));
  }

  private byte[] drain(Descriptor pipe, int count) throws IOException {
    MemorySegment got = here.arena.allocate(count);
    assertEquals(count, pipe.read(here.over(got), FOREVER, FOREVER));
    return got.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void fromAPipeIntoAPipe() throws IOException {
    MemorySegment sent = here.some(10_000);
    try (DescriptorPair in = DescriptorPair.pipe();
        DescriptorPair out = DescriptorPair.pipe()) {
      Splice splice = splice(in.first(), out.second());
      fill(in.second(), sent);
      assertEquals(7, splice.move(7));
      assertEquals(9_993, splice.move(1 << 20));
      assertArrayEquals(sent.toArray(ValueLayout.JAVA_BYTE), drain(out.first(), 10_000));
      in.second().close();
      assertEquals(0, splice.move(1));
    }
  }

  @Test
  void fromAPipeIntoAFileAndBack() throws IOException {
    Path file = folder.resolve("file");
    MemorySegment sent = here.some(5000);
    try (DescriptorPair pipe = DescriptorPair.pipe()) {
      fill(pipe.second(), sent);
      try (Descriptor out = Descriptor.openToWrite(file)) {
        assertEquals(5000, splice(pipe.first(), out).move(6000));
      }
      assertArrayEquals(sent.toArray(ValueLayout.JAVA_BYTE), Files.readAllBytes(file));
      try (Descriptor in = Descriptor.openToRead(file)) {
        Splice back = splice(in, pipe.second());
        for (long left = 5000; left > 0; ) {
          left -= back.move(left);
        }
        assertEquals(0, back.move(1));
      }
      assertArrayEquals(sent.toArray(ValueLayout.JAVA_BYTE), drain(pipe.first(), 5000));
    }
  }

  @Test
  void whatCannotBeMovedIsAnError() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[10]);
    try (Descriptor in = Descriptor.openToRead(file);
        Descriptor out = Descriptor.openToWrite(folder.resolve("other"));
        DescriptorPair pipe = DescriptorPair.pipe()) {
      assertEquals(-EINVAL, splice(in, out).move(10), "neither is a pipe");
      assertEquals(-EBADF, new Splice(in.number(), 99_999).move(10));
      fill(pipe.second(), here.some(10));
      assertEquals(-EBADF, splice(pipe.first(), in).move(10), "not opened to be written");
      assertEquals(10, pipe.first().readable());
    }
  }

  @Test
  void aPipeThatNobodyReads() throws IOException {
    try (DescriptorPair in = DescriptorPair.pipe();
        DescriptorPair out = DescriptorPair.pipe()) {
      fill(in.second(), here.some(10));
      out.first().close();
      assertEquals(-Errno.EPIPE, splice(in.first(), out.second()).move(10));
      assertEquals(10, in.first().readable());
    }
  }

  @Test
  void waitsForAFullOneAndForAnEmptyOne() throws Exception {
    try (DescriptorPair in = DescriptorPair.pipe();
        DescriptorPair out = DescriptorPair.pipe()) {
      int held = (int) out.second().write(here.over(here.some(1 << 20)), FOREVER, FOREVER);
      assertTrue(held < 1 << 20);
      CompletableFuture<Long> moved =
          CompletableFuture.supplyAsync(() -> splice(in.first(), out.second()).move(100));
      MemorySegment sent = here.some(100);
      Thread.sleep(20);
      fill(in.second(), sent);
      Thread.sleep(20);
      drain(out.first(), held);
      assertEquals(100, moved.get(30, TimeUnit.SECONDS));
      assertArrayEquals(sent.toArray(ValueLayout.JAVA_BYTE), drain(out.first(), 100));
    }
  }
}
