// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.Layer;

/// The two things in an xl header's configuration by which the rules judge the stream: what kind of
/// domain it makes, and with how many vCPUs (`libxl_domain_config` of
/// `tools/libs/light/libxl_types.idl`, as JSON).
///
/// @param type "pv", "hvm" or "pvh", or null when it is not known
/// @param maxVcpus the number of vCPUs, or −1 when it is not known
record XlConfig(@Nullable String type, int maxVcpus) {
  static final XlConfig NONE = new XlConfig(null, -1);

  private static final int MOST_DIGITS = 5;

  /// Reads the configuration; anything that is not as expected is not known.
  static XlConfig of(Layer.XlSave xl) {
    if ((xl.mandatoryFlags() & Layer.XlSave.JSON) == 0) {
      return NONE;
    }
    // The first "type" is that of c_info, with which libxl begins.
    String config = xl.config();
    String type = value(config, "\"type\"");
    boolean known = type.equals("\"pv\"") || type.equals("\"hvm\"") || type.equals("\"pvh\"");
    String vcpus = value(config, "\"max_vcpus\"");
    boolean number = !vcpus.isEmpty() && vcpus.length() <= MOST_DIGITS;
    for (int i = 0; i < vcpus.length(); i++) {
      number &= vcpus.charAt(i) >= '0' && vcpus.charAt(i) <= '9';
    }
    return new XlConfig(
        known ? type.substring(1, type.length() - 1) : null,
        number && !vcpus.equals("0") ? Integer.parseInt(vcpus) : -1);
  }

  /// The text between the colon behind a key and what ends a value, empty when there is none.
  private static String value(String config, String key) {
    int at = config.indexOf(key);
    int colon = at < 0 ? -1 : config.indexOf(':', at + key.length());
    if (colon < 0 || !config.substring(at + key.length(), colon).isBlank()) {
      return "";
    }
    int end = colon + 1;
    while (end < config.length() && ",}\n\0".indexOf(config.charAt(end)) < 0) {
      end++;
    }
    return config.substring(colon + 1, end).strip();
  }
}
