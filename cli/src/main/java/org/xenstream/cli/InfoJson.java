// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LibxlRecord;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.insight.ImageSummary;
import org.xenstream.x86.Blobs;
import org.xenstream.x86.CpuidPolicy;
import org.xenstream.x86.Decoded;
import tools.jackson.core.JsonGenerator;

/// Writes what an image is as one JSON object (docs/json.md).
final class InfoJson {
  private InfoJson() {}

  static void write(JsonGenerator json, InfoVerb.View view) {
    ImageSummary summary = view.summary();
    json.writeStringProperty("image", view.name());
    json.writeNumberProperty("octets", summary.octets());
    layers(json, summary);
    headers(json, summary.headers());
    json.writeObjectPropertyStart("guest");
    json.writeStringProperty("kind", summary.guest().name());
    json.writeNumberProperty("vcpus", summary.vcpus());
    json.writeEndObject();
    memory(json, summary.memory());
    passes(json, summary);
    policies(json, summary);
    tsc(json, summary.tsc());
    emulators(json, summary);
    sizes(json, summary);
    if (view.digest() == null) {
      json.writeNullProperty("digest");
    } else {
      json.writeObjectPropertyStart("digest");
      json.writeStringProperty("xxh64", "%016x".formatted(view.digest().xxh64()));
      json.writeNumberProperty("pages", view.digest().pages());
      json.writeEndObject();
    }
    Json.verdict(json, view.verdict());
  }

  private static void layers(JsonGenerator json, ImageSummary summary) {
    json.writeArrayPropertyStart("layers");
    for (ImageSummary.LayerSeen seen : summary.layers()) {
      json.writeStartObject();
      json.writeNumberProperty("offset", seen.offset());
      json.writeStringProperty("title", seen.layer().title());
      switch (seen.layer()) {
        case Layer.XlSave xl -> {
          String name = XlConfig.of(xl).name();
          Json.text(json, "name", name == null ? null : Decoded.printable(name));
        }
        case Layer.LegacyImage legacy -> {
          json.writeNumberProperty("toolstack_width", legacy.toolstackWidth());
          json.writeStringProperty("guest", legacy.pv() ? "PV" : "HVM");
          json.writeNumberProperty("p2m_size", legacy.p2mSize());
        }
        case Layer.XenServerPart part when part.isState() ->
            json.writeNumberProperty("length", part.length());
        case Layer.Compressed _,
            Layer.MigrateGo _,
            Layer.Libvirt _,
            Layer.XenServer _,
            Layer.XenServerPart _,
            Layer.Xend _,
            Layer.LibxlStream _,
            Layer.BackChannel _ -> {}
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void headers(
      JsonGenerator json, @org.jspecify.annotations.Nullable StreamHeaders headers) {
    if (headers == null) {
      json.writeNullProperty("stream");
      return;
    }
    json.writeObjectPropertyStart("stream");
    json.writeNumberProperty("offset", headers.offset());
    json.writeNumberProperty("version", headers.image().version());
    json.writeStringProperty(
        "byte_order", headers.order() == ByteOrder.BIG_ENDIAN ? "big" : "little");
    json.writeStringProperty("domain", headers.domain().typeName());
    json.writeNumberProperty("page_shift", headers.domain().pageShift());
    json.writeNumberProperty("xen_major", Integer.toUnsignedLong(headers.domain().xenMajor()));
    json.writeNumberProperty("xen_minor", Integer.toUnsignedLong(headers.domain().xenMinor()));
    json.writeEndObject();
  }

  private static void memory(JsonGenerator json, ImageSummary.Memory memory) {
    json.writeObjectPropertyStart("memory");
    number(json, "populated_pfns", memory.populatedPfns());
    number(json, "highest_pfn", memory.highestPfn());
    number(json, "p2m_size", memory.p2mSize());
    number(json, "zero_pages", memory.zeroPages());
    json.writeObjectPropertyStart("entries");
    for (int type = 0; type < memory.entries().size(); type++) {
      if (memory.entries().get(type) > 0) {
        json.writeNumberProperty(PageType.name(type), memory.entries().get(type).longValue());
      }
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  /// A count where −1 stands for "not known".
  private static void number(JsonGenerator json, String name, long value) {
    if (value < 0) {
      json.writeNullProperty(name);
    } else {
      json.writeNumberProperty(name, value);
    }
  }

  private static void passes(JsonGenerator json, ImageSummary summary) {
    json.writeArrayPropertyStart("passes");
    for (ImageSummary.Pass pass : summary.passes()) {
      json.writeStartObject();
      json.writeNumberProperty("checkpoint", pass.checkpoint());
      json.writeBooleanProperty("verify", pass.verify());
      json.writeNumberProperty("batches", pass.batches());
      json.writeNumberProperty("entries", pass.entries());
      json.writeNumberProperty("pages", pass.pages());
      number(json, "resent", pass.resent());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberProperty("checkpoints", summary.checkpoints());
    json.writeBooleanProperty("ended", summary.ended());
  }

  private static void policies(JsonGenerator json, ImageSummary summary) {
    json.writeObjectPropertyStart("policies");
    MemorySegment leaves = summary.cpuidPolicy();
    CpuidPolicy cpuid = new CpuidPolicy(leaves);
    json.writeNumberProperty("cpuid_leaves", cpuid.leaves());
    Json.text(json, "vendor", cpuid.vendor());
    Json.text(json, "brand", cpuid.brand());
    json.writeNumberProperty("msrs", summary.msrPolicy().byteSize() / Blobs.MSR_ENTRY_SIZE);
    json.writeEndObject();
  }

  private static void tsc(
      JsonGenerator json, StreamRecord.@org.jspecify.annotations.Nullable TscInfo tsc) {
    if (tsc == null) {
      json.writeNullProperty("tsc");
      return;
    }
    json.writeObjectPropertyStart("tsc");
    json.writeNumberProperty("mode", Integer.toUnsignedLong(tsc.mode()));
    json.writeNumberProperty("khz", Integer.toUnsignedLong(tsc.khz()));
    json.writeStringProperty("nsec", Long.toUnsignedString(tsc.nsec()));
    json.writeNumberProperty("incarnation", Integer.toUnsignedLong(tsc.incarnation()));
    json.writeEndObject();
  }

  private static void emulators(JsonGenerator json, ImageSummary summary) {
    json.writeArrayPropertyStart("emulators");
    for (ImageSummary.Emulator emulator : summary.emulators()) {
      json.writeStartObject();
      json.writeStringProperty("emulator", LibxlRecord.emulatorName(emulator.id()));
      json.writeNumberProperty("index", Integer.toUnsignedLong(emulator.index()));
      number(json, "context_octets", emulator.contextOctets());
      number(json, "xenstore_octets", emulator.xenstoreOctets());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void sizes(JsonGenerator json, ImageSummary summary) {
    json.writeArrayPropertyStart("sizes");
    for (ImageSummary.Size size : summary.sizes()) {
      json.writeStartObject();
      json.writeStringProperty("record", size.name());
      json.writeNumberProperty("count", size.count());
      json.writeNumberProperty("octets", size.octets());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberProperty("page_size", Wire.PAGE_SIZE);
  }
}
