// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.LegacyProbe;
import org.xenstream.core.envelope.LegacyReading;
import org.xenstream.core.envelope.LegacyRemark;
import org.xenstream.core.envelope.LegacyTranslator;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MemoryRuns;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamHeaders;

/// Lets the core's reader of images read on through a legacy image: the service provider.
public final class LegacyReader implements LegacyTranslator {
  /// For `java.util.ServiceLoader`.
  public LegacyReader() {}

  @Override
  public LegacyTranslator.Translation open(
      OctetInput input, LegacyReading reading, Limits limits, PagesShown pages) throws IOException {
    List<LegacyRemark> remarks = new ArrayList<>();
    LegacyOptions options =
        LegacyOptions.builder()
            .checkpoints(reading.everyCheckpoint() ? Checkpoints.KEEP : Checkpoints.LAST)
            .scratchFolder(reading.scratchFolder())
            .scratchLimit(reading.scratchLimit())
            .limits(limits)
            .pages(shown(input, pages))
            .build();
    return new Reading(LegacySource.open(input, options, note -> gather(note, remarks)), remarks);
  }

  /// Page tables are in view where the guest may have some.
  private static PagesShown shown(OctetInput input, PagesShown pages) throws IOException {
    if (pages != PagesShown.TABLES_IN_VIEW) {
      return pages == PagesShown.READ ? PagesShown.IN_VIEW : pages;
    }
    Layer.LegacyImage image = LegacyProbe.probe(input.peek(LegacyProbe.WANTED));
    return image == null || image.pv() ? PagesShown.IN_VIEW : PagesShown.LEFT_IN_INPUT;
  }

  private static void gather(LegacyNote note, List<LegacyRemark> remarks) {
    LegacyRemark.Kind kind =
        switch (note.kind()) {
          case GUESSED -> LegacyRemark.Kind.GUESSED;
          case BLOCK_SKIPPED -> LegacyRemark.Kind.BLOCK_SKIPPED;
          case TMEM_SKIPPED -> LegacyRemark.Kind.TMEM_SKIPPED;
          case CHUNK_SKIPPED -> LegacyRemark.Kind.CHUNK_SKIPPED;
          case INCOMPLETE_CHECKPOINT -> LegacyRemark.Kind.INCOMPLETE_CHECKPOINT;
          case NO_DEVICE_MODEL -> LegacyRemark.Kind.NO_DEVICE_MODEL;
          case ODDITY -> LegacyRemark.Kind.ODDITY;
          case SCRATCH_FILE -> LegacyRemark.Kind.SCRATCH_FILE;
          // No claim is made, and checkpoints are given as asked for.
          case CLAIM_OVERRULED, CHECKPOINTS -> null;
        };
    if (kind != null) {
      remarks.add(new LegacyRemark(kind, note.location(), note.text()));
    }
  }

  private record Reading(LegacySource source, List<LegacyRemark> gathered)
      implements LegacyTranslator.Translation {
    @Override
    public List<LegacyRemark> remarks() {
      if (gathered.isEmpty()) {
        return List.of();
      }
      List<LegacyRemark> since = List.copyOf(gathered);
      gathered.clear();
      return since;
    }

    @Override
    public @Nullable Emulator emulator() throws IOException {
      DeviceModel model = source.deviceModel();
      if (model == null || model.isEmpty()) {
        return null;
      }
      EmulatorState state = model.state();
      return new Emulator(
          model.xenstoreData(), state == null ? null : state.record(), model.offset());
    }

    @Override
    public String name() {
      return source.name();
    }

    @Override
    public StreamHeaders headers() {
      return source.headers();
    }

    @Override
    public @Nullable Framed next() throws IOException {
      return source.next();
    }

    @Override
    public void takePages(Framed batch, MemoryRuns into) throws IOException {
      source.takePages(batch, into);
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }
}
