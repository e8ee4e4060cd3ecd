// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// What the configuration in an xl save file says of the domain.
final class DomainConfig {
  private DomainConfig() {}

  /// The domain's name, or null when the text is no JSON or has none.
  static @Nullable String name(String config) {
    if (!config.startsWith("{")) {
      return null;
    }
    try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), config)) {
      int depth = 0;
      boolean inCreateInfo = false;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case START_OBJECT, START_ARRAY -> depth++;
          case END_OBJECT, END_ARRAY -> depth--;
          case PROPERTY_NAME -> {
            if (depth == 1) {
              inCreateInfo = parser.currentName().equals("c_info");
            } else if (depth == 2 && inCreateInfo && parser.currentName().equals("name")) {
              parser.nextToken();
              return parser.getString().replaceAll("[^ -~]", "?");
            }
          }
          default -> {}
        }
      }
      return null;
    } catch (JacksonException e) {
      return null;
    }
  }
}
