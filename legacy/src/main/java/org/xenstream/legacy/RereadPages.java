// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.PageType;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamRecord;

/// Pages that came before compression began, out of an image that is a file: it is read once more
/// up to there, when the first of them is asked for.
///
/// Nothing that Xen's saver wrote ever needs it; see [CompressedPages].
final class RereadPages implements EarlierPages {
  private final FileChannel file;
  private final String name;
  private final long bodyBegin;
  private final Layout layout;
  private final Limits limits;
  private boolean read;

  /// @param file its position is not used
  /// @param bodyBegin where the first chunk is
  RereadPages(FileChannel file, String name, long bodyBegin, Layout layout, Limits limits) {
    this.file = file;
    this.name = name;
    this.bodyBegin = bodyBegin;
    this.layout = layout;
    this.limits = limits;
  }

  @Override
  public boolean find(long pfn, PageStore store) throws IOException {
    if (!read) {
      read = true;
      try (Arena arena = Arena.ofShared();
          ChannelInput input = new ChannelInput(name, new FromPlace(file, bodyBegin), bodyBegin)) {
        readAll(input, arena, store);
      }
    }
    return store.has(pfn);
  }

  private void readAll(ChannelInput input, Arena arena, PageStore store) throws IOException {
    LegacyCursor in = new LegacyCursor(input, limits, layout.toolstack());
    Notes notes = new Notes(LegacyListener.NONE, false);
    GuestState guest = new GuestState(layout, notes, false);
    Framer framer = new Framer(name);
    PageFrames frames = new PageFrames(arena);
    CompressedPages none = new CompressedPages(in, frames, store, EarlierPages.NONE, false, arena);
    StateReader body = new StateReader(in, layout, guest, framer, frames, notes, none);
    PfnBits compressed = store.present();
    while (!body.isCompressing()) {
      boolean verifying = false;
      for (Framed framed = body.next(PagesShown.IN_VIEW);
          framed != null;
          framed = body.next(PagesShown.IN_VIEW)) {
        verifying |= framed.record() instanceof StreamRecord.Verify;
        if (!verifying && framed.record() instanceof StreamRecord.PageData data) {
          keep(data, in, compressed, store);
        }
      }
      if (body.isCompressing()) {
        return;
      }
      Tail tail = Tail.of(in, layout, guest, framer, notes);
      while (tail.next() != null) {}
      if (!layout.isPv()) {
        DeviceModelTail.read(in, null, false);
      }
    }
  }

  /// Keeps the pages of a record, but those that came compressed since.
  private static void keep(
      StreamRecord.PageData data, LegacyCursor in, PfnBits compressed, PageStore store)
      throws IOException {
    long page = 0;
    for (int i = 0; i < data.entries().count(); i++) {
      if (PageType.hasData(data.entries().type(i))) {
        long pfn = data.entries().pfn(i);
        if (!compressed.has(pfn)) {
          store.write(pfn, data.pages().page(page), in.at(in.position(), "batch", "pages"));
        }
        page++;
      }
    }
  }

  /// A file from some place on, without its position.
  private static final class FromPlace implements ReadableByteChannel {
    private final FileChannel file;
    private long at;

    FromPlace(FileChannel file, long at) {
      this.file = file;
      this.at = at;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      int got = file.read(into, at);
      at += Math.max(got, 0);
      return got;
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() {}
  }
}
