// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XlConfigTest {
  private static XlConfig of(int flags, String config) {
    return XlConfig.of(
        new Layer.XlSave(
            ByteOrder.LITTLE_ENDIAN, 0x01020304, flags, 0, MemorySegment.NULL, 0, config));
  }

  private static XlConfig of(String config) {
    return of(3, config);
  }

  private static final String WRITTEN =
      """
      {
          "c_info": {
              "type": "pvh",
              "name": "g",
              "xsdata": {
                  "name": "inner"
              }
          },
          "b_info": {
              "max_vcpus": 12,
              "device_model_version": "qemu_xen",
              "type.pvh": {
              }
          },
          "disks": [
              {
                  "name": "disk",
                  "type": "hvm"
              }
          ]
      }
      """;

  @Test
  void readsWhatLibxlWrites() {
    assertEquals(new XlConfig("g", "pvh", 12, "qemu_xen"), of(WRITTEN));
    assertEquals(
        new XlConfig("g", "pvh", 12, "qemu_xen"), of(WRITTEN.replaceAll("\\s", "") + "\0"));
  }

  @Test
  void theOrderOfMembersDoesNotMatter() {
    assertEquals(
        new XlConfig("a", "pv", 1, null),
        of(
            "{\"disks\":[[\"name\"],{\"type\":\"hvm\"}],\"b_info\":{\"max_vcpus\":1},"
                + "\"c_info\":{\"x\":{\"name\":\"b\"},\"name\":\"a\",\"type\":\"pv\"}}"));
  }

  @Test
  void takesEscapesForWhatTheyMean() {
    assertEquals(
        new XlConfig("a\"\\/\b\f\n\r\tä{}", null, -1, null),
        of("{\"c_info\":{\"name\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4{}\"}}"));
    assertEquals(new XlConfig("\uFFFDx1", null, -1, null), of("{\"c_info\":{\"name\":\"\\ux1\"}}"));
  }

  @Test
  void theFirstCounts() {
    assertEquals(
        new XlConfig("a", "pv", 1, null),
        of(
            "{\"c_info\":{\"name\":\"a\",\"type\":\"pv\",\"name\":\"b\",\"type\":\"hvm\"},"
                + "\"b_info\":{\"max_vcpus\":1,\"max_vcpus\":2}}"));
  }

  /// A header may hold less of a configuration than it says.
  @Test
  void whatIsCutCountsAsFarAsItGoes() {
    for (int length = 0; length <= WRITTEN.length(); length++) {
      XlConfig cut = of(WRITTEN.substring(0, length));
      boolean named = length >= WRITTEN.indexOf("\"g\"") + 3;
      assertEquals(named, cut.name() != null, "cut at " + length);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\0",
        "\"c_info\"",
        "[{\"c_info\":{\"name\":\"a\"}}]",
        "name = \"guest\"",
        "{\"type\":\"pv\",\"name\":\"a\",\"max_vcpus\":1}",
        "{\"c_info\":[{\"type\":\"pv\",\"name\":\"a\"}]}",
        "{\"c_info\":{\"type\":\"arm\",\"name\":7},\"b_info\":{\"max_vcpus\":\"4\"}}",
        "{\"c_info\":{\"type\"=\"pv\",\"name\" \"a\"}}",
        "{\"b_info\":{\"max_vcpus\":123456}}",
        "{\"b_info\":{\"max_vcpus\":-1}}",
        "{\"b_info\":{\"max_vcpus\":0}}",
        "{\"b_info\":{\"max_vcpus\":1.5}}",
        "{\"b_info\":{\"max_vcpus\":}}",
        "{}{\"c_info\":{\"name\":\"a\"}}"
      })
  void whatIsNotAsExpectedIsNotKnown(String config) {
    assertEquals(XlConfig.NONE, of(config));
  }

  @Test
  void aConfigurationThatIsNoJsonIsNotRead() {
    assertEquals(XlConfig.NONE, of(2, WRITTEN));
  }

  /// Nothing that a configuration can hold brings out an exception, nor depth an overflow.
  @Test
  void anyTextIsRead() {
    Random random = new Random(5);
    String alphabet = "{}[]\"\\:,u0a \0";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder("{");
      for (int n = random.nextInt(40); n > 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertEquals(XlConfig.NONE, of(text.toString()), text::toString);
    }
    assertEquals(XlConfig.NONE, of("{\"a\":[".repeat(1 << 20)));
    assertEquals(XlConfig.NONE, of("{\"" + "\\".repeat((1 << 20) + 1)));
  }
}
