// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Runs test classes where there is no build tool, in dom0 of the lab: `RunTests CLASS...`.
///
/// A line on standard output for each test, as a job of the lab has them; the stack of what failed
/// on standard error. Ends with 0 when some were held and none failed. What was left out is listed
/// with its reason, and does not count as held.
public final class RunTests implements TestExecutionListener {
  private int held;
  private int failed;
  private int leftOut;

  private RunTests() {}

  /// Runs the classes named, with those inside them.
  public static void main(String... classes) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(DiscoverySelectors::selectClass).toList())
            .build();
    RunTests run = new RunTests();
    LauncherFactory.create().execute(request, run);
    System.out.printf("%d held, %d failed, %d left out%n", run.held, run.failed, run.leftOut);
    System.exit(run.failed == 0 && run.held > 0 ? 0 : 1);
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    leaveOut(test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    String why = result.getThrowable().map(Throwable::toString).orElse("");
    switch (result.getStatus()) {
      case SUCCESSFUL -> {
        if (test.isTest()) {
          held++;
          System.out.println("held: " + nameOf(test));
        }
      }
      case ABORTED -> leaveOut(test, why);
      case FAILED -> {
        failed++;
        System.out.println("FAILED: " + nameOf(test) + ": " + why);
        result.getThrowable().ifPresent(Throwable::printStackTrace);
      }
    }
  }

  private void leaveOut(TestIdentifier test, String reason) {
    leftOut++;
    System.out.println("left out: " + nameOf(test) + ": " + reason);
  }

  /// The names of the inner classes that the test is in, and its own.
  private static String nameOf(TestIdentifier test) {
    StringBuilder name = new StringBuilder();
    if (test.isTest()) {
      test.getUniqueIdObject().getSegments().stream()
          .filter(segment -> segment.getType().equals("nested-class"))
          .forEach(segment -> name.append(segment.getValue()).append('.'));
    }
    return name.append(test.getDisplayName()).toString();
  }
}
