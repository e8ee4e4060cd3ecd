// SPDX-License-Identifier: Apache-2.0

/// Read-only views of an image: summaries, indexes and reports.
module org.xenstream.insight {
  requires transitive org.xenstream.core;
  requires transitive org.xenstream.x86;
  requires static org.jspecify;

  exports org.xenstream.insight;
}
