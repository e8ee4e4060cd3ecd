// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit.legacy;

import static org.xenstream.testkit.legacy.ModernFacts.octets;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.StreamRecord;

/// What a guest is besides its memory: taken from records, written as the chunks before a body's
/// end and as the tail behind it, in the order of the reference.
final class LegacyState {
  /// The HVM parameters that have a chunk, in the order in which Xen 4.5 writes them.
  private static final Map<Integer, Long> CHUNK_OF_PARAM = new LinkedHashMap<>();

  static {
    CHUNK_OF_PARAM.put(LegacyImageBuilder.GENERATION_ID, 34L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.IDENT_PT, 12L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.PAGING_RING, 27L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.ACCESS_RING, 28L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.SHARING_RING, 29L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.VM86_TSS, 15L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.CONSOLE_PFN, 17L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.ACPI_IOPORTS, 19L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.VIRIDIAN, 9L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.IOREQ_SERVER_PFN, 32L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.NR_IOREQ_SERVER_PAGES, 33L);
    CHUNK_OF_PARAM.put(LegacyImageBuilder.X87_FIP_WIDTH, 36L);
  }

  private static final long VM86_TSS = 15;
  private static final long VM86_TSS_SIZED = 37;
  private static final long STORE_PFN = 1;
  private static final long IOREQ_PFN = 5;
  private static final long BUFIOREQ_PFN = 6;
  private static final int EXTENDED = 128;
  private static final int XCR0_ACCUM = 8;

  private final ModernFacts facts;
  private final LegacyVariety variety;
  private final Set<String> leftOut;
  private final TreeMap<Integer, byte[]> basic = new TreeMap<>();
  private final TreeMap<Integer, byte[]> extended = new TreeMap<>();
  private final TreeMap<Integer, byte[]> xsave = new TreeMap<>();
  private final TreeMap<Long, Long> params = new TreeMap<>();
  private byte[] sharedInfo = new byte[4096];
  private byte[] context = new byte[0];
  private StreamRecord.@Nullable TscInfo tsc;

  LegacyState(ModernFacts facts, LegacyVariety variety, Set<String> leftOut) {
    this.facts = facts;
    this.variety = variety;
    this.leftOut = leftOut;
  }

  StreamRecord.@Nullable TscInfo tsc() {
    return tsc;
  }

  void see(StreamRecord record) {
    switch (record) {
      case StreamRecord.PvVcpuBasic(long vcpu, var blob) -> basic.put((int) vcpu, octets(blob));
      case StreamRecord.PvVcpuExtended(long vcpu, var blob) -> {
        extended.put((int) vcpu, octets(blob));
        if (!withExtended()) {
          leftOut.add("extended contexts");
        }
      }
      case StreamRecord.PvVcpuXsave(long vcpu, var blob) -> {
        xsave.put((int) vcpu, octets(blob));
        if (!withXsave()) {
          leftOut.add("XSAVE states");
        }
      }
      case StreamRecord.PvVcpuMsrs(_, var blob) -> {
        if (blob.byteSize() > 0) {
          leftOut.add("MSRs of vCPUs");
        }
      }
      case StreamRecord.SharedInfo(var page) -> sharedInfo = octets(page);
      case StreamRecord.HvmContext(var blob) -> context = octets(blob);
      case StreamRecord.HvmParams set -> {
        for (int i = 0; i < set.count(); i++) {
          params.put(set.index(i), set.value(i));
        }
        // Since Xen 4.9 the parameter has its size in the upper half.
        if (params.containsKey(VM86_TSS_SIZED)) {
          params.putIfAbsent(VM86_TSS, params.get(VM86_TSS_SIZED) & 0xFFFF_FFFFL);
        }
      }
      case StreamRecord.TscInfo info -> tsc = info;
      case StreamRecord.CpuidPolicy _, StreamRecord.MsrPolicy _ -> leftOut.add("CPU policies");
      case StreamRecord.StaticDataEnd _, StreamRecord.PvInfo _, StreamRecord.PvP2mFrames _ -> {}
      default -> leftOut.add(record.toString());
    }
  }

