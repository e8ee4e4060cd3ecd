// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.GatheringByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.LayerWriter;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.Wire;
import org.xenstream.legacy.DeviceModel;
import org.xenstream.legacy.EmulatorState;
import org.xenstream.legacy.GuestKind;
import org.xenstream.legacy.LegacyConversion;
import org.xenstream.legacy.LegacyConversion.Target;
import org.xenstream.legacy.LegacyFacts;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.legacy.WordWidth;

/// Stands in for the program that libxl runs to restore a legacy image, with its arguments, its
/// output and its exit codes (`tools/python/scripts/convert-legacy-stream`,
/// `tools/libs/light/libxl_convert_callout.c`).
///
/// In the save helper's runtime image it is a program of its own ([#main]), without the libraries
/// of the tool: it touches no class that needs them.
///
/// What it is told of width and guest is a claim, which the content overrules: libxl tells its own
/// width, not that of the toolstack that saved.
final class LegacyStreamConverter {
  /// The name of the program, by which `bin/convert-legacy-stream` asks for it.
  static final String NAME = "convert-legacy-stream";

  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int BAD_USAGE = 2;

  private static final String USAGE =
      """
      Usage: convert-legacy-stream [options] -i INPUT -o OUTPUT -w WIDTH -g GUEST

      Convert a legacy stream to a v2 (or later) stream. Width and guest are told by
      the stream itself: what is said of them here is a claim that it may overrule.

      Options:
        --version             show program's version number and exit
        -h, --help            show this help message and exit
        -i <FD or FILE>, --in=<FD or FILE>
                              Legacy input to convert
        -o <FD or FILE>, --out=<FD or FILE>
                              v2 (or later) format output
        -w <32/64>, --width=<32/64>
                              Legacy toolstack bitness
        -g <pv/hvm>, --guest-type=<pv/hvm>
                              Type of guest in stream
        -f <libxc|libxl>, --format=<libxc|libxl>
                              Desired format of the outgoing stream (defaults to libxc)
        -v, --verbose         Summarise stream contents
        -x, --xl              Is an `xl` header present in the stream? (default no)
        --skip-qemu           Skip processing of the qemu tail? (default no)
        --syslog              Log to syslog instead of stdout
      """;

  private static final List<OptionWords.Option> OPTIONS =
      List.of(
          new OptionWords.Option('\0', "version", false, List.of()),
          new OptionWords.Option('h', "help", false, List.of()),
          new OptionWords.Option('i', "in", true, List.of()),
          new OptionWords.Option('o', "out", true, List.of()),
          new OptionWords.Option('w', "width", true, List.of("32", "64")),
          new OptionWords.Option('g', "guest-type", true, List.of("pv", "hvm")),
          new OptionWords.Option('f', "format", true, List.of("libxc", "libxl")),
          new OptionWords.Option('v', "verbose", false, List.of()),
          new OptionWords.Option('x', "xl", false, List.of()),
          new OptionWords.Option('\0', "skip-qemu", false, List.of()),
          new OptionWords.Option('\0', "syslog", false, List.of()));

  private final OptionWords options;
  private final SystemLog log;

  private LegacyStreamConverter(OptionWords options, Console console) {
    this.options = options;
    this.log =
        new SystemLog(
            console,
            NAME,
            options.has("verbose"),
            options.has("syslog"),
            "1".equals(options.value("out")));
  }

  /// Runs it, and ends the process with its exit code.
  ///
  /// @param arguments the command line, without the name of the program
  public static void main(String... arguments) throws IOException {
    Console console = Console.ofProcess();
    Console.end(console.written(run(console, arguments)));
  }

  /// Runs it.
  ///
  /// @return the exit code
  static int run(Console console, String... arguments) throws IOException {
    OptionWords options = new OptionWords(OPTIONS);
    try {
      options.parse(arguments);
    } catch (IllegalArgumentException e) {
      console
          .err()
          .println("Usage: convert-legacy-stream [options] -i INPUT -o OUTPUT -w WIDTH -g GUEST\n");
      console.err().println(NAME + ": error: " + Failure.text(e));
      return BAD_USAGE;
    }
    if (options.has("version") || options.has("help")) {
      console.out().print(options.has("help") ? USAGE : Version.line() + "\n");
      return DONE;
    }
    for (String needed : List.of("in", "out", "width", "guest-type")) {
      if (!options.has(needed)) {
        console.err().print(USAGE);
        return FAILED;
      }
    }
    LegacyStreamConverter converter = new LegacyStreamConverter(options, console);
    try {
      converter.convert();
      return DONE;
    } catch (IOException e) {
      converter.log.error(Failure.text(e));
    } catch (InternalError e) {
      converter.log.error("the file was shortened while it was read");
    } catch (OutOfMemoryError | StackOverflowError e) {
      converter.log.error(String.valueOf(Failure.exhausted(e)));
    } finally {
      converter.log.close();
    }
    return FAILED;
  }

