// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.xenstream.core.format.StreamRecord;

/// What a record says as a text: two records say the same when the texts are equal, wherever the
/// octets of their views lie.
public final class Records {
  private Records() {}

  /// All that the record says.
  public static String text(StreamRecord record) {
    return switch (record) {
      case StreamRecord.PageData(var entries, var pages) ->
          "PageData[%s, %s]".formatted(hex(entries.octets()), hex(pages.runs()));
      case StreamRecord.PvP2mFrames(long start, long end, var pfns) ->
          "PvP2mFrames[%d, %d, %s]".formatted(start, end, hex(pfns));
      case StreamRecord.PvVcpuBasic(long vcpu, var context) ->
          "PvVcpuBasic[%d, %s]".formatted(vcpu, hex(context));
      case StreamRecord.PvVcpuExtended(long vcpu, var context) ->
          "PvVcpuExtended[%d, %s]".formatted(vcpu, hex(context));
      case StreamRecord.PvVcpuXsave(long vcpu, var context) ->
          "PvVcpuXsave[%d, %s]".formatted(vcpu, hex(context));
      case StreamRecord.PvVcpuMsrs(long vcpu, var context) ->
          "PvVcpuMsrs[%d, %s]".formatted(vcpu, hex(context));
      case StreamRecord.SharedInfo(var page) -> "SharedInfo[%s]".formatted(hex(page));
      case StreamRecord.HvmContext(var context) -> "HvmContext[%s]".formatted(hex(context));
      case StreamRecord.HvmParams(var params) -> "HvmParams[%s]".formatted(hex(params));
      case StreamRecord.Toolstack(var data) -> "Toolstack[%s]".formatted(hex(data));
      case StreamRecord.CheckpointDirtyPfnList(var pfns) ->
          "CheckpointDirtyPfnList[%s]".formatted(hex(pfns));
      case StreamRecord.CpuidPolicy(var leaves) -> "CpuidPolicy[%s]".formatted(hex(leaves));
      case StreamRecord.MsrPolicy(var entries) -> "MsrPolicy[%s]".formatted(hex(entries));
      case StreamRecord.SavingCpu(var name) -> "SavingCpu[%s]".formatted(hex(name));
      case StreamRecord.Unknown(int type, var body) ->
          "Unknown[0x%08x, %s]".formatted(type, hex(body));
      case StreamRecord.Malformed(int type, var body, var why) ->
          "Malformed[0x%08x, %s, %s]".formatted(type, hex(body), why.getMessage());
      case StreamRecord.End _,
          StreamRecord.PvInfo _,
          StreamRecord.TscInfo _,
          StreamRecord.Verify _,
          StreamRecord.Checkpoint _,
          StreamRecord.StaticDataEnd _ ->
          record.toString();
    };
  }

  private static String hex(List<MemorySegment> runs) {
    return runs.stream().map(Records::hex).collect(Collectors.joining());
  }

  private static String hex(MemorySegment octets) {
    return HexFormat.of().formatHex(octets.toArray(ValueLayout.JAVA_BYTE));
  }
}
