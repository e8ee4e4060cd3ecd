// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.CpuPolicy;
import org.xenstream.transfer.DomainInfo;
import org.xenstream.transfer.restore.RestoreCallbacks;

/// The toolstack on the side where a simulated guest is restored: it makes the domain, supplies
/// what a stream of version 2 lacks, and in the end lets the guest go on or destroys the domain
/// (`libxl_create.c`, `libxl_stream_read.c`, `libxl_colo_restore.c` in tools/libs/light).
///
/// For one thread at a time, as the engine's callbacks are.
public final class SimDestination implements RestoreCallbacks, AutoCloseable {
  private final SimHost host;
  private final SimDomain domain;
  private final int failoverAfter;
  private @Nullable SimGuest guest;
  private @Nullable DeviceModel deviceModel;
  private int missing;
  private int checkpoints;
  private boolean delivered;

  /// A toolstack that takes the guest when its stream has ended.
  ///
  /// @param domain made by [#createDomain], or as it does
  public SimDestination(SimHost host, SimDomain domain) {
    this(host, domain, Integer.MAX_VALUE);
  }

  /// A toolstack for a checkpointed stream.
  ///
  /// @param failoverAfter when so many checkpoints have come, the sender is taken for dead
  public SimDestination(SimHost host, SimDomain domain, int failoverAfter) {
    this.host = host;
    this.domain = domain;
    this.failoverAfter = failoverAfter;
  }

  /// Makes a domain for a guest, as the toolstack does from the configuration that came before the
  /// stream.
  public static SimDomain createDomain(SimHost host, GuestSpec spec) throws IOException {
    if (!spec.kind().isPv()) {
      return host.createHvm(spec.vcpus(), spec.pages() + GuestParams.pages());
    }
    SimDomain domain = host.createPv(spec.vcpus(), spec.pages());
    if (spec.kind() == GuestKind.PV32) {
      host.setGuestWidth(domain.domid(), 4);
    }
    return domain;
  }

  /// The domain.
  public SimDomain domain() {
    return domain;
  }

  /// What was missing in the static data, `MISSING_*` of [RestoreCallbacks].
  public int missing() {
    return missing;
  }

  /// How many checkpoints have come.
  public int checkpoints() {
    return checkpoints;
  }

  @Override
  public void staticDataDone(int what) throws IOException {
    missing = what;
    CpuPolicy own = GuestPolicy.policy();
    MemorySegment none = MemorySegment.NULL;
    host.setCpuPolicy(
        domain.domid(),
        new CpuPolicy(
            (what & MISSING_CPUID) != 0 ? own.leaves() : none,
            (what & MISSING_MSR) != 0 ? own.msrs() : none));
  }

  @Override
  public CheckpointResult checkpoint() {
    checkpoints++;
    return checkpoints > failoverAfter ? CheckpointResult.FAILOVER : CheckpointResult.SUCCESS;
  }

  @Override
  public void restoreResults(long storeFrame, long consoleFrame) {
    // A real toolstack tells xenstored and the console daemon.
  }

  @Override
  public CheckpointResult resume() throws IOException {
    go(SimGuest.attach(host, domain));
    return CheckpointResult.SUCCESS;
  }

  @Override
  public CheckpointResult waitCheckpoint() {
    return CheckpointResult.SUCCESS;
  }

  @Override
  public CheckpointResult suspend() throws IOException {
    try {
      if (!domain.suspend()) {
        return CheckpointResult.ERROR;
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (deviceModel != null) {
      deviceModel.stop();
    }
    return CheckpointResult.SUCCESS;
  }

  /// The restore has succeeded: finds the guest, which does not run yet.
  ///
  /// @throws GuestLostException when there is none; the domain is destroyed then
  public SimGuest arrived() throws IOException {
    try {
      SimGuest found = SimGuest.attach(host, domain);
      guest = found;
      delivered = true;
      return found;
    } catch (IOException e) {
      domain.destroy();
      throw e;
    }
  }

  /// Lets the guest go on here, after [#arrived] and, as a rule, a [SimGuest#check].
  public void goOn() throws IOException {
    SimGuest found = guest;
    go(found == null ? arrived() : found);
  }

  /// The guest that was let go on here.
  ///
  /// @throws IllegalStateException when none was
  public SimGuest guest() {
    SimGuest found = guest;
    if (found == null) {
      throw new IllegalStateException("no guest was let go on in domain " + domain.domid());
    }
    return found;
  }

  /// COLO: the guest that runs here already, or stands still for a checkpoint that never came, goes
  /// on without its primary.
  public SimGuest takeOver() throws IOException {
    SimGuest found = guest();
    delivered = true;
    try {
      domain.resume();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (deviceModel != null) {
      deviceModel.start();
    }
    return found;
  }

  private void go(SimGuest found) throws IOException {
    guest = found;
    found.resumeHere();
    DomainInfo info = host.domainInfo(domain.domid());
    if (info.shutdown()) {
      domain.resume();
    }
    if (deviceModel != null) {
      deviceModel.stop();
    }
    deviceModel = new DeviceModel(found);
    // Of a COLO secondary the device model has to tell what it writes, too
    // (`libxl_colo_restore.c`): the primary would not undo it otherwise.
    deviceModel.logDirty(domain.memory.dirty.isOn());
    deviceModel.start();
  }

  /// Ends it: a domain into which no guest has [#arrived] is destroyed, as a restore that failed
  /// leaves nothing.
  @Override
  public void close() {
    if (deviceModel != null) {
      deviceModel.stop();
    }
    if (!delivered) {
      domain.destroy();
    }
  }
}
