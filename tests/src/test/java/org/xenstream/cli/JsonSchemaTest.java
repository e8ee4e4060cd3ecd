// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.testkit.Corpus;
import org.xenstream.testkit.CorpusImage;
import org.xenstream.testkit.Layers;
import org.xenstream.testkit.Samples;
import org.xenstream.tests.DocsText;

/// Real output against the schemas in `docs/schema`.
class JsonSchemaTest {
  private static final Path SCHEMAS = DocsText.ROOT.resolve("docs/schema");
  private static final List<String> SAMPLES =
      List.of("pv32.xlsave.zst", "hvm.xlsave.zst", "remus-pv64.wire.zst");
  private static final SchemaRegistry REGISTRY = registry();

  @TempDir private static Path folder;

  private static SchemaRegistry registry() {
    Map<String, String> schemas =
        Stream.of("verdict", "verify", "info", "record", "explore", "migrate", "unread")
            .collect(toMap(name -> "urn:xenstream:schema:" + name, JsonSchemaTest::text));
    return SchemaRegistry.withDefaultDialect(
        SpecificationVersion.DRAFT_2020_12, builder -> builder.schemas(schemas));
  }

  private static String text(String name) {
    try {
      return Files.readString(SCHEMAS.resolve(name + ".schema.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Schema schema(String name) {
    return REGISTRY.getSchema(SchemaLocation.of("urn:xenstream:schema:" + name));
  }

  private static void holds(String name, Tool.Run run) {
    Schema schema = schema(name);
    for (String line : run.lines()) {
      List<Error> errors = schema.validate(line, InputFormat.JSON);
      assertEquals(List.of(), errors, () -> line.substring(0, Math.min(line.length(), 1000)));
    }
  }

  private static void all(Path image) {
    holds("info", Tool.run("info", "--json", image));
    holds("verify", Tool.run("verify", "--json", "--for", "4.13", image));
    holds("record", Tool.run("records", "--json", image));
  }

  @Test
  void whatCannotBeReadHoldsToItsSchema() {
    for (String verb : List.of("info", "verify")) {
      Tool.Run run = Tool.run(verb, "--json", folder.resolve("absent")).exits(2);
      assertEquals(1, run.lines().size());
      holds("unread", run);
    }
  }

  @Test
  void samplesHoldToTheSchemas() {
    for (String sample : SAMPLES) {
      all(Tool.sample(sample));
    }
    Path hvm = Tool.sample("hvm.xlsave.zst");
    holds("info", Tool.run("info", "--json", "--digest", "--zero-pages", hvm).exits(0));
    holds("record", Tool.run("records", "--json", "--brief", hvm).exits(0));
    holds("record", Tool.run("records", "--json", "--hex", "--range", "1023..", hvm).exits(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--verify", "--checkpoints 2 --interval 10", "--abort-above 0"})
  void aMigrationHoldsToTheSchema(String options) {
    String line = "simulate migrate --json --memory 8M --dirty-rate max " + options;
    Tool.Run run = Tool.run((Object[]) line.split(" "));
    holds("migrate", run);
    assertEquals(1, run.lines().size());
  }

  @Test
  void anExplorationHoldsToTheSchema() {
    Tool.Run run =
        Tool.run("simulate", "explore", "--json", "--abort-above", "100", "--dirty-rates", "0,1M");
    holds("explore", run.exits(0).quiet());
    assertEquals(6, run.lines().size());
  }

  @Test
  void everyRecordAndLayerHoldsToTheSchemas() throws IOException {
    ByteOrder big = ByteOrder.BIG_ENDIAN;
    byte[] every = Samples.everyRecord(3, ByteOrder.LITTLE_ENDIAN);
    int number = 0;
    for (byte[] image :
        List.of(
            every,
            Layers.libxl(big, Samples.everyRecord(2, big)),
            Layers.wire(Layers.libxl(Samples.hvm())),
            Layers.libvirt(2, Layers.libxl(Samples.hvm())),
            Layers.xenServer(Samples.hvm()),
            Layers.xend(Layers.legacy(8, true)),
            Layers.legacy(4, false),
            Layers.gzip(Layers.xz(Samples.remus())),
            new byte[] {1, 2, 3})) {
      all(Files.write(folder.resolve("image" + number++), image));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        Corpus.REAL,
        Corpus.MODERN,
        Corpus.FRAMED,
        Corpus.MUTATED,
        Corpus.LEGACY,
        Corpus.LEGACY_MUTATED
      })
  void theCorpusHoldsToTheSchemas(String part) {
    for (CorpusImage image : Corpus.here().images(part)) {
      all(image.file());
    }
  }

  /// The schemas are no sieve: each of these changes to a good line is seen.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "verify | \"verdict\":\"sound\" | \"verdict\":\"good\"",
        "verify | \"errors\":0 | \"errors\":-1",
        "verify | \"errors\":0, | ''",
        "verify | \"errors\":0 | \"errors\":0,\"faults\":0",
        "verify | \"rules\":{ | \"rules\":{\"XS1\":1",
        "info | \"kind\":\"PV32\" | \"kind\":\"PV16\"",
        "info | \"nsec\":\"15075940705\" | \"nsec\":15075940705",
        "info | \"NOTAB\": | \"NO_TAB\":",
        "info | \"ended\":true | \"ended\":1",
        "info | \"digest\":null | \"digest\":{\"xxh64\":\"12\",\"pages\":1}",
        "info | \"octets\":4211785 | \"octets\":4211785,\"more\":1",
        "record | \"kind\":\"layer\" | \"kind\":\"lair\"",
        "record | \"layer\":\"xl save file\" | \"layer\":\"xl save file\",\"length\":1",
      })
  void aChangedLineDoesNotHold(String name, String good, String bad) {
    String verb = name.equals("record") ? "records" : name;
    String line =
        Tool.run(verb, "--json", Tool.sample("pv32.xlsave.zst")).exits(0).lines().stream()
            .filter(each -> each.contains(good))
            .findFirst()
            .orElseThrow();
    assertTrue(schema(name).validate(line, InputFormat.JSON).isEmpty());
    String changed = line.replace(good, bad == null ? "" : bad);
    assertFalse(schema(name).validate(changed, InputFormat.JSON).isEmpty(), changed);
  }
}
