// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xenstream.transfer.StreamType;

class HelperArgumentsTest {
  /// Both as a real libxl gave them.
  @Test
  void readsWhatLibxlGives() {
    assertEquals(
        new HelperArguments.Save(14, 11, 1, 0, 136, StreamType.PLAIN),
        HelperArguments.parse("--save-domain", "14", "11", "1", "0", "136", "0"));
    assertEquals(
        new HelperArguments.Restore(12, -1, 2, 1, 0, 2, 0, 768, StreamType.PLAIN),
        HelperArguments.parse("--restore-domain", "12", "-1", "2", "1", "0", "2", "0", "768", "0"));
  }

  @ParameterizedTest
  @CsvSource({
    "--save, 'argument 1: expected --save-domain or --restore-domain, found --save'",
    "--save-domain a 1 1 0 0 0, 'IO_FD: expected a number, found a'",
    "--save-domain -1 1 1 0 0 0, 'IO_FD: expected a descriptor, found -1'",
    "--save-domain 5 1 1 0 0 3, 'STREAM_TYPE: expected 0 to 2, found 3'",
    "--save-domain 5 1 99999999999 0 0 0, 'DOMID: expected a number, found 99999999999'"
  })
  void namesTheWordThatIsWrong(String line, String message) {
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class, () -> HelperArguments.parse(line.split(" ", -1)))
            .getMessage());
  }
}
