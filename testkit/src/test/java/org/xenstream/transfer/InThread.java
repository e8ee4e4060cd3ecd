// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Something that a test does beside itself.
final class InThread<T> {
  private final FutureTask<T> task;

  InThread(Callable<T> what) {
    task = new FutureTask<>(what);
    Thread.ofPlatform().daemon().start(task);
  }

  /// What came out of it.
  T join() throws Exception {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
