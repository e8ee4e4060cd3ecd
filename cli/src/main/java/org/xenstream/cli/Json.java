// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Location;
import org.xenstream.core.verify.Finding;
import org.xenstream.core.verify.Rule;
import org.xenstream.core.verify.Severity;
import org.xenstream.core.verify.Verdict;
import org.xenstream.x86.Decoded;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/// Writes what the verbs say as JSON, one object a line. `docs/json.md` describes the objects, and
/// schemas beside it hold them.
///
/// A number that a double cannot hold is a string; a field that the C headers show in hexadecimal
/// is a string, too: `"0xfee00"`.
final class Json {
  /// How many octets of a blob are written.
  static final long LONGEST_BLOB = 1L << 20;

  private static final long EXACT_IN_DOUBLE = 1L << 53;

  private static final JsonFactory FACTORY =
      JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();

  private Json() {}

  /// What writes one object.
  interface Body {
    /// Writes the object's properties.
    void write(JsonGenerator json);
  }

  /// Writes one object and ends its line.
  static void line(Console console, Body body) {
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), console.out())) {
      json.writeStartObject();
      body.write(json);
      json.writeEndObject();
    }
    console.out().println();
  }

  /// A verdict's properties.
  static void verdict(JsonGenerator json, Verdict verdict) {
    json.writeStringProperty("verdict", word(verdict));
    if (verdict.target() == null) {
      json.writeNullProperty("for");
    } else {
      json.writeStringProperty("for", verdict.target().toString());
    }
    json.writeNumberProperty("errors", verdict.count(Severity.ERROR));
    json.writeNumberProperty("warnings", verdict.count(Severity.WARNING));
    json.writeNumberProperty("notes", verdict.count(Severity.NOTE));
    json.writeObjectPropertyStart("rules");
    for (Rule rule : Rule.values()) {
      Long count = verdict.counts().get(rule);
      if (count != null) {
        json.writeNumberProperty(rule.id(), count.longValue());
      }
    }
    json.writeEndObject();
    json.writeArrayPropertyStart("findings");
    for (Finding finding : verdict.findings()) {
      json.writeStartObject();
      finding(json, finding);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /// "sound", "unsound" or "no image".
  static String word(Verdict verdict) {
    if (verdict.isNoImage()) {
      return "no image";
    }
    return verdict.isSound() ? "sound" : "unsound";
  }

  private static void finding(JsonGenerator json, Finding finding) {
    Location at = finding.location();
    json.writeStringProperty("severity", finding.severity().word());
    json.writeStringProperty("rule", finding.rule().id());
    json.writeNumberProperty("offset", at.offset());
    json.writeStringProperty("layer", at.layer());
    if (at.recordIndex() < 0) {
      json.writeNullProperty("record");
    } else {
      json.writeNumberProperty("record", at.recordIndex());
    }
    json.writeStringProperty("part", at.part());
    text(json, "field", at.field());
    json.writeStringProperty("message", finding.message());
  }

  /// A text that may be absent.
  static void text(JsonGenerator json, String name, @Nullable String value) {
    if (value == null) {
      json.writeNullProperty(name);
    } else {
      json.writeStringProperty(name, value);
    }
  }

  /// An object of a record's fields, each with all that it holds. Where an image names the same
  /// thing again, as it can with an HVM parameter, the second is called `STORE_PFN (2)`.
  static void fields(JsonGenerator json, List<Decoded> fields) {
    json.writeStartObject();
    Map<String, Integer> used = new HashMap<>();
    for (Decoded field : fields) {
      int times = used.merge(field.name(), 1, Integer::sum);
      json.writeName(times == 1 ? field.name() : field.name() + " (" + times + ")");
      value(json, field);
    }
    json.writeEndObject();
  }

  private static void value(JsonGenerator json, Decoded field) {
    switch (field) {
      case Decoded.Group(_, var fields) -> fields(json, fields);
      case Decoded.Number number -> number(json, number);
      case Decoded.Explained(_, long value, int width, String meaning) -> {
        json.writeStartObject();
        json.writeStringProperty("value", Decoded.hex(value, width));
        json.writeStringProperty("meaning", meaning);
        json.writeEndObject();
      }
      case Decoded.Flags(_, long value, int width, var set) -> {
        json.writeStartObject();
        json.writeStringProperty("value", Decoded.hex(value, width));
        json.writeArrayPropertyStart("set");
        for (String name : set) {
          json.writeString(name);
        }
        json.writeEndArray();
        json.writeEndObject();
      }
      case Decoded.Octets(_, var octets) -> json.writeString(hex(octets));
      case Decoded.Text(_, String value) -> json.writeString(value);
      case Decoded.Problem(_, String text) -> json.writeString(text);
    }
  }

  private static void number(JsonGenerator json, Decoded.Number number) {
    boolean exact =
        number.radix() != Decoded.Radix.HEX
            && number.value() <= EXACT_IN_DOUBLE
            && number.value() >= (number.radix() == Decoded.Radix.SIGNED ? -EXACT_IN_DOUBLE : 0);
    if (exact) {
      json.writeNumber(number.value());
    } else {
      json.writeString(number.text());
    }
  }

  /// Octets in hexadecimal, at most [#LONGEST_BLOB] of them.
  static String hex(MemorySegment octets) {
    return FieldText.digits(octets, LONGEST_BLOB);
  }
}
