// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.envelope;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.Wire;

/// A legacy image: named, then read through its translation into the records of a modern stream.
/// Where nobody translates, or somebody took the octets while the layer was shown, it ends there.
///
/// The translation passes over the input itself: an item of it has no octets of its own.
final class LegacyStage implements Stage {
  private static final int EMULATOR_HEADER = 8;

  private final ImageReader image;
  private final String inside;
  private final Deque<ImageItem> pending = new ArrayDeque<>();
  private boolean named;
  private long begin;
  private boolean ended;
  private LegacyTranslator.@Nullable Translation translation;
  private @Nullable StreamFormatException fault;
  private long emulators;

  /// @param inside what it is inside of, for messages: "image" when nothing is around it
  LegacyStage(ImageReader image, String inside) {
    this.image = image;
    this.inside = inside;
  }

  @Override
  public @Nullable ImageItem next() throws IOException {
    if (!named) {
      return name();
    }
    if (translation == null && !ended) {
      open();
    } else if (pending.isEmpty() && fault == null && !ended && translation != null) {
      step(translation);
    }
    ImageItem item = pending.poll();
    if (item == null && fault != null) {
      throw fault;
    }
    return item;
  }

  private ImageItem name() throws IOException {
    named = true;
    MemorySegment first = image.input().peek(LegacyProbe.WANTED);
    Layer.LegacyImage legacy = LegacyProbe.probe(first);
    if (legacy == null && inside.equals("image")) {
      throw image.notAnImage(
          "an image of a known kind", "octets that no kind of image begins with");
    }
    if (legacy == null) {
      throw image.signature(
          first.byteSize() == 0 ? Fault.TRUNCATED : Fault.MALFORMED_LAYER,
          0,
          "a legacy image in " + inside,
          switch (Signature.of(first)) {
            case EMPTY -> "the end";
            case LIBXL -> "a libxl stream";
            case LIBXC -> "a libxc stream";
            default -> "octets that no kind of image begins with";
          });
    }
    begin = image.input().position();
    return new ImageItem.LayerFound(begin, 0, legacy);
  }

  private void open() throws IOException {
    LegacyTranslator translator = find();
    if (translator == null) {
      image.input().advance(ImageItem.TO_THE_END);
    }
    if (translator == null || image.input().position() != begin) {
      ended = true;
      return;
    }
    LegacyTranslator.Translation opened =
        translator.open(image.input(), image.reading(), image.limits(), image.pages());
    translation = opened;
    remarks(opened);
    pending.add(new ImageItem.LibxcBegins(opened.headers()));
  }

  private static @Nullable LegacyTranslator find() {
    return ServiceLoader.load(LegacyTranslator.class).findFirst().orElse(null);
  }

  private void step(LegacyTranslator.Translation from) throws IOException {
    Framed framed = null;
    try {
      framed = from.next();
      ended = framed == null;
    } catch (StreamFormatException e) {
      fault = e;
    }
    remarks(from);
    if (framed != null) {
      pending.add(new ImageItem.Libxc(framed, image.input().position()));
    }
    if (ended || (framed != null && framed.record() instanceof StreamRecord.Checkpoint)) {
      LegacyTranslator.Emulator emulator = from.emulator();
      if (emulator != null) {
        emulator(emulator);
      }
    }
  }

  private void remarks(LegacyTranslator.Translation from) {
    for (LegacyRemark remark : from.remarks()) {
      pending.add(new ImageItem.Remarked(remark));
    }
  }

  /// What Xen's converter writes behind the libxc stream.
  private void emulator(LegacyTranslator.Emulator emulator) {
    MemorySegment data = emulator.xenstoreData();
    if (data.byteSize() > 0) {
      int type = LibxlRecord.TYPE_EMULATOR_XENSTORE_DATA;
      pending.add(
          new ImageItem.Libxl(
              frame(type, record(type, data), emulator.offset()),
              new LibxlRecord.EmulatorXenstoreData(0, 0, data)));
    }
    MemorySegment context = emulator.context();
    if (context != null) {
      LibxlFrame frame = frame(LibxlRecord.TYPE_EMULATOR_CONTEXT, context, emulator.offset());
      pending.add(
          new ImageItem.Libxl(
              frame, new LibxlRecord.EmulatorContext(0, 0, frame.body().asSlice(EMULATOR_HEADER))));
    }
  }

  private static MemorySegment record(int type, MemorySegment rest) {
    long length = EMULATOR_HEADER + rest.byteSize();
    MemorySegment octets =
        MemorySegment.ofArray(new byte[(int) (Wire.RECORD_HEADER + length + Wire.padding(length))]);
    Wire.putU32(octets, 0, type, ByteOrder.LITTLE_ENDIAN);
    Wire.putU32(octets, 4, (int) length, ByteOrder.LITTLE_ENDIAN);
    MemorySegment.copy(rest, 0, octets, Wire.RECORD_HEADER + EMULATOR_HEADER, rest.byteSize());
    return octets;
  }

  private LibxlFrame frame(int type, MemorySegment octets, long offset) {
    long length = Integer.toUnsignedLong(Wire.u32(octets, 4, ByteOrder.LITTLE_ENDIAN));
    return new LibxlFrame(offset, emulators++, type, octets, length);
  }

  /// Moves pages of the PAGE_DATA shown last, see [org.xenstream.core.format.RecordSource].
  void takePages(Framed batch, MemoryRuns into) throws IOException {
    if (translation == null) {
      throw new StreamFormatException(
          Fault.MISPLACED,
          Location.of(image.name(), begin, "legacy", "image", null),
          "a record",
          "none yet");
    }
    translation.takePages(batch, into);
  }

  /// Deletes what the translation keeps in files.
  void close() throws IOException {
    if (translation != null) {
      translation.close();
    }
  }
}
