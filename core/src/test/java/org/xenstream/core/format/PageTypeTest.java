// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageTypeTest {
  /// type, has data, is populated, level, name
  @ParameterizedTest
  @CsvSource({
    "0x0, true, true, 0, NOTAB",
    "0x1, true, true, 1, L1TAB",
    "0x2, true, true, 2, L2TAB",
    "0x3, true, true, 3, L3TAB",
    "0x4, true, true, 4, L4TAB",
    "0x5, true, true, 0, 0x5",
    "0x6, true, true, 0, 0x6",
    "0x7, true, true, 0, 0x7",
    "0x8, true, true, 0, 0x8",
    "0x9, true, true, 1, L1TAB_PIN",
    "0xa, true, true, 2, L2TAB_PIN",
    "0xb, true, true, 3, L3TAB_PIN",
    "0xc, true, true, 4, L4TAB_PIN",
    "0xd, false, false, 0, BROKEN",
    "0xe, false, true, 0, XALLOC",
    "0xf, false, false, 0, XTAB"
  })
  void isWhatTheSpecificationSays(
      String number, boolean data, boolean populated, int level, String name) {
    int type = Integer.decode(number);
    assertEquals(data, PageType.hasData(type));
    assertEquals(populated, PageType.isPopulated(type));
    assertEquals(level > 0, PageType.isTable(type));
    assertEquals(level, PageType.level(type));
    assertEquals(name, PageType.name(type));
    assertEquals(type, PageType.of((long) type << 60 | 0x0FFF_FFFF_FFFF_FFFFL));
  }

  @Test
  void reservedTypesAreFiveToEight() {
    assertEquals(IntStream.rangeClosed(5, 8).map(type -> 1 << type).sum(), PageType.RESERVED_SET);
  }
}
