// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.envelope.ImageItem;
import org.xenstream.core.envelope.ImageReader;
import org.xenstream.core.envelope.ScratchException;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.core.verify.Judge;
import org.xenstream.core.verify.Verdict;
import picocli.CommandLine.ParseResult;

/// One pass over an image: the judge sees every item, and whoever else wants to.
final class Judging {
  /// Who looks at the items as well.
  interface Looker {
    /// Which pages it wants to see.
    PagesShown pagesWanted();

    /// Sees an item; keeps no view of it.
    void see(ImageItem item, OctetInput input) throws IOException;

    /// There are no more items; the image can still be read.
    ///
    /// @param followed whether its structure could be followed to its end
    void end(boolean followed) throws IOException;
  }

  private Judging() {}

  /// Reads an image as far as its structure can be followed.
  ///
  /// @param task what is done, in a word, for the progress bar
  /// @param scratch where a legacy image may have scratch files
  /// @param looker who else looks, or null
  /// @throws IOException when the image cannot be read; it is named
  static Verdict run(
      Images.Named image,
      String task,
      Judge.Options options,
      ScratchOptions scratch,
      Console console,
      @Nullable Looker looker)
      throws IOException {
    try (ImageReader reader =
        image.open(
            looker == null ? PagesShown.TABLES_IN_VIEW : looker.pagesWanted(),
            scratch.reading(true))) {
      Judge judge = new Judge(image.name(), options);
      boolean followed = follow(reader, task, judge, console, looker);
      if (looker != null) {
        looker.end(followed);
      }
      return judge.end();
    } catch (StreamFormatException | FileSystemException e) {
      throw e;
    } catch (ScratchException e) {
      throw new IOException(image.name() + ": " + Failure.text(scratch.explained(e)), e);
    } catch (IOException e) {
      // What the system says of a read names no file.
      throw new IOException(image.name() + ": " + Failure.text(e), e);
    } catch (InternalError e) {
      throw new IOException(image.name() + ": the file was shortened while it was read", e);
    } catch (OutOfMemoryError | StackOverflowError e) {
      // What it held is free again: the next image may take less.
      throw new IOException(image.name() + ": " + Failure.exhausted(e), e);
    }
  }

  /// Tells that an image cannot be read.
  static void unread(Images.Named image, IOException why, ParseResult arguments, Console console) {
    String problem = Failure.text(why);
    console.complain(problem);
    if (Verb.has(arguments, "--json")) {
      Json.line(
          console,
          json -> {
            json.writeStringProperty("image", image.name());
            json.writeStringProperty("verdict", "not judged");
            json.writeStringProperty("problem", problem);
          });
    }
  }

  /// Has the items seen.
  ///
  /// @return whether the structure could be followed to its end
  private static boolean follow(
      ImageReader reader, String task, Judge judge, Console console, @Nullable Looker looker)
      throws IOException {
    try (Progress progress = new Progress(console, task, reader.source())) {
      for (ImageItem item = reader.next(); item != null; item = reader.next()) {
        judge.see(item);
        ScratchOptions.tell(item, console);
        if (looker != null) {
          looker.see(item, reader.input());
        }
        progress.step();
      }
      return true;
    } catch (StreamFormatException fault) {
      judge.fault(fault);
      return false;
    }
  }
}
