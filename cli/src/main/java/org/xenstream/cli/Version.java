// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/// The version of the tool and the commit it was built from, as the build left them in
/// `version.properties`.
final class Version {
  private Version() {}

  /// `xenstream 0.1.0 (0123456789ab)`.
  static String line() throws IOException {
    Properties build = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        throw new IOException("version.properties is missing from the jar of org.xenstream.cli");
      }
      build.load(in);
    }
    return "xenstream " + build.getProperty("version", "") + " (" + commit(build) + ")";
  }

  /// Names the commit: from git where the tree was in git, else from the archive that git made.
  static String commit(Properties build) {
    String commit = build.getProperty("commit", "");
    if (!commit.isEmpty()) {
      return build.getProperty("dirty", "").equals("true") ? commit + ", modified" : commit;
    }
    String archived = build.getProperty("archived", "");
    return archived.isEmpty() || archived.startsWith("$") ? "commit unknown" : archived;
  }
}
