// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `simulate`: the engines on a simulated hypervisor. A verb of verbs.
final class SimulateVerb implements Verb {
  @Override
  public CommandSpec spec() {
    CommandSpec plain =
        Verb.spec(
            "simulate",
            "Saves, restores and live-migrates guests on a simulated hypervisor, without Xen.");
    plain.usageMessage().exitCodeList(Map.of("2", "no verb is given; else those of the verb"));
    CommandSpec spec = Verb.own(this, plain);
    for (Verb verb :
        List.of(
            new MigrateVerb(),
            new SimulateSaveVerb(),
            new SimulateRestoreVerb(),
            new ExploreVerb())) {
      CommandSpec own = verb.spec();
      spec.addSubcommand(own.name(), own);
    }
    return spec;
  }

  @Override
  public int run(ParseResult arguments, Console console) {
    arguments.commandSpec().commandLine().usage(console.err());
    return NO_IMAGE;
  }
}
