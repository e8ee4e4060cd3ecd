// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.IOException;
import org.xenstream.transfer.save.SaveCallbacks;

/// libxl on the side where a guest is saved.
final class LibxlSource implements SaveCallbacks {
  private final LibxlChannel libxl;
  private final int domid;
  private int refusal;

  LibxlSource(LibxlChannel libxl, int domid) {
    this.libxl = libxl;
    this.domid = domid;
  }

  /// What the save has to return when libxl did not want to go on: its answer, which is not above
  /// 0. The reference passes it on as it is.
  int refusal() {
    return refusal;
  }

  private int ask(LibxlMessage type, int... arguments) throws IOException {
    if (!libxl.isWanted(type)) {
      throw new IOException("libxl takes no callback " + type + " for domain " + domid);
    }
    return libxl.ask(type, arguments);
  }

  @Override
  public boolean suspend() throws IOException {
    return ask(LibxlMessage.SUSPEND) != 0;
  }

  private boolean goesOn(LibxlMessage type) throws IOException {
    int answer = ask(type);
    refusal = answer <= 0 ? answer : 0;
    return answer > 0;
  }

  @Override
  public boolean resume() throws IOException {
    return goesOn(LibxlMessage.POSTCOPY);
  }

  @Override
  public boolean checkpoint() throws IOException {
    return goesOn(LibxlMessage.CHECKPOINT);
  }

  @Override
  public boolean waitCheckpoint() throws IOException {
    return goesOn(LibxlMessage.WAIT_CHECKPOINT);
  }

  @Override
  public void switchQemuLogDirty(boolean enable) throws IOException {
    int answer = ask(LibxlMessage.SWITCH_QEMU_LOGDIRTY, domid, enable ? 1 : 0);
    if (answer != 0) {
      throw new IOException(
          "libxl could not switch the device model's log-dirty %s for domain %d: answer %d"
              .formatted(enable ? "on" : "off", domid, answer));
    }
  }
}
