// SPDX-License-Identifier: Apache-2.0

/// The command line tool.
module org.xenstream.cli {
  requires org.xenstream.core;
  requires org.xenstream.x86;
  requires org.xenstream.insight;
  requires org.xenstream.codecs;
  requires org.xenstream.legacy;
  requires org.xenstream.os;
  requires org.xenstream.transfer;
  requires info.picocli;
  requires java.desktop;
  requires me.tongfei.progressbar;
  requires tools.jackson.core;
  requires xchart;
  requires static org.jspecify;

  uses org.xenstream.transfer.HostSurvey;
}
