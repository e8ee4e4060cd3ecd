// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.Layer;

class XlConfigTest {
  private static XlConfig of(int flags, String config) {
    return XlConfig.of(
        new Layer.XlSave(
            ByteOrder.LITTLE_ENDIAN, 0x01020304, flags, 0, MemorySegment.NULL, 0, config));
  }

  @Test
  void readsWhatLibxlWrites() {
    assertEquals(
        new XlConfig("pvh", 12),
        of(
            3,
            """
            {
                "c_info": {
                    "type": "pvh",
                    "name": "g"
                },
                "b_info": {
                    "max_vcpus": 12,
                    "type.pvh": {
                    }
                }
            }
            """));
    assertEquals(new XlConfig("pv", 1), of(3, "{\"type\":\"pv\",\"max_vcpus\":1}\0"));
  }

  @Test
  void whatIsNotAsExpectedIsNotKnown() {
    XlConfig none = new XlConfig(null, -1);
    assertEquals(none, of(3, ""));
    assertEquals(none, of(3, "\"type\""));
    assertEquals(none, of(3, "\"type\": \"arm\", \"max_vcpus\": \"4\""));
    assertEquals(none, of(3, "\"type\" = \"pv\" : \"max_vcpus\": 123456"));
    assertEquals(none, of(3, "\"max_vcpus\": -1"));
    assertEquals(none, of(3, "\"max_vcpus\": 0"));
    assertEquals(none, of(3, "\"max_vcpus\":"));
  }

  @Test
  void aConfigurationThatIsNoJsonIsNotRead() {
    assertEquals(XlConfig.NONE, of(2, "\"type\": \"pv\""));
  }
}
