// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.testkit.legacy.HostileLegacyImages;
import org.xenstream.testkit.legacy.LegacyTrace;

/// Numbers in a legacy image that promise what is not there or cannot be: each is held against what
/// is there before it is used, and the message says where it stands, what was expected and what was
/// found.
class HostileLegacyImageTest {
  static List<HostileLegacyImages.Case> cases() {
    return HostileLegacyImages.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRefused(HostileLegacyImages.Case hostile) {
    isRefused(hostile, LegacyOptions.DEFAULT);
  }

  private static void isRefused(HostileLegacyImages.Case hostile, LegacyOptions options) {
    ChannelInput input =
        new ChannelInput("a.img", Channels.newChannel(new ByteArrayInputStream(hostile.image())));
    StreamFormatException fault = LegacyTrace.of(input, options).fault();
    assertNotNull(fault, hostile::name);
    assertEquals("a.img " + hostile.message(), fault.getMessage());
  }

  /// That a page never came is known only where all of them are kept.
  @Test
  void aDifferenceFromNothing() {
    isRefused(
        HostileLegacyImages.differenceFromNothing(),
        LegacyOptions.builder().keepPages(true).build());
  }
}
