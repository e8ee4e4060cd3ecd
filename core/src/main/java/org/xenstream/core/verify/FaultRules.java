// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import org.xenstream.core.format.RecordType;
import org.xenstream.core.format.StreamFormatException;

/// The rules under which faults of structure are reported.
final class FaultRules {
  private FaultRules() {}

  /// The rule for a fault that ended the reading: the layer tells apart what faults share.
  static Rule of(StreamFormatException fault) {
    String layer = fault.location().layer();
    boolean libxc = layer.equals("libxc");
    boolean libxl = layer.equals("libxl");
    if (layer.equals("legacy")) {
      return ofLegacy(fault);
    }
    return switch (fault.fault()) {
      case NOT_AN_IMAGE -> Rule.NOT_AN_IMAGE;
      case TRUNCATED -> Rule.TRUNCATED;
      case MARKER -> libxc ? Rule.IMAGE_MARKER : Rule.LAYER_MALFORMED;
      case ID -> libxc ? Rule.IMAGE_ID : Rule.LAYER_MALFORMED;
      case VERSION ->
          libxc ? Rule.IMAGE_VERSION : libxl ? Rule.LIBXL_VERSION : Rule.LAYER_MALFORMED;
      case TOO_LONG ->
          libxc || layer.equals("back channel")
              ? Rule.RECORD_TOO_LONG
              : libxl ? Rule.LIBXL_RECORD_TOO_LONG : Rule.LAYER_TEXT_TOO_LONG;
      case MALFORMED_BODY ->
          libxl ? Rule.LIBXL_RECORD_SIZE : malformed(typeNamed(fault.location().part()));
      case MALFORMED_LAYER -> layer.equals("xl") ? Rule.XL_BYTE_ORDER : Rule.LAYER_MALFORMED;
      case DECOMPRESSION -> Rule.DECOMPRESSION_FAILED;
      case MISPLACED -> Rule.RECORD_MISPLACED;
    };
  }

  /// The rule for a fault of a legacy image, whose chunks are no records.
  private static Rule ofLegacy(StreamFormatException fault) {
    return switch (fault.fault()) {
      case NOT_AN_IMAGE -> Rule.NOT_AN_IMAGE;
      case TRUNCATED -> Rule.TRUNCATED;
      case MARKER,
          ID,
          VERSION,
          TOO_LONG,
          MALFORMED_BODY,
          MALFORMED_LAYER,
          DECOMPRESSION,
          MISPLACED ->
          Rule.LEGACY_MALFORMED;
    };
  }

  private static int typeNamed(String name) {
    for (RecordType type : RecordType.values()) {
      if (type.name().equals(name)) {
        return type.code();
      }
    }
    return RecordType.PAGE_DATA.code();
  }

  /// The rule for a libxc record that contradicts itself.
  static Rule malformed(int type) {
    return switch (RecordType.of(type)) {
      case PAGE_DATA -> Rule.PAGE_DATA_SIZE;
      case X86_PV_INFO -> Rule.PV_INFO_SIZE;
      case X86_PV_P2M_FRAMES -> Rule.P2M_SIZE;
      case X86_PV_VCPU_BASIC, X86_PV_VCPU_EXTENDED, X86_PV_VCPU_XSAVE, X86_PV_VCPU_MSRS ->
          Rule.VCPU_SIZE;
      case SHARED_INFO -> Rule.SHARED_INFO_SIZE;
      case X86_TSC_INFO -> Rule.TSC_INFO_SIZE;
      case HVM_PARAMS -> Rule.HVM_PARAMS_SIZE;
      case CHECKPOINT_DIRTY_PFN_LIST -> Rule.DIRTY_PFN_LIST_SIZE;
      case HVM_CONTEXT -> Rule.HVM_CONTEXT_EMPTY;
      case X86_CPUID_POLICY -> Rule.CPUID_POLICY_SIZE;
      case X86_MSR_POLICY -> Rule.MSR_POLICY_SIZE;
      case END, VERIFY, CHECKPOINT, STATIC_DATA_END -> Rule.SIGNAL_WITH_BODY;
      case TOOLSTACK -> Rule.TOOLSTACK_DEPRECATED;
      case SAVING_CPU -> Rule.SAVING_CPU_TEXT;
      case null -> Rule.RECORD_UNKNOWN_MANDATORY;
    };
  }
}
