// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.Fault;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.Location;
import org.xenstream.core.format.StreamFormatException;
import org.xenstream.x86.Decoded;
import picocli.CommandLine.ParseResult;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;

/// A domain's configuration in a file that somebody names (`--config FILE`): JSON, or the text of a
/// configuration file of xl.
///
/// JSON is the configuration itself, or what `xl list -l` writes, which has it inside: a list of
/// objects `{"domid": 3, "config": {…}}` (`list_domains_details` of `tools/xl/xl_list.c`).
final class GivenConfig {
  static final String OPTION = "--config";
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  /// Octets in front of a configuration in the header that are held against the same limit.
  private static final int LENGTH = 4;

  /// What `verify` follows of a configuration (XS2106).
  private static final int MOST_LEVELS = 32;

  /// The list and the object around it.
  private static final int LEVELS_AROUND = 2;

  private static final int MOST_NAMED = 8;

  private static final JsonFactory ONE = json(MOST_LEVELS);
  private static final JsonFactory ALL = json(MOST_LEVELS + LEVELS_AROUND);

  /// Where something began, in the words of a parser that was not told of what; and what its
  /// programmer could set.
  private static final Pattern PARSER_TALK =
      Pattern.compile(" \\([^(\\[]*\\[Source:[^\\]]*]\\)|, from `[^`]*`");

  private final String name;
  private final byte[] octets;

  private GivenConfig(String name, byte[] octets) {
    this.name = name;
    this.octets = octets;
  }

