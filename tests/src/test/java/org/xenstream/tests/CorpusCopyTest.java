// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.xenstream.core.envelope.ImageCopy;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;

/// What is read from the corpus is written back to the octet.
class CorpusCopyTest {
  @TempDir private static Path folder;

  /// The whole image with its layers, checked by the digest that the manifest has.
  @TestFactory
  Stream<DynamicTest> imagesAreCopiedToTheOctet() {
    return Corpus.here().images(Corpus.REAL, Corpus.MODERN, Corpus.FRAMED, Corpus.LEGACY).stream()
        .filter(image -> !image.text("file").startsWith("neg-"))
        .map(image -> dynamicTest(image.path(), () -> copied(image)));
  }

  private static void copied(CorpusImage image) throws IOException {
    Digest out = new Digest();
    try (ImageReader reader = ImageReader.open(image.file(), Limits.DEFAULT)) {
      ImageCopy copy = new ImageCopy(reader, out, ImageCopy.Options.SAME);
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        copy.see(item);
      }
      copy.end();
    }
    assertEquals(image.text("sha256"), out.hex());
  }

  /// Frame by frame and, in genuine streams, record by record: their reserved fields and padding
  /// are zero, so that nothing is lost when a record's value is framed anew.
  @TestFactory
  Stream<DynamicTest> genuineStreamsAreWrittenAnew() {
    return Corpus.here().images(Corpus.MODERN).stream()
        .map(image ->
            dynamicTest(
                image.path(),
                () -> {
                  Digest copy = new Digest();
                  Digest anew = new Digest();
                  try (StreamReader reader =
                      StreamReader.open(MappedInput.open(image.file()), Limits.DEFAULT)) {
                    StreamWriter copier = begin(copy, reader);
                    StreamWriter writer = begin(anew, reader);
                    for (Framed f = reader.next(); f != null; f = reader.next()) {
                      copier.copy(f.frame());
                      writer.accept(f.record());
                    }
                  }
                  assertEquals(image.text("sha256"), copy.hex());
                  assertEquals(image.text("sha256"), anew.hex());
                }));
  }

  private static StreamWriter begin(GatheringByteChannel out, StreamReader reader)
      throws IOException {
    return StreamWriter.begin(out, reader.headers().image(), reader.headers().domain());
  }

  /// The mutated images whose records say less than their octets: those in which the mutation set a
  /// reserved field, padding, or the body of a record that has none.
  @Test
  void onlyReservedOctetsAreLostWhenARecordIsFramedAnew() throws IOException {
    Set<String> lossy = new TreeSet<>();
    int records = 0;
    for (CorpusImage image : Corpus.here().images(Corpus.MUTATED)) {
      try (StreamReader reader = open(image)) {
        for (Framed f = reader.next(); f != null; f = reader.next()) {
          CapturingChannel anew = CapturingChannel.whole();
          StreamWriter writer = StreamWriter.resume(anew, reader.headers().order());
          if (!(f.record() instanceof StreamRecord.Malformed)) {
            writer.accept(f.record());
            records++;
            if (f.frame().octets().mismatch(java.lang.foreign.MemorySegment.ofArray(anew.octets()))
                >= 0) {
              lossy.add(image.text("file") + " " + f.frame().typeName());
            }
          }
        }
      } catch (StreamFormatException fault) {
        // What cannot be followed any further is the business of other tests.
        assertEquals(image.file().toString(), fault.location().source());
      }
    }
    assertEquals(
        """
        hvmp-rsv.bin.zst HVM_PARAMS
        pvinfo-rsv.bin.zst X86_PV_INFO
        sde-nonzero.bin.zst STATIC_DATA_END
        vcpu-basic-rsv.bin.zst X86_PV_VCPU_BASIC
        vcpu-extd-rsv.bin.zst X86_PV_VCPU_EXTENDED
        vcpu-xsave-rsv.bin.zst X86_PV_VCPU_XSAVE
        verify-nonzero.bin.zst VERIFY
        """,
        String.join("\n", lossy) + "\n");
    assertTrue(records > 1000, () -> "hardly a record was framed anew");
  }

  private static StreamReader open(CorpusImage image) throws IOException {
    OctetInput input = MappedInput.open(image.file());
    return StreamReader.open(input, Limits.DEFAULT);
  }

  /// Takes what is written, for its digest.
  private static final class Digest implements GatheringByteChannel {
    private final MessageDigest digest;

    Digest() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError(e);
      }
    }

    String hex() {
      return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public int write(ByteBuffer source) {
      int count = source.remaining();
      digest.update(source);
      return count;
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      long count = 0;
      for (int i = offset; i < offset + length; i++) {
        count += write(sources[i]);
      }
      return count;
    }

    @Override
    public long write(ByteBuffer[] sources) {
      return write(sources, 0, sources.length);
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  /// Into a file, as the tool writes it.
  @Test
  void anImageIsCopiedIntoAFile() throws IOException {
    CorpusImage image = Corpus.here().image("framed/hvm.xl.zst");
    Path copy = folder.resolve("copy");
    try (ImageReader reader = ImageReader.open(image.file(), Limits.DEFAULT);
        FileChannel out =
            FileChannel.open(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ImageCopy copier = new ImageCopy(reader, out, ImageCopy.Options.SAME);
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        copier.see(item);
      }
      assertEquals(0, copier.end());
    }
    assertEquals(-1, Files.mismatch(image.file(), copy));
  }
}
