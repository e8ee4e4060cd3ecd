// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.BackChannelReader;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamReader;
import org.xenstream.testkit.Exercise;
import org.xenstream.testkit.Records;
import org.xenstream.testkit.Trace;

/// Whatever the octets are, they are read or refused, and the same however they come.
final class ReadingFuzzTest {

  @MethodSource("org.xenstream.fuzz.Seeds#streams")
  @FuzzTest
  void stream(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    assertEquals(records(octets.whole()), records(octets.input()));
  }

  private static List<String> records(OctetInput input) throws IOException {
    List<String> seen = new ArrayList<>();
    try (input;
        RecordSource source = StreamReader.open(input, Limits.DEFAULT)) {
      for (Framed framed = source.next(); framed != null; framed = source.next()) {
        seen.add(framed.frame().offset() + " " + Records.text(framed.record()));
      }
    } catch (StreamFormatException fault) {
      seen.add(fault.getMessage());
    }
    return seen;
  }

  @MethodSource("org.xenstream.fuzz.Seeds#images")
  @FuzzTest
  void image(byte[] data) {
    Octets octets = Octets.of(data);
    assertEquals(lines(Trace.of(octets.whole())), lines(Exercise.of(octets::input)));
  }

  /// Only a mapped file tells how much trails.
  private static List<String> lines(Trace trace) {
    return trace.lines().stream()
        .map(line -> line.endsWith(" trailing") ? line.replaceFirst(" \\+.*", "") : line)
        .toList();
  }

  /// A copy that changes nothing gives the octets that were read.
  @MethodSource("org.xenstream.fuzz.Seeds#images")
  @FuzzTest
  void copy(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    Trace trace = Trace.of(octets.whole());
    byte[] copy = Exercise.copy(octets.input());
    boolean compressed = !trace.lines().isEmpty() && trace.lines().get(0).contains("compression");
    if (!compressed) {
      assertTrue(copy.length <= octets.rest().length);
      assertArrayEquals(Arrays.copyOf(octets.rest(), copy.length), copy);
      assertTrue(trace.fault() != null || copy.length == octets.rest().length);
    }
  }

  @MethodSource("org.xenstream.fuzz.Seeds#backChannels")
  @FuzzTest
  void backChannel(byte[] data) throws IOException {
    Octets octets = Octets.of(data);
    List<String> seen = new ArrayList<>();
    try (BackChannelReader reader = new BackChannelReader(octets.input(), Limits.DEFAULT)) {
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        seen.add(Records.text(framed.record()));
        assertTrue(reader.end() <= octets.rest().length);
      }
    } catch (StreamFormatException fault) {
      assertTrue(fault.location().offset() <= octets.rest().length, fault.getMessage());
    }
    assertTrue(seen.size() <= octets.rest().length / 8);
  }
}
