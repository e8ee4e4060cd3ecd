// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import org.xenstream.transfer.HostSurvey;

/// `bin/xenstream-host` of the save helper's runtime image: what `xenstream host` tells, where
/// there is nothing but that image. Ends with 1 where the save helper would not run.
final class HostMain {
  private HostMain() {}

  public static void main(String... words) {
    HostSurvey.Report report = new XenSurvey().look();
    for (HostSurvey.Item item : report.items()) {
      System.out.println(item.name() + " ".repeat(21 - item.name().length()) + item.found());
    }
    System.exit(report.ready() ? 0 : 1);
  }
}
