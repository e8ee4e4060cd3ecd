// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import org.xenstream.transfer.restore.RestoreCallbacks;

/// libxl on the side where a guest is restored.
final class LibxlDestination implements RestoreCallbacks {
  private static final int SUCCESS = 1;
  private static final int FAILOVER = 2;

  private final LibxlChannel libxl;

  LibxlDestination(LibxlChannel libxl) {
    this.libxl = libxl;
  }

  @Override
  public void staticDataDone(int missing) throws IOException {
    if (!libxl.isWanted(LibxlMessage.STATIC_DATA_DONE)) {
      return;
    }
    int answer = libxl.ask(LibxlMessage.STATIC_DATA_DONE, missing);
    if (answer != 0) {
      throw new IOException(
          "libxl could not supply what the static data lack (%d): answer %d"
              .formatted(missing, answer));
    }
  }

  private CheckpointResult ask(LibxlMessage type) throws IOException {
    if (!libxl.isWanted(type)) {
      throw new IOException("libxl takes no callback " + type);
    }
    return switch (libxl.ask(type)) {
      case SUCCESS -> CheckpointResult.SUCCESS;
      case FAILOVER -> CheckpointResult.FAILOVER;
      default -> CheckpointResult.ERROR;
    };
  }

  @Override
  public CheckpointResult checkpoint() throws IOException {
    return ask(LibxlMessage.CHECKPOINT);
  }

  @Override
  public void restoreResults(long storeFrame, long consoleFrame) throws IOException {
    libxl.restoreResults(storeFrame, consoleFrame);
  }

  @Override
  public CheckpointResult resume() throws IOException {
    return ask(LibxlMessage.POSTCOPY);
  }

  @Override
  public CheckpointResult waitCheckpoint() throws IOException {
    return ask(LibxlMessage.WAIT_CHECKPOINT);
  }

  @Override
  public CheckpointResult suspend() throws IOException {
    return ask(LibxlMessage.SUSPEND);
  }
}
