// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.xenstream.transfer.HypervisorException;

/// A simulated host: the port to a hypervisor, with domains whose memory lies in this process.
///
/// It fails where Xen fails, with Xen's error, and beyond that where a call could only be a mistake
/// of the engine: populating a pfn twice, which Xen lets pass and leaks the first page. See
/// [SimOptions.Checks] for a host that checks less.
///
/// All memory of the machine is one segment, so that frames that follow each other are one run of a
/// mapping. It takes memory of the process only where somebody wrote, and the bookkeeping does so
/// only where pfns are used.
public final class SimHost extends SimCalls implements AutoCloseable {
  private final SimOptions options;
  private final FrameTable frames;
  private final MemorySegment readOnlyMemory;
  private final SortedMap<Integer, SimDomain> domains = new TreeMap<>();
  private final AtomicInteger mappings = new AtomicInteger();
  private final AtomicInteger unmappedAgain = new AtomicInteger();
  private int lastDomid;

  /// A host without domains.
  ///
  /// @throws IOException when there is no room for its memory
  public SimHost(SimOptions options) throws IOException {
    this.options = options;
    this.frames =
        new FrameTable(options.frames(), options.maximumRamPage() + 1, options.hugePages());
    this.readOnlyMemory = frames.memory().asReadOnly();
  }

  /// What it is made of.
  @Override
  public SimOptions options() {
    return options;
  }

  @Override
  FrameTable frames() {
    return frames;
  }

  MemorySegment readOnlyMemory() {
    return readOnlyMemory;
  }

  @Override
  void mappingOpened() {
    mappings.incrementAndGet();
  }

  @Override
  void mappingClosed() {
    mappings.decrementAndGet();
  }

  @Override
  void unmappedAgain() {
    unmappedAgain.incrementAndGet();
  }

  /// How many foreign mappings are open: 0 when nobody leaks any.
  ///
  /// @throws IllegalStateException when one was unmapped more than once: on a real host that could
  ///   have been somebody else's by then
  public int openMappings() {
    if (unmappedAgain.get() > 0) {
      throw new IllegalStateException(unmappedAgain + " times a mapping was unmapped again");
    }
    return mappings.get();
  }

  /// How many frames no domain has.
  public long freeFrames() {
    return frames.free();
  }

  // ---- Domains

  /// A new HVM or PVH domain, paused, without memory.
  ///
  /// @param maxPages the most pages that it can have
  public SimDomain createHvm(int vcpus, long maxPages) throws IOException {
    return create(true, vcpus, maxPages, -1);
  }

  /// A new PV domain of 64 bits, paused, without memory but its shared info page.
  ///
  /// @param maxPages the most pages that it can have
  public SimDomain createPv(int vcpus, long maxPages) throws IOException {
    synchronized (domains) {
      long wanted = options.sharedInfoFrame();
      int domid = lastDomid + 1;
      long frame = wanted;
      if (wanted < 0) {
        frame = frames.allocate(domid, 0);
      }
      if (frame < 0 || (wanted >= 0 && !frames.allocateAt(wanted, domid))) {
        throw new HypervisorException(
            "create", -1, Errno.ENOMEM.name(), "no frame for the shared info page");
      }
      synchronized (frames) {
        frames.setPfn(frame, -1);
        frames.setWord(
            frame,
            frames.word(frame)
                | FrameTable.SPECIAL
                | FrameTable.VALIDATED
                | (long) FrameTable.WRITABLE << 24
                | 1);
      }
      return create(false, vcpus, maxPages, frame);
    }
  }

  private SimDomain create(boolean hvm, int vcpus, long maxPages, long sharedInfo)
      throws IOException {
    synchronized (domains) {
      SimDomain domain = new SimDomain(this, lastDomid + 1, hvm, vcpus, maxPages, sharedInfo);
      lastDomid++;
      domains.put(lastDomid, domain);
      return domain;
    }
  }

  void forget(SimDomain domain) {
    synchronized (domains) {
      domains.remove(domain.domid());
    }
    domain.memory.destroy();
    if (domain.state.sharedInfoFrame >= 0) {
      frames.release(domain.state.sharedInfoFrame);
    }
    domain.memory.close();
  }

  @Override
  SimDomain domain(int domid) throws XenError {
    synchronized (domains) {
      SimDomain domain = domains.get(domid);
      if (domain == null) {
        throw new XenError(Errno.ESRCH, "there is no such domain");
      }
      return domain;
    }
  }

  /// The domains that there are.
  public List<SimDomain> domains() {
    synchronized (domains) {
      return List.copyOf(domains.values());
    }
  }

  /// Destroys all domains and gives the memory back. Nothing of it may be used any more.
  @Override
  public void close() {
    domains().forEach(SimDomain::destroy);
    frames.close();
  }
}
