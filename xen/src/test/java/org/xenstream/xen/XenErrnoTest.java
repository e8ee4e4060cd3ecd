// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class XenErrnoTest {
  @Test
  void everyNumberComesBack() {
    for (int number = 1; number < 200; number++) {
      assertEquals(number, XenErrno.numberOf(XenErrno.nameOf(number)));
    }
    assertEquals("errno 71", XenErrno.nameOf(71));
  }

  @Test
  void otherNamesAreAnErrorOfInputAndOutput() {
    assertEquals(5, XenErrno.numberOf("EWHATEVER"));
    assertEquals(5, XenErrno.numberOf("errno what"));
  }
}
