// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import org.jspecify.annotations.Nullable;

/// What the configuration in an xl header tells of the domain (`libxl_domain_config` of
/// `tools/libs/light/libxl_types.idl`, as JSON).
///
/// @param name `c_info.name` as it was given, or null when it is not known
/// @param type `c_info.type`: "pv", "hvm" or "pvh", or null when it is not known
/// @param maxVcpus `b_info.max_vcpus`, or −1 when it is not known
/// @param deviceModel `b_info.device_model_version` as it was given, or null when it is not known;
///   "none" was that of an HVM domain without one in Xen 4.7 to 4.9
public record XlConfig(
    @Nullable String name, @Nullable String type, int maxVcpus, @Nullable String deviceModel) {
  /// Nothing is known.
  public static final XlConfig NONE = new XlConfig(null, null, -1, null);

  /// Reads the configuration; anything that is not as expected is not known. What stands before
  /// octets that are no JSON counts.
  ///
  /// @param xl the layer whose configuration it is; one that is not marked as JSON is not read
  public static XlConfig of(Layer.XlSave xl) {
    if ((xl.mandatoryFlags() & Layer.XlSave.JSON) == 0) {
      return NONE;
    }
    return new Scan(xl.config()).run();
  }

  /// One walk over the text, without recursion: only the depth of nesting is kept, and the member
  /// of the outermost object that it is in.
  private static final class Scan {
    private static final int MOST_DIGITS = 5;

    private final String text;
    private int at;
    private @Nullable String name;
    private @Nullable String type;
    private int maxVcpus = -1;
    private @Nullable String deviceModel;

    Scan(String text) {
      this.text = text;
    }

    XlConfig run() {
      passBlanks();
      if (here() != '{') {
        return NONE;
      }
      int depth = 0;
      String member = "";
      do {
        char c = here();
        if (c == '"') {
          String word = string();
          if (word == null) {
            break;
          }
          passBlanks();
          // In JSON a string before a colon is a key, whatever else there is.
          if (here() == ':') {
            at++;
            passBlanks();
            if (depth == 1) {
              member = word;
            } else if (depth == 2) {
              value(member, word);
            }
          }
          continue;
        }
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        at++;
      } while (depth > 0 && at < text.length());
      return new XlConfig(name, type, maxVcpus, deviceModel);
    }

    /// Takes what follows a key, if it is asked for; the first one counts.
    private void value(String member, String key) {
      if (member.equals("c_info") && key.equals("name") && name == null && here() == '"') {
        name = string();
      } else if (member.equals("c_info") && key.equals("type") && type == null && here() == '"') {
        String given = string();
        type = "pv".equals(given) || "hvm".equals(given) || "pvh".equals(given) ? given : null;
      } else if (member.equals("b_info") && key.equals("max_vcpus") && maxVcpus < 0) {
        maxVcpus = count();
      } else if (member.equals("b_info")
          && key.equals("device_model_version")
          && deviceModel == null
          && here() == '"') {
        deviceModel = string();
      }
    }

    /// A number from 1 on of at most five digits; −1 for anything else.
    private int count() {
      int from = at;
      int number = 0;
      while (here() >= '0' && here() <= '9') {
        number = at - from < MOST_DIGITS ? number * 10 + here() - '0' : 0;
        at++;
      }
      boolean ends = at < text.length() && (here() == ',' || here() == '}' || here() <= ' ');
      return ends && number > 0 ? number : -1;
    }

    /// The string that begins here; null where no quote ends it.
    private @Nullable String string() {
      StringBuilder whole = new StringBuilder();
      for (at++; at < text.length(); ) {
        char c = here();
        at++;
        if (c == '"') {
          return whole.toString();
        }
        whole.append(c == '\\' ? escaped() : c);
      }
      return null;
    }

    private char escaped() {
      char c = here();
      at++;
      return switch (c) {
        case 'b' -> '\b';
        case 'f' -> '\f';
        case 'n' -> '\n';
        case 'r' -> '\r';
        case 't' -> '\t';
        case 'u' -> unit();
        default -> c;
      };
    }

    /// Four hexadecimal digits; U+FFFD where they are none.
    private char unit() {
      int unit = 0;
      for (int i = 0; i < 4; i++) {
        int digit = Character.digit(here(), 16);
        if (digit < 0) {
          return '\uFFFD';
        }
        unit = unit << 4 | digit;
        at++;
      }
      return (char) unit;
    }

    private void passBlanks() {
      while (at < text.length() && here() <= ' ' && here() != 0) {
        at++;
      }
    }

    /// The character here, NUL at the end.
    private char here() {
      return at < text.length() ? text.charAt(at) : 0;
    }
  }
}
