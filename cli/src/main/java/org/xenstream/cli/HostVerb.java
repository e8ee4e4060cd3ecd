// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.xenstream.transfer.HostSurvey;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `host`: what this machine has of Xen.
final class HostVerb implements Verb {
  private static final int NOT_READY = 1;

  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec(
            "host",
            "Tells what this machine has of Xen, and whether the save helper would run here.");
    spec.usageMessage()
        .exitCodeList(
            java.util.Map.of(
                "0", "the save helper would run",
                "1", "it would not; the output says why",
                "2", "bad usage"));
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) {
    Optional<HostSurvey> survey = ServiceLoader.load(HostSurvey.class).findFirst();
    HostSurvey.Report report =
        survey
            .map(HostSurvey::look)
            .orElseGet(() ->
                new HostSurvey.Report(
                    List.of(new HostSurvey.Item("hypervisor", "no binding to Xen is here")),
                    false));
    for (HostSurvey.Item item : report.items()) {
      console.out().printf("%-20s %s%n", item.name(), item.found());
    }
    return report.ready() ? SOUND : NOT_READY;
  }
}