  private static JsonFactory json(int mostLevels) {
    return JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(mostLevels).build())
        .build();
  }

  /// An object of the JSON.
  ///
  /// @param from where it begins in the text
  /// @param until where it ends
  /// @param name what its member `name`, or that of its `c_info`, says
  /// @param config its member of that name
  private record Found(int from, int until, @Nullable String name, @Nullable Found config) {
    Found inner() {
      return config == null ? this : config;
    }
  }

  /// Reads what the option names.
  ///
  /// @return null where it is not given
  /// @throws StreamFormatException when it is no configuration, or one that is too long for a
  ///   header
  /// @throws IOException when it cannot be read
  static LegacyImage.@Nullable Config read(ParseResult arguments) throws IOException {
    String name = arguments.matchedOptionValue(OPTION, (String) null);
    if (name == null) {
      return null;
    }
    if (name.isEmpty()) {
      throw VerifyVerb.bad(arguments, OPTION + " takes the name of a file, and none is given");
    }
    Limits limits = LimitOption.of(arguments);
    return new GivenConfig(name, octets(name, limits.maxConfigLength() - LENGTH)).config();
  }

  private static byte[] octets(String name, long most) throws IOException {
    try (InputStream in = Files.newInputStream(FileName.path(name))) {
      byte[] octets = in.readNBytes((int) most);
      if (octets.length == most) {
        throw fault(
            name,
            most,
            // A NUL comes behind JSON.
            "a configuration of at most " + Units.count(most - 1) + " octets",
            "more (--limit config=SIZE)");
      }
      int from = startsWith(octets, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
      return Arrays.copyOfRange(octets, from, octets.length);
    } catch (StreamFormatException | FileSystemException e) {
      throw e;
    } catch (IOException e) {
      // What the system says of a read names no file.
      FileSystemException named = new FileSystemException(name, null, e.getMessage());
      named.initCause(e);
      throw named;
    }
  }

  private static boolean startsWith(byte[] octets, byte[] with) {
    return octets.length >= with.length
        && Arrays.equals(octets, 0, with.length, with, 0, with.length);
  }

  private LegacyImage.Config config() throws StreamFormatException {
    int first = 0;
    for (int i = octets.length - 1; i >= 0; i--) {
      if (octets[i] == 0) {
        throw fault(i, "a text", "a NUL");
      }
      first = octets[i] > ' ' || octets[i] < 0 ? i : first;
    }
    return switch (first < octets.length ? octets[first] : ' ') {
      case '{', '[' -> {
        Found found = parse();
        holdLevels(found);
        yield config(found.from, found.until, true);
      }
      case '(' -> throw fault(first, "a configuration of xl", "an S-expression, as xend has it");
      case '<' -> throw fault(first, "a configuration of xl", "XML");
      case ' ', '\t', '\r', '\n' -> throw fault(first, "a configuration", "none");
      // Octet for octet: what a name is in, nobody has said.
      default -> config(0, octets.length, false);
    };
  }

  private LegacyImage.Config config(int from, int until, boolean json) {
    return new LegacyImage.Config(
        MemorySegment.ofArray(Arrays.copyOfRange(octets, from, until)), json, List.of());
  }

  private Found parse() throws StreamFormatException {
    try (JsonParser json = ALL.createParser(ObjectReadContext.empty(), octets)) {
      try {
        return parse(json);
      } catch (JacksonException e) {
        throw refused(json, 0, e);
      }
    }
  }

  private Found parse(JsonParser json) throws StreamFormatException {
    List<Found> domains = new ArrayList<>();
    boolean list = json.nextToken() == JsonToken.START_ARRAY;
    while (!list || json.nextToken() != JsonToken.END_ARRAY) {
      if (!json.isExpectedStartObjectToken()) {
        throw fault(at(json), "an object for each domain", "something else");
      }
      domains.add(object(json));
      if (!list) {
        break;
      }
    }
    if (json.nextToken() != null) {
      throw fault(at(json), "the end of the configuration", "more");
    }
    return one(domains, list);
  }

  /// However much there was around it, it is alone in the header.
  private void holdLevels(Found config) throws StreamFormatException {
    byte[] alone = Arrays.copyOfRange(octets, config.from, config.until);
    try (JsonParser json = ONE.createParser(ObjectReadContext.empty(), alone)) {
      try {
        while (json.nextToken() != null) {}
      } catch (JacksonException e) {
        throw refused(json, config.from, e);
      }
    }
  }

  /// @param from where in the text the parser began
  private StreamFormatException refused(JsonParser json, int from, JacksonException e) {
    // One that is thrown for a limit need not know where.
    TokenStreamLocation known = e.getLocation();
    long at = known == null ? -1 : known.getByteOffset();
    return fault(
        from + (at < 0 ? json.currentLocation().getByteOffset() : at),
        "JSON",
        switch (e) {
          case UnexpectedEndOfInputException _ -> "its end amid a value";
          case StreamConstraintsException _ -> "what is not taken: " + said(e);
          default -> "what is none: " + said(e);
        });
  }

  private static String said(JacksonException e) {
    String all = String.valueOf(e.getOriginalMessage());
    String line = all.lines().findFirst().orElse(all);
    return Decoded.printable(PARSER_TALK.matcher(line).replaceAll(""));
  }

  /// Takes the object that begins here: the parser stands at its brace.
  private static Found object(JsonParser json) {
    int from = at(json);
    String name = null;
    Found config = null;
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      if (value == JsonToken.START_OBJECT && key.equals("config")) {
        config = object(json);
      } else if (value == JsonToken.START_OBJECT && key.equals("c_info")) {
        name = object(json).name;
      } else if (value == JsonToken.VALUE_STRING && key.equals("name")) {
        name = json.getString();
      } else {
        json.skipChildren();
      }
    }
    return new Found(from, (int) json.currentLocation().getByteOffset(), name, config);
  }

  private static int at(JsonParser json) {
    return (int) json.currentTokenLocation().getByteOffset();
  }

  private Found one(List<Found> domains, boolean list) throws StreamFormatException {
    if (domains.size() != 1) {
      String names =
          domains.stream()
              .limit(MOST_NAMED)
              .map(domain -> domain.inner().name)
              .map(named ->
                  named == null ? "one without a name" : '"' + Decoded.printable(named) + '"')
              .collect(Collectors.joining(", "));
      throw fault(
          0,
          "the configuration of one domain, as 'xl list -l NAME' writes it",
          domains.size()
              + (names.isEmpty() ? "" : ": " + names)
              + (domains.size() > MOST_NAMED ? ", …" : ""));
    }
    Found domain = domains.getFirst();
    if (list && domain.config == null) {
      throw fault(domain.from, "an object \"config\" of the domain", "none");
    }
    return domain.inner();
  }

  private StreamFormatException fault(long at, String expected, String found) {
    return fault(name, at, expected, found);
  }

  private static StreamFormatException fault(String name, long at, String expected, String found) {
    return new StreamFormatException(
        Fault.MALFORMED_LAYER, Location.of(name, at, "", "config", null), expected, found);
  }
}
