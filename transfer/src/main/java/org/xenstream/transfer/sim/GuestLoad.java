// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.HypervisorException;

/// A [Workload] that a guest runs, on threads of its own ([#start]) or step by step on the caller's
/// in virtual time ([#inVirtualTime], [#advanceTo]).
///
/// What each page holds follows from the guest's seed, its pfn and how often it was written; with
/// one thread or in virtual time, also which pages are written follows from the seed.
public final class GuestLoad implements AutoCloseable {
  /// No limit of the rate.
  public static final double UNLIMITED = Double.POSITIVE_INFINITY;

  /// How much of the rate may be caught up at once.
  private static final double BURST_SECONDS = 0.01;

  private static final long NAP_NANOS = 50_000;
  private static final double NANOS = 1e9;

  /// In virtual time: so many steps that write nothing, as an idle load's, end a turn.
  private static final int FRUITLESS = 1000;

  private final SimGuest guest;
  private final double pagesPerSecond;
  private final LongSupplier nanoTime;
  private final LongAdder written = new LongAdder();
  private final LongAdder steps = new LongAdder();
  private final List<Thread> threads = new ArrayList<>();
  private final @Nullable WorkStep virtual;
  private double allowance;
  private long lastNanos;
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  private GuestLoad(
      SimGuest guest, Workload workload, double pagesPerSecond, LongSupplier nanoTime, int count) {
    if (!(pagesPerSecond > 0)) {
      throw new IllegalArgumentException(
          "the rate must be more than 0 pages a second but was " + pagesPerSecond);
    }
    this.guest = guest;
    this.pagesPerSecond = pagesPerSecond;
    this.nanoTime = nanoTime;
    this.lastNanos = nanoTime.getAsLong();
    this.virtual = count == 0 ? step(workload, 0, 1) : null;
    for (int i = 0; i < count; i++) {
      WorkStep step = step(workload, i, count);
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("guest-" + guest.domain().domid() + "-" + i)
              .unstarted(() -> run(step)));
    }
  }

  private WorkStep step(Workload workload, int thread, int count) {
    long seed = PagePattern.mix(guest.spec().seed() ^ guest.incarnation() << 32 ^ thread);
    return WorkStep.of(workload, guest, thread, count, new SplittableRandom(seed));
  }

  /// Runs a workload on threads.
  ///
  /// @param pagesPerSecond how many pages are written in a second, by all threads; [#UNLIMITED] for
  ///   as many as can be
  /// @param nanoTime the clock by which it keeps that rate
  /// @param threads 1 or more
  public static GuestLoad start(
      SimGuest guest,
      Workload workload,
      double pagesPerSecond,
      LongSupplier nanoTime,
      int threads) {
    GuestSpec.require(threads >= 1, "threads", "1 or more", threads);
    GuestLoad load = new GuestLoad(guest, workload, pagesPerSecond, nanoTime, threads);
    load.threads.forEach(Thread::start);
    return load;
  }

  /// Makes a workload ready whose time passes only in [#advanceTo].
  ///
  /// @param pagesPerSecond a rate that is no [#UNLIMITED]
  /// @param nanoTime tells where time begins
  public static GuestLoad inVirtualTime(
      SimGuest guest, Workload workload, double pagesPerSecond, LongSupplier nanoTime) {
    if (Double.isInfinite(pagesPerSecond)) {
      throw new IllegalArgumentException("in virtual time the rate must be limited");
    }
    return new GuestLoad(guest, workload, pagesPerSecond, nanoTime, 0);
  }

  /// Lets virtual time pass: writes as many pages as are due, or none while the guest does not run.
  ///
  /// @return how many were written
  public long advanceTo(long nanos) throws HypervisorException {
    WorkStep step = virtual;
    if (step == null) {
      throw new IllegalStateException("this load runs on threads");
    }
    allowance += (nanos - lastNanos) / NANOS * pagesPerSecond;
    lastNanos = nanos;
    DomainInfo info = guest.host().domainInfo(guest.domain().domid());
    if (info.paused() || info.shutdown()) {
      allowance = 0;
      return 0;
    }
    long before = written.sum();
    int fruitless = 0;
    while (allowance >= 1 && fruitless < FRUITLESS && guest.domain().enter()) {
      int pages;
      try {
        pages = step.step();
      } finally {
        guest.domain().exit();
      }
      count(pages);
      allowance -= pages;
      fruitless = pages == 0 ? fruitless + 1 : 0;
    }
    return written.sum() - before;
  }

  private void count(int pages) {
    steps.increment();
    written.add(pages);
  }

  /// How many pages were written.
  public long pagesWritten() {
    return written.sum();
  }

  /// How many steps were done; some write no page but change page tables or the balloon.
  public long steps() {
    return steps.sum();
  }

  private void run(WorkStep step) {
    SimDomain domain = guest.domain();
    try {
      while (!stopped) {
        if (!mayGo()) {
          LockSupport.parkNanos(NAP_NANOS);
          continue;
        }
        if (!domain.enter()) {
          return;
        }
        int pages;
        try {
          pages = step.step();
        } finally {
          domain.exit();
        }
        count(pages);
        // A step that writes no page costs something all the same, or an idle load would spin.
        spend(Math.max(1, pages));
      }
    } catch (HypervisorException | RuntimeException | Error e) {
      failure = e;
    }
  }

  private synchronized boolean mayGo() {
    if (Double.isInfinite(pagesPerSecond)) {
      return true;
    }
    long now = nanoTime.getAsLong();
    allowance += (now - lastNanos) / NANOS * pagesPerSecond;
    lastNanos = now;
    // What was not written while the guest was kept from running is not caught up.
    allowance = Math.min(allowance, Math.max(1, BURST_SECONDS * pagesPerSecond));
    return allowance >= 1;
  }

  private synchronized void spend(int pages) {
    if (!Double.isInfinite(pagesPerSecond)) {
      allowance -= pages;
    }
  }

  /// Ends the workload; returns when all its threads have ended, even where the guest does not run.
  ///
  /// @throws IllegalStateException when a step failed that must not fail
  public void stop() {
    stopped = true;
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        // Wakes it where it waits for the domain to run.
        thread.interrupt();
        try {
          thread.join(java.time.Duration.ofMillis(10));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    Throwable why = failure;
    if (why != null) {
      throw new IllegalStateException("the guest's workload failed: " + why.getMessage(), why);
    }
  }

  @Override
  public void close() {
    stop();
  }
}
