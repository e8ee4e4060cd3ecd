// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/// The images to test against: folders of zstd-compressed images, each folder with a
/// `MANIFEST.json` that says how every image was made and what others make of it.
///
/// It lies where the property `xenstream.corpus` points (a relative path counts from
/// `xenstream.root`, the root of the project). Where it is absent, tests are skipped and say so;
/// with `xenstream.corpus.required=true` they fail.
public final class Corpus {
  /// Images of a real Xen with running guests.
  public static final String REAL = "real";

  /// Streams of Xen's own saver from synthetic guests.
  public static final String MODERN = "modern";

  /// The same inside libxl and xl layers.
  public static final String FRAMED = "framed";

  /// Modern streams with one fault each, and a few good ones.
  public static final String MUTATED = "mutated";

  /// Images of Xen 4.5 and older.
  public static final String LEGACY = "legacy";

  /// The same with one fault or oddity each.
  public static final String LEGACY_MUTATED = "legacy-mutated";

  private static final String PROPERTY = "xenstream.corpus";
  private static final String REQUIRED = "xenstream.corpus.required";

  private static final AtomicBoolean SAID = new AtomicBoolean();

  private final Path root;

  private Corpus(Path root) {
    this.root = root;
  }

  /// The corpus.
  ///
  /// @throws TestAbortedException where it is absent: the test is skipped
  /// @throws AssertionError where it is absent but required
  public static Corpus here() {
    Path root = place();
    if (Files.isDirectory(root)) {
      return new Corpus(root);
    }
    String absence =
        "no corpus at %s: set -D%s=<folder> to run the tests that want it"
            .formatted(root, PROPERTY);
    if (Boolean.getBoolean(REQUIRED)) {
      throw new AssertionError(absence);
    }
    // A build does not show why a test was skipped, and drops skipped factories altogether.
    if (!SAID.getAndSet(true)) {
      System.err.println("SKIPPED: " + absence);
    }
    throw new TestAbortedException(absence);
  }

  private static Path place() {
    String named = System.getProperty(PROPERTY, "");
    Path given = Path.of(named.isBlank() ? "../shared/corpus" : named);
    Path base = Path.of(System.getProperty("xenstream.root", ".."));
    return base.resolve(given).toAbsolutePath().normalize();
  }

  /// Every image of some folders, in the order of folders and names.
  public List<CorpusImage> images(String... folders) {
    List<CorpusImage> images = new ArrayList<>();
    for (String folder : folders) {
      images.addAll(manifest(folder));
    }
    return images;
  }

  /// One image.
  ///
  /// @param path folder and name as in the manifest: "mutated/ok-hvm.bin.zst"
  public CorpusImage image(String path) {
    String folder = path.substring(0, path.indexOf('/'));
    return manifest(folder).stream()
        .filter(image -> image.path().equals(path))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the manifest of " + folder + " lacks " + path));
  }

  private List<CorpusImage> manifest(String folder) {
    Path place = root.resolve(folder);
    List<?> entries = (List<?>) Objects.requireNonNull(Json.read(place.resolve("MANIFEST.json")));
    return entries.stream()
        .flatMap(Corpus::member)
        .map(entry -> new CorpusImage(place, entry))
        .sorted(Comparator.comparing(CorpusImage::path))
        .toList();
  }

  @SuppressWarnings("unchecked") // the members of a JSON object are named by texts
  private static Stream<Map<String, @Nullable Object>> member(Object entry) {
    return Stream.of((Map<String, @Nullable Object>) entry);
  }
}
