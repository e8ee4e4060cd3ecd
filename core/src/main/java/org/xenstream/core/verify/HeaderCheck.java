// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.xenstream.core.verify.Report.expected;
import static org.xenstream.core.verify.Report.hex;

import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.Wire;

/// The image header and the domain header.
final class HeaderCheck implements Check {
  private static final String IMAGE = "image header";
  private static final String DOMAIN = "domain header";

  @Override
  public void see(ImageItem item, StreamState before, Report report) {
    if (item instanceof ImageItem.LibxcBegins begins) {
      image(begins.headers(), report);
      domain(begins.headers(), before, report);
      config(begins.headers(), before.config(), report);
    }
  }

  private static void image(StreamHeaders headers, Report report) {
    ImageHeader image = headers.image();
    long at = headers.offset();
    if ((image.options() & Wire.OPT_BIG_ENDIAN) != 0) {
      report.outside(
          Rule.IMAGE_BIG_ENDIAN,
          at + 16,
          "libxc",
          IMAGE,
          "options",
          expected("bit 0 clear, as on x86", hex(image.options())));
    }
    int reserved = image.options() & ~Wire.OPT_BIG_ENDIAN;
    if (reserved != 0) {
      report.outside(
          Rule.IMAGE_OPTIONS_RESERVED,
          at + 16,
          "libxc",
          IMAGE,
          "options",
          expected("bits 1 to 15 clear", hex(image.options())));
    }
    if (image.reserved() != 0) {
      report.outside(
          Rule.IMAGE_RESERVED,
          at + 18,
          "libxc",
          IMAGE,
          "reserved",
          expected("0", hex(image.reserved())));
    }
  }

  private static void domain(StreamHeaders headers, StreamState before, Report report) {
    DomainHeader domain = headers.domain();
    long at = headers.domainOffset();
    if (!domain.isPv() && !domain.isHvm()) {
      report.outside(
          Rule.DOMAIN_TYPE,
          at,
          "libxc",
          DOMAIN,
          "type",
          expected("1 (x86 PV) or 2 (x86 HVM)", hex(Integer.toUnsignedLong(domain.type()))));
    }
    if (domain.pageShift() != Wire.PAGE_SHIFT) {
      report.outside(
          Rule.PAGE_SHIFT,
          at + 4,
          "libxc",
          DOMAIN,
          "page_shift",
          expected("12", domain.pageShift()));
    }
    if (domain.reserved() != 0) {
      report.outside(
          Rule.DOMAIN_RESERVED,
          at + 6,
          "libxc",
          DOMAIN,
          "reserved",
          expected("0", hex(domain.reserved())));
    }
    // Of an image that is translated here and now the rule for legacy images says so.
    if (domain.isConverted() && !before.isLegacy()) {
      report.outside(
          Rule.DOMAIN_CONVERTED,
          at + 8,
          "libxc",
          DOMAIN,
          "xen_major",
          "converted from a legacy image by version "
              + Integer.toUnsignedString(domain.xenMinor())
              + " of a converter");
    }
  }

  private static void config(StreamHeaders headers, XlConfig config, Report report) {
    @Nullable String type = config.type();
    DomainHeader domain = headers.domain();
    if (type != null && (domain.isPv() || domain.isHvm()) && type.equals("pv") != domain.isPv()) {
      report.outside(
          Rule.DOMAIN_TYPE_CONFIG,
          headers.domainOffset(),
          "libxc",
          DOMAIN,
          "type",
          expected(
              (type.equals("pv") ? "x86 PV" : "x86 HVM")
                  + " for a domain whose configuration says \""
                  + type
                  + "\"",
              domain.typeName()));
    }
  }
}
