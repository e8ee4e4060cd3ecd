// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.util.Arrays;
import java.util.List;
import org.xenstream.transfer.StreamType;

/// What libxl asks for when it runs a save helper (`tools/libs/light/libxl_save_callout.c`): the
/// words of its command line, all numbers in decimal.
sealed interface HelperArguments {
  /// `--save-domain IO_FD RECV_FD DOMID XCFLAGS CBFLAGS STREAM_TYPE`.
  ///
  /// @param stream where the stream is written, behind what libxl has written
  /// @param backChannel where a COLO secondary's dirty pfns are read; any number otherwise
  /// @param flags `XCFLAGS_*`
  /// @param callbacks which messages libxl answers, see [LibxlMessage#bit]
  record Save(int stream, int backChannel, int domid, int flags, int callbacks, StreamType type)
      implements HelperArguments {
    /// The guest runs while most of it is saved (`XCFLAGS_LIVE`).
    static final int LIVE = 1;

    /// All memory is sent again to be compared (`XCFLAGS_DEBUG`).
    static final int DEBUG = 2;
  }

  /// `--restore-domain IO_FD SEND_BACK_FD DOMID STORE_EVTCHN STORE_DOMID CONSOLE_EVTCHN
  /// CONSOLE_DOMID CBFLAGS STREAM_TYPE`.
  ///
  /// @param stream where the stream is read, and libxl reads on behind it
  /// @param backChannel where dirty pfns are written in COLO; −1 or any number otherwise
  /// @param callbacks which messages libxl answers, see [LibxlMessage#bit]
  record Restore(
      int stream,
      int backChannel,
      int domid,
      int storeEventChannel,
      int storeDomid,
      int consoleEventChannel,
      int consoleDomid,
      int callbacks,
      StreamType type)
      implements HelperArguments {}

  /// Which messages libxl answers.
  int callbacks();

  /// Reads a command line.
  ///
  /// @throws IllegalArgumentException when it is none of libxl's; says which word is wrong
  static HelperArguments parse(String... words) {
    List<String> names =
        switch (words.length == 0 ? "" : words[0]) {
          case "--save-domain" ->
              List.of("IO_FD", "RECV_FD", "DOMID", "XCFLAGS", "CBFLAGS", "STREAM_TYPE");
          case "--restore-domain" ->
              List.of(
                  "IO_FD",
                  "SEND_BACK_FD",
                  "DOMID",
                  "STORE_EVTCHN",
                  "STORE_DOMID",
                  "CONSOLE_EVTCHN",
                  "CONSOLE_DOMID",
                  "CBFLAGS",
                  "STREAM_TYPE");
          default ->
              throw new IllegalArgumentException(
                  "argument 1: expected --save-domain or --restore-domain, found "
                      + (words.length == 0 ? "nothing" : words[0]));
        };
    if (words.length != names.size() + 1) {
      throw new IllegalArgumentException(
          "%s: expected %s, found %s"
              .formatted(
                  words[0],
                  String.join(" ", names),
                  words.length == 1
                      ? "nothing"
                      : String.join(" ", Arrays.copyOfRange(words, 1, words.length))));
    }
    int[] numbers = new int[names.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(names.get(i), words[i + 1]);
    }
    if (numbers[0] < 0) {
      throw new IllegalArgumentException("IO_FD: expected a descriptor, found " + words[1]);
    }
    StreamType type = type(numbers[numbers.length - 1]);
    return names.size() == 6
        ? new Save(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], type)
        : new Restore(
            numbers[0],
            numbers[1],
            numbers[2],
            numbers[3],
            numbers[4],
            numbers[5],
            numbers[6],
            numbers[7],
            type);
  }

  private static int number(String name, String word) {
    try {
      return word.equals("-1") ? -1 : Integer.parseUnsignedInt(word);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": expected a number, found " + word, e);
    }
  }

  private static StreamType type(int number) {
    return switch (number) {
      case 0 -> StreamType.PLAIN;
      case 1 -> StreamType.REMUS;
      case 2 -> StreamType.COLO;
      default ->
          throw new IllegalArgumentException(
              "STREAM_TYPE: expected 0 to 2, found " + Integer.toUnsignedString(number));
    };
  }
}
