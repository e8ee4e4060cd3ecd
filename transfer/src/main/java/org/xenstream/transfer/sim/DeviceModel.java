// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;

/// The device model of an HVM guest, as far as a migration sees one: it writes pages of the guest
/// through mappings of its own, which Xen does not see, and says so only while its log-dirty is
/// switched on (`xc_hvm_modified_memory` in QEMU's `xen-hvm.c`). A save that does not switch it on
/// loses what it wrote.
///
/// It writes the guest's device pages ([GuestSpec#devicePages]), as if for requests of the guest:
/// the guest takes down that a page may change, and when it is told that it has, which version it
/// holds.
final class DeviceModel implements AutoCloseable {
  private static final long NAP_NANOS = 100_000;

  private final SimGuest guest;
  private final long nap;
  private final GuestMemory memory;
  private final MemorySegment scratch = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
  private final SplittableRandom random;
  private volatile boolean logDirty;
  private volatile boolean stopping;
  private volatile @Nullable HypervisorException failure;
  private volatile @Nullable Error broken;
  private @Nullable Thread thread;

  DeviceModel(SimGuest guest) {
    this(guest, NAP_NANOS);
  }

  /// @param nap the time between two pages
  DeviceModel(SimGuest guest, long nap) {
    this.guest = guest;
    this.memory = guest.newMemory();
    this.nap = nap;
    this.random = new SplittableRandom(PagePattern.mix(guest.spec().seed() ^ 0x6D64));
  }

  /// Runs from now on, on a thread of its own.
  synchronized void start() {
    if (thread == null && guest.spec().devicePages() > 0) {
      stopping = false;
      thread =
          Thread.ofPlatform()
              .daemon()
              .name("device-model-" + guest.domain().domid())
              .start(this::run);
    }
  }

  /// Stops it; returns when it writes no more, also where the guest does not run.
  synchronized void stop() {
    Thread running = thread;
    thread = null;
    stopping = true;
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      // Wakes it where it waits for the guest to take a page back.
      running.interrupt();
      try {
        running.join(Duration.ofMillis(10));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Switches the reporting on or off.
  synchronized void logDirty(boolean on) {
    logDirty = on;
  }

  boolean isLogDirty() {
    return logDirty;
  }

  /// What went wrong while it ran, or null.
  ///
  /// @throws IllegalStateException when the virtual machine had no more of something
  @Nullable HypervisorException failure() {
    Error error = broken;
    if (error != null) {
      throw new IllegalStateException("the device model failed: " + error.getMessage(), error);
    }
    return failure;
  }

  private void run() {
    try {
      boolean on = true;
      while (on && !stopping) {
        on = write(guest.layout().devicePfn(random.nextLong(guest.spec().devicePages())));
        LockSupport.parkNanos(nap);
      }
    } catch (HypervisorException e) {
      failure = e;
    } catch (Error e) {
      broken = e;
    }
  }

  /// Serves a request: writes the next version of a page.
  ///
  /// @return false when the guest is gone, or this was told to stop while it did not run
  boolean write(long pfn) throws HypervisorException {
    SimDomain domain = guest.domain();
    if (!domain.enter()) {
      return false;
    }
    long version;
    try {
      long account = memory.account(pfn);
      // Of a request that was never seen to end, the page itself tells how far it came.
      version =
          PageAccount.isInFlight(account)
              ? domain.readWord(pfn, PagePattern.VERSION_OFFSET)
              : PageAccount.version(account);
      memory.setAccount(pfn, PageAccount.inFlight(version));
    } finally {
      domain.exit();
    }
    PagePattern.fill(scratch, guest.spec().seed(), pfn, version + 1);
    try (ForeignMapping mapping =
        guest.host().map(domain.domid(), Hypervisor.Access.WRITE, new long[] {pfn}, 1)) {
      if (mapping.error(0) != 0) {
        throw new HypervisorException(
            "map", domain.domid(), "EFAULT", "device page 0x%x is not there".formatted(pfn));
      }
      mapping.memory().asSlice(mapping.offset(0), PagePattern.PAGE).copyFrom(scratch);
    }
    // The look must not overtake the store: a save that switches the reporting on meanwhile, and
    // then reads the page, sees the store, or this sees the switch.
    VarHandle.fullFence();
    if (logDirty) {
      domain.modifiedMemory(pfn, 1);
    }
    if (!domain.enter()) {
      return false;
    }
    try {
      memory.setAccount(pfn, PageAccount.data(version + 1));
    } finally {
      domain.exit();
    }
    return true;
  }

  @Override
  public void close() {
    stop();
  }
}