  private void convert() throws IOException {
    ScratchOptions scratch = ScratchOptions.of(System.getenv());
    try {
      convert(scratch);
    } catch (ScratchException e) {
      throw scratch.explained(e);
    }
  }

  private void convert(ScratchOptions scratch) throws IOException {
    String in = value("in");
    int number = number(in);
    try (ImageReader reader =
        number < 0
            // `Images` itself reads command lines
            ? new Images.Named(in, Limits.DEFAULT).open()
            : ImageReader.of(InheritedDescriptor.read(number), Limits.DEFAULT)) {
      LegacyImage image = LegacyImage.find(reader);
      try (LegacySource source =
          LegacySource.open(reader.input(), options(scratch), note -> log.error(note.toString()))) {
        tell(source.facts());
        write(image, source);
      }
    }
  }

  /// The arguments are libxl's: where scratch files are made, the environment says.
  private LegacyOptions options(ScratchOptions scratch) {
    return LegacyOptions.builder()
        .toolstackWidth("32".equals(value("width")) ? WordWidth.BITS_32 : WordWidth.BITS_64)
        .guestKind("pv".equals(value("guest-type")) ? GuestKind.PV : GuestKind.HVM)
        .deviceModel(takesDeviceModel())
        .pages(PagesShown.LEFT_IN_INPUT)
        .scratchFolder(scratch.folder())
        .scratchLimit(scratch.limit())
        .build();
  }

  private boolean takesDeviceModel() {
    return !options.has("skip-qemu") || target() == Target.LIBXL;
  }

  private Target target() {
    return "libxl".equals(options.value("format")) ? Target.LIBXL : Target.LIBXC;
  }

  private void write(LegacyImage image, LegacySource source) throws IOException {
    String out = value("out");
    int number = number(out);
    if (number >= 0) {
      try (GatheringByteChannel channel = InheritedDescriptor.write(number)) {
        write(image, source, channel);
      }
      behind(image);
      return;
    }
    try (OutputFile file = OutputFile.open(out)) {
      write(image, source, file.channel());
      behind(image);
      file.commit();
    }
  }

  /// Tells what stands behind the image in a file. A pipe or a socket is not read on: whoever
  /// migrates keeps it open and waits for an answer before it sends more, which is for others to
  /// read (`migrate_receive` in `xl_migrate.c`).
  private void behind(LegacyImage image) throws IOException {
    if (image.reader().source().size() >= 0 && takesDeviceModel()) {
      image.behind(log::error);
    }
  }

  private void write(LegacyImage image, LegacySource source, GatheringByteChannel out)
      throws IOException {
    if (options.has("xl")) {
      header(image, source, out);
    }
    long records = 0;
    try (LegacyConversion conversion =
        LegacyConversion.begin(source, image.reader().input(), out, target())) {
      while (conversion.step()) {
        records++;
      }
    }
    DeviceModel model = source.deviceModel();
    EmulatorState state = model == null ? null : model.state();
    if (target() == Target.LIBXC && state != null) {
      deviceModel(state, out);
    }
    log.info(
        "%d records, device model %s"
            .formatted(records, state == null ? "none" : Units.octets(state.length())));
  }

  private void header(LegacyImage image, LegacySource source, GatheringByteChannel out)
      throws IOException {
    LegacyImage.Config config = image.config(source.facts().guestKind() == GuestKind.HVM);
    if (config == null) {
      throw new IOException(
          image.reader().name() + ": no xl header, though -x says that there is one");
    }
    config.notes().forEach(note -> log.error("xend's configuration: " + note));
    config.write(new LayerWriter(out), target() == Target.LIBXL);
  }

  /// Of a bare libxc stream the device model's state stands behind it as in the legacy image.
  private static void deviceModel(EmulatorState state, GatheringByteChannel out)
      throws IOException {
    MemorySegment head = MemorySegment.ofArray(new byte[25]);
    head.copyFrom(
        MemorySegment.ofArray("DeviceModelRecord0002".getBytes(StandardCharsets.US_ASCII)));
    Wire.putU32(head, 21, (int) state.length(), ByteOrder.LITTLE_ENDIAN);
    ByteBuffer octets = head.asByteBuffer();
    while (octets.hasRemaining()) {
      out.write(octets);
    }
    state.writeTo(out);
  }

  private void tell(LegacyFacts facts) {
    log.info(
        "%s toolstack, %s%s, p2m of 0x%x pfns"
            .formatted(
                facts.toolstackWidth(),
                facts.guestWidth() == null ? "" : facts.guestWidth() + " ",
                facts.guestKind(),
                facts.p2mSize()));
  }

  private String value(String name) {
    return Objects.requireNonNull(options.value(name));
  }

  /// A descriptor's number, or −1 for the name of a file.
  private static int number(String text) {
    return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
  }
}
