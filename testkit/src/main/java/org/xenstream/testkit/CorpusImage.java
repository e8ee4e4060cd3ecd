// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One image of the corpus, and what its manifest says of it.
public final class CorpusImage {
  private final Path folder;
  private final Map<String, @Nullable Object> manifest;

  CorpusImage(Path folder, Map<String, @Nullable Object> manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /// Folder and name: "modern/x46-hvm-tiny.v2.zst".
  public String path() {
    return folder.getFileName() + "/" + text("file");
  }

  /// The image as it lies in the corpus, compressed.
  public Path compressed() {
    return folder.resolve(text("file"));
  }

  /// Its length in octets when decompressed.
  public long size() {
    return (Long) Objects.requireNonNull(at("size"));
  }

  /// The text that the manifest has under a name; empty when it has none.
  public String text(String name) {
    return at(name) instanceof String text ? text : "";
  }

  /// What the manifest has under names, from the outside in; null when it has nothing there.
  public @Nullable Object at(String... names) {
    Object here = manifest;
    for (String name : names) {
      here = here instanceof Map<?, ?> members ? members.get(name) : null;
    }
    return here;
  }

  /// The lines that the manifest has under names; none when it has nothing there.
  public List<String> lines(String... names) {
    return at(names) instanceof List<?> lines
        ? lines.stream().map(String::valueOf).toList()
        : List.of();
  }

  /// What a judge named in the manifest says: `accepts("c_restore")`; null when it was not asked.
  public @Nullable Boolean accepts(String judge) {
    return at(judge, "accepts") instanceof Boolean verdict ? verdict : null;
  }

  /// The image as a file, decompressed. It is kept in the folder that `xenstream.corpus.cache`
  /// names (by default one for temporary files) from one run to the next, and its length and digest
  /// are held against the manifest when it is made.
  public Path file() {
    try {
      Path cache =
          Path.of(
              System.getProperty(
                  "xenstream.corpus.cache",
                  System.getProperty("java.io.tmpdir") + "/xenstream-corpus"));
      Path kept = Files.createDirectories(cache).resolve(text("sha256"));
      if (!Files.exists(kept) || Files.size(kept) != size()) {
        decompress(cache, kept);
      }
      return kept;
    } catch (IOException e) {
      throw new UncheckedIOException(path(), e);
    }
  }

  private void decompress(Path cache, Path kept) throws IOException {
    Path part = Files.createTempFile(cache, "part", "");
    try {
      MessageDigest digest = sha256();
      try (InputStream in = new ZstdInputStream(Files.newInputStream(compressed()));
          OutputStream out = new DigestOutputStream(Files.newOutputStream(part), digest)) {
        in.transferTo(out);
      }
      String found = HexFormat.of().formatHex(digest.digest());
      if (Files.size(part) != size() || !found.equals(text("sha256"))) {
        throw new AssertionError(
            "%s: the manifest says %d octets of sha256 %s, but it has %d of %s"
                .formatted(path(), size(), text("sha256"), Files.size(part), found));
      }
      Files.move(part, kept, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /// The image's octets, decompressed; for small ones.
  public byte[] octets() {
    try {
      return Files.readAllBytes(file());
    } catch (IOException e) {
      throw new UncheckedIOException(path(), e);
    }
  }

  @Override
  public String toString() {
    return path();
  }
}