  /// The chunks between memory and the end of the body.
  void chunks(LegacyImageBuilder out, boolean last) {
    if (variety.vcpuInfo()) {
      int[] online = facts.hvm ? all(variety.hvmVcpus()) : vcpus();
      out.vcpuInfo(online[online.length - 1], online);
    }
    if (facts.hvm) {
      CHUNK_OF_PARAM.forEach((chunk, index) -> {
        long value = params.getOrDefault(index, 0L);
        if (value != 0) {
          out.param(chunk, value);
        }
      });
      params.forEach((index, value) -> {
        if (!CHUNK_OF_PARAM.containsValue(index)
            && !List.of(STORE_PFN, IOREQ_PFN, BUFIOREQ_PFN).contains(index)) {
          leftOut.add("HVM parameter " + index);
        }
      });
      if (variety.physmap() != null) {
        out.toolstack(PhysmapEntry.toolstack(out.width(), physmap(variety.physmap())));
      }
    }
    if (last) {
      out.chunk(LegacyImageBuilder.LAST_CHECKPOINT);
    }
  }

  private static int[] all(int vcpus) {
    int[] online = new int[vcpus];
    Arrays.setAll(online, vcpu -> vcpu);
    return online;
  }

  private int[] vcpus() {
    return basic.keySet().stream().mapToInt(Integer::intValue).toArray();
  }

  /// What the modern image's device model keeps in xenstore, else what the variety says.
  private List<PhysmapEntry> physmap(List<PhysmapEntry> otherwise) {
    if (facts.xenstore.length == 0) {
      return otherwise;
    }
    String[] texts = new String(facts.xenstore, StandardCharsets.UTF_8).split("\0", -1);
    Map<String, Map<String, String>> nodes = new LinkedHashMap<>();
    for (int i = 0; i + 1 < texts.length; i += 2) {
      String[] path = texts[i].split("/", -1);
      if (path.length == 3 && path[0].equals("physmap")) {
        nodes.computeIfAbsent(path[1], _ -> new TreeMap<>()).put(path[2], texts[i + 1]);
      } else {
        leftOut.add("xenstore key " + texts[i]);
      }
    }
    List<PhysmapEntry> entries = new ArrayList<>();
    nodes.forEach((offset, node) ->
        entries.add(
            new PhysmapEntry(
                Long.parseUnsignedLong(offset, 16),
                Long.parseUnsignedLong(node.getOrDefault("start_addr", "0"), 16),
                Long.parseUnsignedLong(node.getOrDefault("size", "0"), 16),
                node.getOrDefault("name", ""))));
    return entries;
  }

  /// The tail.
  ///
  /// @param set which set of states, from 0
  void tail(LegacyImageBuilder out, int set, long... unmapped) {
    if (facts.hvm) {
      out.hvmTail(
          params.getOrDefault(IOREQ_PFN, 0L),
          params.getOrDefault(BUFIOREQ_PFN, 0L),
          params.getOrDefault(STORE_PFN, 0L),
          context);
      if (variety.deviceModel() != null) {
        out.deviceModel(variety.deviceModel(), deviceModel(set));
      }
      return;
    }
    out.unmapped(unmapped);
    Map<Integer, byte[]> told = variety.vcpuInfo() ? basic : basic.headMap(1);
    if (told.size() < basic.size()) {
      leftOut.add("vCPUs but the first");
    }
    told.forEach((vcpu, octets) -> {
      out.raw(octets);
      if (withExtended()) {
        out.raw(Arrays.copyOf(extended.getOrDefault(vcpu, new byte[0]), EXTENDED));
      }
      if (withXsave()) {
        byte[] area = xsave.getOrDefault(vcpu, new byte[facts.xsave]);
        out.xsave(
            java.nio.ByteBuffer.wrap(area)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getLong(XCR0_ACCUM),
            area);
      }
    });
    out.raw(sharedInfo);
  }

  private boolean withExtended() {
    return variety.extendedInfo() && variety.extended();
  }

  private boolean withXsave() {
    return variety.extendedInfo() && variety.xsave() && facts.xsave > 0;
  }

  private byte[] deviceModel(int set) {
    return facts.emulator.isEmpty()
        ? variety.deviceModelState()
        : facts.emulator.get(Math.min(set, facts.emulator.size() - 1));
  }
}
