// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.transfer.Hypervisor.VcpuState;
import org.xenstream.transfer.Zeros;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.restore.RestoreResult;

/// What came of a restore, line by line, in the form in which the results of Xen's own restore code
/// are kept: hashes of memory and blobs, all that was set, by numbers that anyone gets who restores
/// the same image under [SimOptions#ofReference].
///
/// ```
/// restore rc=0 store_gfn=1002 console_gfn=1003
/// trailing_bytes 0
/// guest pv width=8
/// populated pages=128 superpages2M=0 zero=40 last_pfn=7f
/// memory pages=128 xxh64=…          over (pfn as u64 little-endian, page) by ascending pfn
/// tsc mode=0 khz=2893011 nsec=1250999896502 incarnation=1 set=1
/// hvmparam 1 = 0x254                what was set last, by ascending index
/// hvmctx size=2392 xxh64=…
/// vcpu.basic.0 size=5168 xxh64=…    then .extd, .xsave, .msrs, vCPU by vCPU
/// cpuid_policy size=456 xxh64=…     as the stream brought them, not what stands for missing ones
/// msr_policy size=32 xxh64=…
/// shared_info xxh64=…
/// pins n=5 xxh64=…                  all xor-ed: that of the i-th (u64 command, u64 mfn) × (2i + 1)
/// static_data_done calls=1 missing=0
/// gnttab_seed calls=1 console=1003 store=1002
/// checkpoint_callbacks 0 cleared_pages 0 errors_reported 0
/// ```
///
/// An error that the reference reports and yet goes on is a page of a verify pass that differs, and
/// a stream of checkpoints that just stops.
public final class RestoreReport {
  /// A hash of 64 bits over octets that come one after the other; the corpus has XXH64 with seed 0.
  public interface Hash {
    /// Takes the next octets.
    void update(MemorySegment octets);

    /// The hash of all octets taken.
    long value();
  }

  private static final int EXTENDED_OCTETS = 128;

  private final SimDomain domain;
  private final SimOutcome outcome;
  private final Supplier<Hash> hashes;
  private final List<String> lines = new ArrayList<>();

  private RestoreReport(SimDomain domain, Supplier<Hash> hashes) {
    this.domain = domain;
    this.outcome = domain.outcome();
    this.hashes = hashes;
  }

  /// Tells of a domain that was restored, before it runs.
  ///
  /// @param hashes gives a hash that nothing was put in
  /// @param trailing how many octets of the image were left unread
  public static List<String> of(
      SimDomain domain, RestoreResult result, long trailing, Supplier<Hash> hashes) {
    return new RestoreReport(domain, hashes).tell(result, trailing);
  }

  private List<String> tell(RestoreResult result, long trailing) {
    line(
        "restore rc=0 store_gfn=%x console_gfn=%x"
            .formatted(result.storeFrame(), result.consoleFrame()));
    line("trailing_bytes %d".formatted(trailing));
    line(
        "guest %s width=%d"
            .formatted(domain.isHvm() ? "hvm" : "pv", domain.isHvm() ? 8 : outcome.width()));
    memory();
    StreamRecord.TscInfo tsc = outcome.tsc();
    if (tsc != null) {
      line(
          "tsc mode=%d khz=%d nsec=%d incarnation=%d set=%d"
              .formatted(tsc.mode(), tsc.khz(), tsc.nsec(), tsc.incarnation(), result.tscInfos()));
    }
    TreeMap<Integer, Long> params = new TreeMap<>();
    outcome.params().forEach(set -> params.put(set.index(), set.value()));
    params.forEach((index, value) -> line("hvmparam %d = 0x%x".formatted(index, value)));
    blob("hvmctx", outcome.hvmContext());
    vcpus();
    policies(result.missing());
    if (!domain.isHvm()) {
      line("shared_info xxh64=%016x".formatted(hash(domain.sharedInfo())));
      pins();
    }
    boolean told = result.missing() >= 0;
    line(
        "static_data_done calls=%d missing=%d"
            .formatted(told ? 1 : 0, told ? result.missing() : 0));
    grants();
    line(
        "checkpoint_callbacks %d cleared_pages %d errors_reported %d"
            .formatted(
                result.checkpoints(),
                result.cleared(),
                result.mismatches() + (result.failedOver() ? 1 : 0)));
    return List.copyOf(lines);
  }

