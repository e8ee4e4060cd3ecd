// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.util.SplittableRandom;
import org.xenstream.transfer.HypervisorException;

/// What one guest thread does of a [Workload], step by step. A step is done inside the domain, and
/// when it has returned the guest is in order: its version table and its pages agree.
interface WorkStep {
  /// Does the next step.
  ///
  /// @return how many data pages were written
  int step() throws HypervisorException;

  /// A guest thread's part of a workload.
  ///
  /// @param thread which of `threads` it is: pages are divided among them by their numbers
  /// @param random decides what comes next
  static WorkStep of(
      Workload workload, SimGuest guest, int thread, int threads, SplittableRandom random) {
    GuestMemory memory = guest.newMemory();
    return switch (workload) {
      case Workload.Idle() -> () -> 0;
      case Workload.Uniform(long pages) -> {
        Share share = new Share(memory.layout, pages, thread, threads);
        yield () -> share.rewrite(memory, share.count == 0 ? 0 : random.nextLong(share.count));
      }
      case Workload.Zipf(double exponent, long pages) -> {
        Share share = new Share(memory.layout, pages, thread, threads);
        PowerLaw law = new PowerLaw(exponent, Math.max(1, share.count));
        yield () -> share.rewrite(memory, law.next(random));
      }
      case Workload.Sweep(long pages) -> new Sweep(memory, pages, thread, threads);
      case Workload.TableChurn() -> new TableChurn(guest, memory, thread, threads, random);
      case Workload.Balloon() -> new Balloon(memory, thread, threads, random);
      case Workload.Mix(var parts) -> {
        WorkStep[] steps =
            parts.stream()
                .map(part -> of(part, guest, thread, threads, random.split()))
                .toArray(WorkStep[]::new);
        yield () -> steps[random.nextInt(steps.length)].step();
      }
    };
  }

  /// The work pages of a thread: those whose number leaves the thread's when divided by the number
  /// of threads.
  final class Share {
    final long count;
    private final GuestLayout layout;
    private final int thread;
    private final int threads;

    Share(GuestLayout layout, long pages, int thread, int threads) {
      this.layout = layout;
      this.thread = thread;
      this.threads = threads;
      long all = Math.min(pages, layout.workPages());
      this.count = (all - thread + threads - 1) / threads;
    }

    int rewrite(GuestMemory memory, long index) throws HypervisorException {
      if (index >= count) {
        return 0;
      }
      memory.rewrite(layout.dataPfn(index * threads + thread));
      return 1;
    }
  }

  /// Draws ranks with the probability of rank^−exponent, by the inverse of the continuous law.
  final class PowerLaw {
    private static final double ALMOST_ONE = 1e-9;

    private final double oneMinus;
    private final double span;
    private final long count;
    private final long stride;

    PowerLaw(double exponent, long count) {
      this.count = count;
      this.oneMinus = 1 - exponent;
      double end = count + 1.0;
      this.span = Math.abs(oneMinus) < ALMOST_ONE ? Math.log(end) : Math.pow(end, oneMinus) - 1;
      this.stride = strideFor(count);
    }

    /// A number near the golden section that has no divisor in common with `count`, so that ranks
    /// that follow each other lie apart and no two at one place.
    private static long strideFor(long count) {
      long stride = Math.max(1, (long) (count * 0.6180339887));
      while (gcd(stride, count) != 1) {
        stride++;
      }
      return stride;
    }

    private static long gcd(long a, long b) {
      return b == 0 ? a : gcd(b, a % b);
    }

    long next(SplittableRandom random) {
      double drawn = random.nextDouble();
      double rank =
          Math.abs(oneMinus) < ALMOST_ONE
              ? Math.exp(span * drawn)
              : Math.pow(1 + span * drawn, 1 / oneMinus);
      long index = Math.clamp((long) rank - 1, 0, count - 1);
      // Both are below 2^31: a guest has no more pfns than that.
      return index * stride % count;
    }
  }

  /// Page after page.
  final class Sweep implements WorkStep {
    private final GuestMemory memory;
    private final Share share;
    private long next;

    Sweep(GuestMemory memory, long pages, int thread, int threads) {
      this.memory = memory;
      this.share = new Share(memory.layout, pages, thread, threads);
    }

    @Override
    public int step() throws HypervisorException {
      next = next >= share.count ? 0 : next;
      return share.rewrite(memory, next++);
    }
  }

  /// Out and in.
  final class Balloon implements WorkStep {
    private final GuestMemory memory;
    private final SplittableRandom random;
    private final int thread;
    private final int threads;
    private final long count;

    Balloon(GuestMemory memory, int thread, int threads, SplittableRandom random) {
      this.memory = memory;
      this.random = random;
      this.thread = thread;
      this.threads = threads;
      this.count = (memory.layout.spec.balloonPages() - thread + threads - 1) / threads;
    }

    @Override
    public int step() throws HypervisorException {
      if (count <= 0) {
        return 0;
      }
      long pfn = memory.layout.balloonPfn(random.nextLong(count) * threads + thread);
      long account = memory.account(pfn);
      if (PageAccount.kind(account) == PageAccount.ABSENT) {
        return in(pfn);
      }
      if (random.nextBoolean()) {
        memory.rewrite(pfn);
        return 1;
      }
      out(pfn, account);
      return 0;
    }

    private int in(long pfn) throws HypervisorException {
      boolean pv = memory.layout.spec.kind().isPv();
      if (memory.domain.frameOf(pfn) < 0) {
        long frame;
        try {
          frame = memory.domain.balloonIn(pfn);
        } catch (HypervisorException e) {
          // The machine has none left: a guest goes without then.
          return 0;
        }
        if (pv) {
          memory.setP2m(pfn, frame);
        }
      }
      if (pv) {
        memory.setDirect(pfn, PvLayout.directEntry(pfn, true));
      }
      memory.rewrite(pfn);
      return 1;
    }

    private void out(long pfn, long account) throws HypervisorException {
      if (memory.layout.spec.kind().isPv()) {
        memory.setDirect(pfn, 0);
        memory.setP2m(pfn, -1);
      }
      memory.domain.balloonOut(pfn);
      memory.setAccount(pfn, PageAccount.absent(PageAccount.version(account)));
    }
  }
}
