// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.restore;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.xenstream.core.format.PageType;

/// A toolstack that says yes, or what it was told to, and writes down what it was asked and told.
final class Toolstack implements RestoreCallbacks, RestoreListener {
  final List<String> log = new ArrayList<>();
  private final Map<String, Happening> happenings = new HashMap<>();
  private final Deque<CheckpointResult> answers = new ArrayDeque<>();

  /// The next questions are answered so; those behind them with yes.
  Toolstack answering(CheckpointResult... next) {
    answers.addAll(List.of(next));
    return this;
  }

  /// Something that happens when a question is asked.
  interface Happening {
    void run() throws IOException;
  }

  /// Lets something happen whenever a question is asked.
  Toolstack onQuestion(String question, Happening happening) {
    happenings.put(question, happening);
    return this;
  }

  private CheckpointResult answer(String question) throws IOException {
    log.add(question);
    Happening happening = happenings.get(question);
    if (happening != null) {
      happening.run();
    }
    CheckpointResult next = answers.poll();
    return next == null ? CheckpointResult.SUCCESS : next;
  }

  @Override
  public void staticDataDone(int missing) {
    log.add("static data, missing " + missing);
  }

  @Override
  public CheckpointResult checkpoint() throws IOException {
    return answer("checkpoint?");
  }

  @Override
  public void restoreResults(long storeFrame, long consoleFrame) {
    log.add("store %x console %x".formatted(storeFrame, consoleFrame));
  }

  @Override
  public CheckpointResult resume() throws IOException {
    return answer("resume?");
  }

  @Override
  public CheckpointResult waitCheckpoint() throws IOException {
    return answer("wait?");
  }

  @Override
  public CheckpointResult suspend() throws IOException {
    return answer("suspend?");
  }

  @Override
  public void batch(long pages) {}

  @Override
  public void mismatch(long pfn, int type) {
    log.add("mismatch at pfn %x of type %s".formatted(pfn, PageType.name(type)));
  }

  @Override
  public void checkpoint(long number) {
    log.add("checkpoint " + number);
  }

  @Override
  public void failover(IOException why) {
    log.add("failover");
  }
}
