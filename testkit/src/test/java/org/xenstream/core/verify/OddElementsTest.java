// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.Channels;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Limits;
import org.xenstream.testkit.StreamBuilder;

/// A record may consist of odd elements, millions of them: beyond the few that are quoted each is
/// counted, and nothing is made for it. The judge's garbage is a measure of what it makes, and the
/// same on any machine.
class OddElementsTest {
  private static final int ELEMENTS = 50_000;

  /// A quoted finding takes ten times as much.
  private static final long MOST_OCTETS_OF_ONE = 128;

  /// An image of odd elements.
  ///
  /// @param rule what speaks of each
  /// @param target the release to judge for, or null
  @SuppressWarnings("ArrayRecordComponent") // the octets are compared with nothing
  record Odd(Rule rule, @Nullable Release target, byte[] image) {
    @Override
    public String toString() {
      return rule.id();
    }
  }

  static Stream<Odd> odd() {
    return Stream.of(
        // A slave as PIC 0.
        new Odd(Rule.HVM_CONTEXT_PIC, null, entries(3, new byte[8])),
        new Odd(Rule.HVM_CONTEXT_PCI_LINK, null, entries(9, new byte[] {16, 0, 0, 0, 0, 0, 0, 0})),
        new Odd(Rule.HVM_CONTEXT_LENGTH, null, entries(13, new byte[4])),
        new Odd(Rule.HVM_CONTEXT_TYPECODE, null, entries(99, new byte[4])),
        new Odd(Rule.HVM_CONTEXT_REPEATED, null, entries(13, new byte[8])),
        new Odd(Rule.FOR_HVM_CONTEXT_LENGTH, Release.V4_13, entries(11, new byte[24])),
        new Odd(Rule.HVM_CONTEXT_MSR, null, msrs()),
        new Odd(Rule.HVM_PARAM_INDEX, null, params(39, 0)),
        new Odd(Rule.HVM_PARAM_VALUE, null, params(10, 4)),
        new Odd(Rule.HVM_PARAM_NOT_NOW, null, params(24, 1)),
        new Odd(Rule.HVM_PARAM_REPEATED, null, params(1, 1)),
        new Odd(Rule.HVM_PARAM_CHANGED, null, changed()),
        new Odd(Rule.PFN_RESERVED_BITS, null, pages(0xF010_0000_0000_0000L, 1)),
        new Odd(Rule.PFN_BEYOND_ADDRESS, null, pages(0xF000_0100_0000_0000L, 1)),
        new Odd(Rule.PFN_REPEATED, null, pages(0xF000_0000_0000_0007L, 0)),
        new Odd(Rule.FOR_HVM_PARAM, Release.V4_9, params(38, 1)),
        new Odd(Rule.FOR_HVM_PARAM_VALUE, Release.V4_6, params(9, 0x3F)));
  }

  @ParameterizedTest
  @MethodSource("odd")
  void nothingIsMadeOfWhatIsNotQuoted(Odd odd) throws IOException {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Judge judge = new Judge("img", new Judge.Options(odd.target(), Set.of(), 10));
    long made = 0;
    ChannelInput input =
        new ChannelInput("img", Channels.newChannel(new ByteArrayInputStream(odd.image())));
    try (ImageReader image = ImageReader.of(input, Limits.DEFAULT)) {
      for (ImageItem item = image.next(); item != null; item = image.next()) {
        long before = threads.getCurrentThreadAllocatedBytes();
        judge.see(item);
        made += threads.getCurrentThreadAllocatedBytes() - before;
      }
    }
    Verdict verdict = judge.end();
    long counted = verdict.counts().getOrDefault(odd.rule(), 0L);
    // The first of what is repeated is not.
    assertTrue(counted >= ELEMENTS - 1, () -> counted + " were counted");
    assertEquals(10, verdict.findings().stream().filter(one -> one.rule() == odd.rule()).count());
    long most = MOST_OCTETS_OF_ONE * ELEMENTS;
    long all = made;
    assertTrue(all < most, () -> all / ELEMENTS + " octets for each element");
  }

  private static byte[] entries(int typecode, byte[] body) {
    StreamBuilder context = header();
    for (int i = 0; i < ELEMENTS; i++) {
      context.u16(typecode).u16(0).u32(body.length).raw(body);
    }
    return stream(9, context.u64(0).octets());
  }

  private static byte[] msrs() {
    StreamBuilder context = header().u16(20).u16(0).u32(8 + 16 * ELEMENTS).u64(ELEMENTS);
    for (int i = 0; i < ELEMENTS; i++) {
      context.u64(0x1B).u64(0);
    }
    return stream(9, context.u64(0).octets());
  }

  private static StreamBuilder header() {
    return StreamBuilder.stream().u16(1).u16(0).u32(24).u32(0x54381286).u32(1).raw(new byte[16]);
  }

  private static byte[] changed() {
    StreamBuilder params = StreamBuilder.stream().u32(ELEMENTS).u32(0).u64(32).u64(7);
    for (int i = 1; i < ELEMENTS; i++) {
      params.u64(32).u64(8);
    }
    return stream(10, params.octets());
  }

  private static byte[] params(long index, long value) {
    StreamBuilder params = StreamBuilder.stream().u32(ELEMENTS).u32(0);
    for (int i = 0; i < ELEMENTS; i++) {
      params.u64(index).u64(value);
    }
    return stream(10, params.octets());
  }

  /// PAGE_DATA of entries without data, each a step behind the one before it.
  private static byte[] pages(long first, int step) {
    StreamBuilder pages = StreamBuilder.stream().u32(ELEMENTS).u32(0);
    for (int i = 0; i < ELEMENTS; i++) {
      pages.u64(first + (long) i * step);
    }
    return stream(1, pages.octets());
  }

  private static byte[] stream(int type, byte[] body) {
    return StreamBuilder.stream().imageHeader(3).domainHeader(2).record(type, body).end().octets();
  }
}
