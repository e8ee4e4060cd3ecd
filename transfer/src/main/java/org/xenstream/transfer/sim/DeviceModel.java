// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
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
/// It writes the guest's device pages ([GuestSpec#devicePages]) and takes their versions down for
/// the guest, as a guest would that was told of finished input.
final class DeviceModel implements AutoCloseable {
  private static final long NAP_NANOS = 100_000;

  private final SimGuest guest;
  private final long nap;
  private final MemorySegment scratch = MemorySegment.ofArray(new byte[PagePattern.PAGE]);
  private final SplittableRandom random;
  private volatile boolean logDirty;
  private volatile boolean stopping;
  private volatile @Nullable HypervisorException failure;
  private @Nullable Thread thread;

  DeviceModel(SimGuest guest) {
    this(guest, NAP_NANOS);
  }

  /// @param nap the time between two pages
  DeviceModel(SimGuest guest, long nap) {
    this.guest = guest;
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

  /// Stops it; returns when it writes no more.
  synchronized void stop() {
    Thread running = thread;
    thread = null;
    stopping = true;
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
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
  @Nullable HypervisorException failure() {
    return failure;
  }

  private void run() {
    try {
      while (!stopping) {
        write(guest.layout().devicePfn(random.nextLong(guest.spec().devicePages())));
        LockSupport.parkNanos(nap);
      }
    } catch (HypervisorException e) {
      failure = e;
    }
  }

  /// Writes the next version of a page.
  void write(long pfn) throws HypervisorException {
    GuestLayout layout = guest.layout();
    long table = layout.versionPage(pfn);
    int domid = guest.domain().domid();
    try (ForeignMapping mapping =
        guest.host().map(domid, Hypervisor.Access.WRITE, new long[] {pfn, table}, 2)) {
      if (mapping.error(0) != 0 || mapping.error(1) != 0) {
        throw new HypervisorException(
            "map", domid, "EFAULT", "device page 0x%x is not there".formatted(pfn));
      }
      MemorySegment page = mapping.memory().asSlice(mapping.offset(0), PagePattern.PAGE);
      MemorySegment entry =
          mapping.memory().asSlice(mapping.offset(1) + GuestLayout.versionOffset(pfn), 8);
      long version = PageAccount.version(entry.get(PagePattern.WORD, 0)) + 1;
      PagePattern.fill(scratch, guest.spec().seed(), pfn, version);
      page.copyFrom(scratch);
      entry.set(PagePattern.WORD, 0, PageAccount.data(version));
    }
    if (logDirty) {
      guest.domain().modifiedMemory(pfn, 1);
      guest.domain().modifiedMemory(table, 1);
    }
  }

  @Override
  public void close() {
    stop();
  }
}
