// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A version 2 stream seen as a version 3 one: STATIC_DATA_END stands before the first
/// X86_PV_P2M_FRAMES or PAGE_DATA (specification, "v3 compat with v2"; `handle_page_data` in
/// `xg_sr_restore.c` and `handle_x86_pv_p2m_frames` in `xg_sr_restore_x86_pv.c`).
///
/// A version 3 stream, and a version 2 one that carries the record itself, pass unchanged. The
/// record that is put in has the place and the index of the one before which it stands.
public final class InferStaticDataEnd implements RecordSource {
  private final RecordSource source;
  private final StreamHeaders headers;
  private boolean seen;
  private @Nullable Framed held;

  /// @param source closed with this one
  public InferStaticDataEnd(RecordSource source) {
    this.source = source;
    StreamHeaders given = source.headers();
    ImageHeader image = given.image();
    this.seen = image.version() >= ImageHeader.V3;
    this.headers =
        new StreamHeaders(
            given.offset(),
            new ImageHeader(
                Math.max(image.version(), ImageHeader.V3), image.options(), image.reserved()),
            given.domain());
  }

  /// Tells whether the static data of a version 2 stream end before the first record of this type.
  public static boolean standsBefore(int type) {
    return type == RecordType.PAGE_DATA.code() || type == RecordType.X86_PV_P2M_FRAMES.code();
  }

  private MemorySegment staticDataEnd() {
    MemorySegment octets = MemorySegment.ofArray(new byte[Wire.RECORD_HEADER]);
    Wire.putU32(octets, 0, RecordType.STATIC_DATA_END.code(), headers.order());
    return octets;
  }

  @Override
  public String name() {
    return source.name();
  }

  @Override
  public StreamHeaders headers() {
    return headers;
  }

  @Override
  public @Nullable Framed next() throws IOException {
    if (held != null) {
      Framed waiting = held;
      held = null;
      return waiting;
    }
    Framed framed = source.next();
    if (framed == null || seen) {
      return framed;
    }
    int type = framed.frame().type();
    if (type == RecordType.STATIC_DATA_END.code()) {
      seen = true;
    } else if (standsBefore(type)) {
      seen = true;
      held = framed;
      Frame at = framed.frame();
      return new Framed(
          new Frame(at.offset(), at.index(), RecordType.STATIC_DATA_END.code(), staticDataEnd(), 0),
          new StreamRecord.StaticDataEnd());
    }
    return framed;
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
