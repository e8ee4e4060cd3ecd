// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
  private static String fault(byte[] text) {
    JsonText.Fault fault = JsonText.fault(MemorySegment.ofArray(text));
    return fault == null
        ? "none"
        : "%d: %s, found %s".formatted(fault.at(), fault.expected(), fault.found());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        " \t\r\n{ }\n",
        "{\"a\":[],\"b\":{},\"\":[{\"c\":[1,[2]]},null],\"d\":true,\"e\":false}",
        "{\"a\": [0, -0, -1.5e+10, 2E-3, 12.25, 9e9]}",
        "{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00eF\": \"g\u00e4st \u20ac \ud83d\ude00\"}",
        "{}\0behind it",
      })
  void isJson(String text) {
    assertEquals("none", fault(text.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``|0: a JSON object, found the end
          []|0: a JSON object, found '['
          name = 'a'|0: a JSON object, found 'n'
          {|1: a key, found the end
          {1:2}|1: a key, found '1'
          {"a"}|4: a colon, found '}'
          {"a":}|5: a value, found '}'
          {"a":1,}|7: a key, found '}'
          {"a":1 "b"|7: a comma or }, found '"'
          {"a":[1,]}|8: a value, found ']'
          {"a":[1}|7: a comma or ], found '}'
          {"a":{"b":1]}|11: a comma or }, found ']'
          {"a":1|6: a comma or }, found the end
          {"a":trux}|8: true, found 'x'
          {"a":nul|8: null, found the end
          {"a":01}|6: a comma or }, found '1'
          {"a":-}|6: a digit, found '}'
          {"a":1.}|7: a digit, found '}'
          {"a":1e}|7: a digit, found '}'
          {"a":'b'}|5: a value, found '''
          {"a":"b|7: a string that a quote ends, without control characters, found the end
          {"a":"\\x"}|7: an escape, found 'x'
          {"a":"\\u12g4"}|10: four hexadecimal digits, found 'g'
          {} {}|3: the end of the text, found '{'
          /* */ {}|0: a JSON object, found '/'
          """)
  void isNoJson(String text, String said) {
    assertEquals(said, fault(text.getBytes(UTF_8)));
  }

  @Test
  void octetsThatAreNoTextAreNamed() {
    assertEquals(
        "3: a string that a quote ends, without control characters, found 0x0a",
        fault("{\"a\n\":1}".getBytes(UTF_8)));
    // What should go on an octet that begins a character of three.
    assertEquals("4: UTF-8, found '\"'", fault("{\"a\u00e4\":1}".getBytes(ISO_8859_1)));
    assertEquals("2: UTF-8, found 0x80", fault("{\"\u0080\":1}".getBytes(ISO_8859_1)));
    assertEquals("5: UTF-8, found the end", fault("{\"a\u00e2\u0082".getBytes(ISO_8859_1)));
    assertEquals("1: a key, found the end", fault("{\0}".getBytes(UTF_8)), "up to a NUL alone");
  }

  /// A text of 4 MiB may be nothing but brackets.
  @Test
  void levelsAreBounded() {
    assertEquals(
        "none", fault(("{\"a\":" + "[".repeat(31) + "]".repeat(31) + "}").getBytes(UTF_8)));
    assertEquals(
        "36: at most 32 levels, found '['",
        fault(("{\"a\":" + "[".repeat(4 << 20)).getBytes(UTF_8)));
  }
}
