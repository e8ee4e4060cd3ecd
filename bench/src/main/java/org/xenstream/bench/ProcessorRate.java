// SPDX-License-Identifier: Apache-2.0
package org.xenstream.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// What a benchmark got through in a second of its thread's processor time, shown in 10^9 octets:
/// that of a core that others want as well shows little of what it could do.
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class ProcessorRate {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private double octets;
  private long sinceNanos;
  private long sinceProcessorNanos;

  /// Begins anew.
  @Setup(Level.Iteration)
  public void begin() {
    octets = 0;
    sinceNanos = System.nanoTime();
    sinceProcessorNanos = THREADS.getCurrentThreadCpuTime();
  }

  /// Counts one call.
  public void count(long octets) {
    this.octets += octets;
  }

  /// What JMH divides by the time that went by, so that the processor's is left.
  public double gigaoctetsOfProcessor() {
    double processor = THREADS.getCurrentThreadCpuTime() - sinceProcessorNanos;
    return octets / 1e9 * ((System.nanoTime() - sinceNanos) / processor);
  }
}
