// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Links from the project's pages to its own files lead somewhere. Those to places within a page of
/// the format are the business of `scripts/build-docs`.
class PageLinksTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]+)(?:#[^)]*)?\\)");

  @Test
  void leadSomewhere() throws IOException {
    int links = 0;
    List<String> broken = new ArrayList<>();
    for (Path page : pages()) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        links++;
        if (!Files.exists(page.resolveSibling(link.group(1)))) {
          broken.add(DocsText.ROOT.relativize(page) + " to " + link.group(1));
        }
      }
    }
    assertTrue(links > 30, links + " links");
    assertEquals(List.of(), broken);
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    try (Stream<Path> top = Files.list(DocsText.ROOT);
        Stream<Path> docs = Files.walk(DocsText.ROOT.resolve("docs"))) {
      Stream.concat(top, docs).filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
    }
    return pages;
  }
}
