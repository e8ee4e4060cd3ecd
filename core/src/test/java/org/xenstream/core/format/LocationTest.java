// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class LocationTest {
  @Test
  void namesAFieldOfALibxcRecordWithoutTheLayer() {
    assertEquals(
        "domain.img @0x2a08 (record #17 HVM_PARAMS.count)",
        new Location("domain.img", 0x2a08, "libxc", 17, "HVM_PARAMS", "count").toString());
  }

  @Test
  void namesAWholeRecord() {
    assertEquals(
        "a @0x0 (record #0 END)", new Location("a", 0, "libxc", 0, "END", null).toString());
  }

  @Test
  void namesAnyOtherLayer() {
    assertEquals(
        "a @0x2c (xl header.optional_data_len)",
        Location.of("a", 44, "xl", "header", "optional_data_len").toString());
  }

  @Test
  void namesAFieldWithoutAPart() {
    assertEquals("a @0xff (count)", Location.of("a", 255, "", "", "count").toString());
  }

  @Test
  void takesARecordFromItsFrame() {
    MemorySegment octets = MemorySegment.ofArray(new byte[8]);
    Frame frame = new Frame(64, 3, 0x0D, octets, 0);
    assertEquals(
        "a @0x44 (record #3 VERIFY.body_length)",
        Location.of("a", frame, 68, "body_length").toString());
  }

  @Test
  void anExceptionSaysWhereWhatWasExpectedAndWhatWasFound() {
    Location location = Location.of("a", 8, "libxc", "image header", "id");
    StreamFormatException fault =
        new StreamFormatException(Fault.ID, location, "0x58454e46", "0x00000000");
    assertEquals(
        "a @0x8 (image header.id): expected 0x58454e46, found 0x00000000", fault.getMessage());
    assertEquals(Fault.ID, fault.fault());
    assertEquals(location, fault.location());
    assertEquals("0x58454e46", fault.expected());
    assertEquals("0x00000000", fault.found());
  }
}