  private void line(String line) {
    lines.add(line);
  }

  private void memory() {
    Hash hash = hashes.get();
    MemorySegment number = MemorySegment.ofArray(new byte[Long.BYTES]);
    long[] zero = new long[1];
    outcome.forEachPage((pfn, page) -> {
      Wire.putU64(number, 0, pfn, ByteOrder.LITTLE_ENDIAN);
      hash.update(number);
      hash.update(page);
      zero[0] += Zeros.isZero(page, 0, page.byteSize()) ? 1 : 0;
    });
    line(
        "populated pages=%d superpages2M=%d zero=%d last_pfn=%x"
            .formatted(outcome.pages(), outcome.superpages(), zero[0], outcome.lastPfn()));
    line("memory pages=%d xxh64=%016x".formatted(outcome.pages(), hash.value()));
  }

  private void vcpus() {
    for (int vcpu = 0; vcpu < domain.vcpus(); vcpu++) {
      blob("vcpu.basic." + vcpu, outcome.vcpuState(vcpu, VcpuState.BASIC));
      MemorySegment extended = outcome.vcpuState(vcpu, VcpuState.EXTENDED);
      if (extended != null) {
        // The hypervisor is always given all of it.
        MemorySegment whole = MemorySegment.ofArray(new byte[EXTENDED_OCTETS]);
        whole.asSlice(0, extended.byteSize()).copyFrom(extended);
        blob("vcpu.extd." + vcpu, whole);
      }
      blob("vcpu.xsave." + vcpu, outcome.vcpuState(vcpu, VcpuState.XSAVE));
      blob("vcpu.msrs." + vcpu, outcome.vcpuState(vcpu, VcpuState.MSRS));
    }
  }

  /// Those of the stream: what the toolstack set in place of one that it lacks is none of it.
  private void policies(int missing) {
    if ((missing & RestoreCallbacks.MISSING_CPUID) == 0) {
      blob("cpuid_policy", outcome.cpuidLeaves());
    }
    if ((missing & RestoreCallbacks.MISSING_MSR) == 0) {
      blob("msr_policy", outcome.policyMsrs());
    }
  }

  private void blob(String name, @Nullable MemorySegment octets) {
    if (octets != null && octets.byteSize() > 0) {
      line("%s size=%d xxh64=%016x".formatted(name, octets.byteSize(), hash(octets)));
    }
  }

  private long hash(MemorySegment octets) {
    Hash hash = hashes.get();
    hash.update(octets);
    return hash.value();
  }

  /// The command is `MMUEXT_PIN_L1_TABLE`, 0, to `L4`, 3.
  private void pins() {
    List<SimOutcome.Pin> pins = outcome.pins();
    MemorySegment op = MemorySegment.ofArray(new byte[2 * Long.BYTES]);
    long all = 0;
    for (int i = 0; i < pins.size(); i++) {
      Wire.putU64(op, 0, pins.get(i).level() - 1L, ByteOrder.LITTLE_ENDIAN);
      Wire.putU64(op, Long.BYTES, pins.get(i).frame(), ByteOrder.LITTLE_ENDIAN);
      all ^= hash(op) * (2L * i + 1);
    }
    line("pins n=%d xxh64=%016x".formatted(pins.size(), all));
  }

  private void grants() {
    List<SimOutcome.GrantSeed> seeds = outcome.grantSeeds();
    SimOutcome.GrantSeed last = seeds.isEmpty() ? null : seeds.getLast();
    line(
        "gnttab_seed calls=%d console=%x store=%x"
            .formatted(
                seeds.size(),
                last == null ? 0 : last.consoleFrame(),
                last == null ? 0 : last.storeFrame()));
  }
}
