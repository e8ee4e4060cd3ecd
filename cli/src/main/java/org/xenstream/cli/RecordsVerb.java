// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.envelope.LegacyRemark;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Frame;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamHeaders;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;
import org.xenstream.insight.RecordFields;
import org.xenstream.x86.Decoded;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// `records`: shows every record, decoded to its fields.
final class RecordsVerb implements Verb {
  @Override
  public CommandSpec spec() {
    CommandSpec spec =
        Verb.spec("records", "Shows every record of an image, decoded to its fields.");
    spec.usageMessage()
        .exitCodeList(
            java.util.Map.of(
                "0", "the image was read to its end",
                "1", "its structure cannot be followed",
                "2", "it cannot be opened or is none, or bad usage"));
    RecordSelection.addTo(spec);
    spec.addOption(Verb.flag("--brief", "One line a record, without its fields."));
    spec.addOption(Verb.flag("--hex", "Show the octets of each body, too (at most 1 MiB)."));
    spec.addOption(
        Verb.flag("--json", "Write one JSON object a line for each record (docs/json.md)."));
    LimitOption.addTo(spec);
    ScratchOptions.addTo(spec, "");
    spec.addPositional(Verb.file("0", "IMAGE", "A file, or '-' for standard input."));
    return Verb.own(this, spec);
  }

