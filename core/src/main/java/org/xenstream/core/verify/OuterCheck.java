// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LegacyRemark;
import org.xenstream.core.format.Location;

/// The outermost layers, and what stands behind the end.
final class OuterCheck implements Check {
  private static final int KNOWN_MANDATORY = Layer.XlSave.JSON | Layer.XlSave.STREAM_V2;

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (item instanceof ImageItem.Trailing trailing) {
      report.outside(
          Rule.TRAILING_OCTETS,
          trailing.offset(),
          "",
          "image",
          null,
          trailing.length() < 0
              ? "octets behind the end"
              : trailing.length() + " octets behind the end");
    } else if (item instanceof ImageItem.Remarked(var remark)) {
      Location at = remark.location();
      Rule rule = rule(remark.kind());
      if (rule != null) {
        report.outside(rule, at.offset(), at.layer(), at.part(), at.field(), remark.text());
      }
    } else if (item instanceof ImageItem.LayerFound found) {
      if (found.layer() instanceof Layer.XlSave xl) {
        xl(xl, found.offset(), report);
      } else if (found.layer() instanceof Layer.LegacyImage legacy) {
        report.outside(Rule.LEGACY_IMAGE, found.offset(), "", "image", null, legacy.title());
      }
    }
  }

  /// The rule for what a translation of a legacy image has to say; null where that is no matter of
  /// the image.
  private static @Nullable Rule rule(LegacyRemark.Kind kind) {
    return switch (kind) {
      case GUESSED -> Rule.LEGACY_GUESSED;
      case BLOCK_SKIPPED -> Rule.LEGACY_BLOCK_SKIPPED;
      case TMEM_SKIPPED -> Rule.LEGACY_TMEM_SKIPPED;
      case CHUNK_SKIPPED -> Rule.LEGACY_CHUNK_SKIPPED;
      case INCOMPLETE_CHECKPOINT -> Rule.CHECKPOINT_INCOMPLETE;
      case NO_DEVICE_MODEL -> Rule.LEGACY_NO_DEVICE_MODEL;
      case ODDITY -> Rule.LEGACY_ODDITY;
      case SCRATCH_FILE -> null;
    };
  }

  private static void xl(Layer.XlSave xl, long offset, Report report) {
    if (xl.byteOrderWord() != Layer.XlSave.BYTE_ORDER) {
      header(
          Rule.XL_BYTE_ORDER,
          offset + 32,
          "byteorder",
          expected("0x01020304", "0x%08x".formatted(xl.byteOrderWord())),
          report);
    }
    if ((xl.mandatoryFlags() & ~KNOWN_MANDATORY) != 0) {
      header(
          Rule.XL_MANDATORY_FLAGS,
          offset + 36,
          "mandatory_flags",
          expected("no bit but 0 and 1", "0x%x".formatted(xl.mandatoryFlags())),
          report);
    }
    if (xl.optionalFlags() != 0) {
      header(
          Rule.XL_OPTIONAL_FLAGS,
          offset + 40,
          "optional_flags",
          expected("0", "0x%x".formatted(xl.optionalFlags())),
          report);
    }
    long length = xl.optionalData().byteSize();
    if (length == 0) {
      header(
          Rule.XL_CONFIG_MISSING,
          offset + 44,
          "optional_data_len",
          "no configuration in the header",
          report);
    } else if (xl.configLength() < 0) {
      header(
          Rule.XL_OPTIONAL_DATA,
          offset + 44,
          "optional_data_len",
          expected("at least 4", length),
          report);
    } else if (xl.configLength() > length - 4) {
      header(
          Rule.XL_OPTIONAL_DATA,
          offset + 48,
          "config_len",
          expected("at most " + (length - 4), xl.configLength()),
          report);
    } else if ((xl.mandatoryFlags() & Layer.XlSave.JSON) != 0) {
      MemorySegment config = xl.optionalData().asSlice(4, xl.configLength());
      JsonText.Fault fault = JsonText.fault(config);
      if (fault != null) {
        header(
            Rule.XL_CONFIG_JSON,
            offset + 52 + fault.at(),
            "config",
            expected(fault.expected(), fault.found()),
            report);
      } else if (!hasNul(config)) {
        header(
            Rule.XL_CONFIG_ENDLESS,
            offset + 52 + xl.configLength(),
            "config",
            expected("a NUL", "the end of the configuration"),
            report);
      }
    }
  }

  /// Looks from the end, where xl writes it.
  private static boolean hasNul(MemorySegment text) {
    long at = text.byteSize() - 1;
    while (at >= 0 && text.get(ValueLayout.JAVA_BYTE, at) != 0) {
      at--;
    }
    return at >= 0;
  }

  private static void header(Rule rule, long offset, String field, String message, Report report) {
    report.outside(rule, offset, "xl", "header", field, message);
  }
}
