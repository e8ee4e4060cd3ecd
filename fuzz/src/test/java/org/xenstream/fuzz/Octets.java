// SPDX-License-Identifier: Apache-2.0
package org.xenstream.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.PoisonedInput;

/// What the fuzzer gives: one octet that chooses how, then what is read.
///
/// @param choice 0 to 255
/// @param rest the octets behind it
@SuppressWarnings("ArrayRecordComponent") // never compared
record Octets(int choice, byte[] rest) {
  private static final Path FILE = temporary();

  static Octets of(byte[] data) {
    return data.length == 0
        ? new Octets(0, data)
        : new Octets(Byte.toUnsignedInt(data[0]), Arrays.copyOfRange(data, 1, data.length));
  }

  /// The rest as the choice has it: mapped (when its lowest bit is set), or from a channel that
  /// gives at most so many octets at a time; views that are kept too long are poisoned.
  OctetInput input() {
    return new PoisonedInput((choice & 1) != 0 ? mapped() : channel(choice / 2 + 1));
  }

  /// The rest at once.
  OctetInput whole() {
    return channel(1 << 20);
  }

  private OctetInput channel(int longest) {
    return new ChannelInput("a.img", ChunkedChannel.of(rest, longest, choice));
  }

  private OctetInput mapped() {
    try {
      FileChannel channel =
          FileChannel.open(
              FILE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING);
      channel.write(ByteBuffer.wrap(rest), 0);
      return MappedInput.of("a.img", channel);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path temporary() {
    try {
      Path file = Files.createTempFile("xenstream-fuzz", ".img");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