  @Override
  public int run(ParseResult arguments, Console console) throws IOException {
    String name = arguments.matchedPositionalValue(0, "-");
    RecordSelection selection = RecordSelection.of(arguments);
    Printer printer = new Printer(arguments, console);
    int guestWidth = 0;
    ScratchOptions scratch = ScratchOptions.of(arguments);
    LegacyReading legacy = scratch.reading(true);
    try (ImageReader reader =
        new Images.Named(name, LimitOption.of(arguments)).open(PagesShown.IN_VIEW, legacy)) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        if (console.out().checkError()) {
          return SOUND; // nobody reads any more
        }
        ScratchOptions.tell(item, console);
        switch (item) {
          case ImageItem.LayerFound found -> {
            if (selection.isEverything()) {
              printer.layer(found.offset(), found.layer());
            }
          }
          case ImageItem.LibxcBegins(var headers) -> {
            if (selection.isEverything()) {
              printer.headers(headers);
            }
          }
          case ImageItem.Libxc(var framed, _) -> {
            if (framed.record() instanceof StreamRecord.PvInfo info) {
              guestWidth = info.guestWidth();
            }
            if (selection.has(framed.frame())) {
              printer.libxc(framed, guestWidth);
            }
          }
          case ImageItem.Libxl(var frame, var record) -> {
            if (selection.hasLibxl(frame)) {
              printer.record(
                  "libxl",
                  frame.offset(),
                  frame.index(),
                  frame.type(),
                  frame.typeName(),
                  frame.length(),
                  frame.body(),
                  RecordFields.of(record));
            }
          }
          case ImageItem.Remarked(var remark) -> {
            if (selection.isEverything() && remark.kind() != LegacyRemark.Kind.SCRATCH_FILE) {
              printer.remark(remark);
            }
          }
          case ImageItem.Trailing(long offset, long length) -> {
            if (selection.isEverything()) {
              printer.trailing(offset, length);
            }
          }
        }
      }
      return SOUND;
    } catch (ScratchException e) {
      throw new IOException(name + ": " + Failure.text(scratch.explained(e)), e);
    } catch (InternalError e) {
      throw new IOException(name + ": the file was shortened while it was read", e);
    }
  }

  /// Writes records as text or as JSON.
  private static final class Printer {
    private final Console console;
    private final boolean json;
    private final boolean brief;
    private final boolean hex;

    Printer(ParseResult arguments, Console console) {
      this.console = console;
      this.json = Verb.has(arguments, "--json");
      this.brief = Verb.has(arguments, "--brief");
      this.hex = Verb.has(arguments, "--hex");
    }

    void layer(long offset, Layer layer) {
      if (json) {
        Json.line(
            console,
            out -> {
              out.writeStringProperty("kind", "layer");
              out.writeNumberProperty("offset", offset);
              out.writeStringProperty("layer", layer.title());
            });
      } else {
        console.out().printf("@0x%08x  %s%n", offset, console.bold(layer.title()));
      }
    }

    void headers(StreamHeaders headers) {
      if (json) {
        Json.line(
            console,
            out -> {
              out.writeStringProperty("kind", "headers");
              out.writeNumberProperty("offset", headers.offset());
              out.writeNumberProperty("version", headers.image().version());
              out.writeNumberProperty("options", headers.image().options());
              out.writeStringProperty("domain", headers.domain().typeName());
              out.writeNumberProperty("page_shift", headers.domain().pageShift());
              out.writeNumberProperty(
                  "xen_major", Integer.toUnsignedLong(headers.domain().xenMajor()));
              out.writeNumberProperty(
                  "xen_minor", Integer.toUnsignedLong(headers.domain().xenMinor()));
            });
      } else {
        console
            .out()
            .printf(
                "@0x%08x  %s%n",
                headers.offset(),
                console.bold(
                    "libxc stream v%d, %s, page shift %d, Xen %s.%s"
                        .formatted(
                            headers.image().version(),
                            headers.domain().typeName(),
                            headers.domain().pageShift(),
                            Integer.toUnsignedString(headers.domain().xenMajor()),
                            Integer.toUnsignedString(headers.domain().xenMinor()))));
      }
    }

    void libxc(Framed framed, int guestWidth) {
      record(
          "libxc",
          framed.frame().offset(),
          framed.frame().index(),
          framed.frame().type(),
          framed.frame().typeName(),
          framed.frame().length(),
          hex ? body(framed) : MemorySegment.NULL,
          brief ? List.of() : RecordFields.of(framed.record(), guestWidth));
    }

    void record(
        String layer,
        long offset,
        long index,
        int type,
        String name,
        long length,
        MemorySegment body,
        List<Decoded> fields) {
      if (json) {
        Json.line(
            console,
            out -> {
              out.writeStringProperty("kind", "record");
              out.writeStringProperty("layer", layer);
              out.writeNumberProperty("offset", offset);
              out.writeNumberProperty("index", index);
              out.writeNumberProperty("type", Integer.toUnsignedLong(type));
              out.writeStringProperty("name", name);
              out.writeNumberProperty("length", length);
              if (!brief) {
                out.writeName("fields");
                Json.fields(out, fields);
              }
              if (hex) {
                out.writeStringProperty("hex", Json.hex(body));
              }
            });
        return;
      }
      String number = (layer.equals("libxc") ? "" : layer + " ") + "#" + index;
      console
          .out()
          .printf(
              "@0x%08x  %-6s %s  %s%n",
              offset, number, console.bold(name), Units.plural(length, "octet"));
      if (!brief) {
        for (Decoded field : fields) {
          FieldText.print(console.out(), field, 1);
        }
      }
      if (hex) {
        FieldText.dump(console.out(), body);
      }
    }

    /// The octets of a record's body as they would stand in a modern stream: those of a legacy
    /// image's pages lie apart from the rest.
    private static MemorySegment body(Framed framed) {
      Frame frame = framed.frame();
      long held = frame.octets().byteSize() - Wire.RECORD_HEADER;
      if (held >= frame.length()
          || !(framed.record() instanceof StreamRecord.PageData(_, var pages))) {
        return frame.body();
      }
      MemorySegment whole = MemorySegment.ofArray(new byte[(int) frame.length()]);
      MemorySegment.copy(frame.octets(), Wire.RECORD_HEADER, whole, 0, held);
      long at = held;
      for (MemorySegment run : pages.runs()) {
        MemorySegment.copy(run, 0, whole, at, run.byteSize());
        at += run.byteSize();
      }
      return whole;
    }

    /// What the translation of a legacy image has to say.
    void remark(LegacyRemark remark) {
      if (json) {
        Json.line(
            console,
            out -> {
              out.writeStringProperty("kind", "remark");
              out.writeNumberProperty("offset", remark.location().offset());
              out.writeStringProperty("place", remark.location().what());
              out.writeStringProperty("text", remark.text());
            });
      } else {
        console
            .out()
            .printf(
                "@0x%08x  %s: %s%n",
                remark.location().offset(), remark.location().what(), console.faint(remark.text()));
      }
    }

    void trailing(long offset, long length) {
      if (json) {
        Json.line(
            console,
            out -> {
              out.writeStringProperty("kind", "trailing");
              out.writeNumberProperty("offset", offset);
              out.writeNumberProperty("length", length);
            });
      } else {
        console
            .out()
            .printf(
                "@0x%08x  %s behind the end%n",
                offset, length < 0 ? "octets" : Units.plural(length, "octet"));
      }
    }
  }
}
