// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/// `--config FILE`: the domain's configuration that an xl save file gets, in place of the image's
/// own. It is held against the same limit as one in an image: a device never ends.
final class ConfigFile {
  static final String OPTION = "--config";

  private ConfigFile() {}

  /// The text of the file that the option names, or null where it is not given.
  ///
  /// @throws IOException when it cannot be read, is longer than the limit, or is no text
  static @Nullable String read(ParseResult arguments) throws IOException {
    String file = arguments.matchedOptionValue(OPTION, (String) null);
    if (file == null) {
      return null;
    }
    byte[] octets = read(file, LimitOption.of(arguments).maxConfigLength());
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
  }

  private static byte[] read(String file, long most) throws IOException {
    byte[] octets;
    try (InputStream in = Files.newInputStream(FileName.path(file))) {
      octets = in.readNBytes(Math.toIntExact(most + 1));
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      // What the system says of a read names no file.
      throw new FileSystemException(file, null, e.getMessage());
    }
    if (octets.length > most) {
      throw new IOException(
          "%s @0x%x (%s): expected a configuration of up to %s, found more (--limit config=SIZE)"
              .formatted(file, most, OPTION, Units.octets(most)));
    }
    return octets;
  }
}
