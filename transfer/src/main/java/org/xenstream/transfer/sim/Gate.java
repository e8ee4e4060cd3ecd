// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Keeps the guest's threads out while the domain does not run.
///
/// The state is one number: how many threads are inside, and in its highest bit whether the gate is
/// closed. Entering and leaving an open gate is one atomic step each; the monitor is for those who
/// wait. Everything that a thread did inside happens before the return of the [#close] that waited
/// for it.
final class Gate {
  private static final int CLOSED = 1 << 31;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Gate.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // by its handle
  private volatile int state = CLOSED;

  private boolean gone;

  /// Waits until the gate is open, and goes in.
  ///
  /// @return false when the domain is gone for good, or the thread was interrupted (and still is):
  ///   then the thread is not inside
  boolean enter() {
    while (true) {
      int now = (int) STATE.getVolatile(this);
      if (now >= 0) {
        if (STATE.compareAndSet(this, now, now + 1)) {
          return true;
        }
      } else if (!awaitOpen()) {
        return false;
      }
    }
  }

  private synchronized boolean awaitOpen() {
    while ((int) STATE.getVolatile(this) < 0) {
      if (gone) {
        return false;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  /// Leaves.
  void exit() {
    int left = (int) STATE.getAndAdd(this, -1) - 1;
    if ((left & ~CLOSED) == ~CLOSED) {
      STATE.getAndAdd(this, 1);
      throw new IllegalStateException("more threads left the domain than went in");
    }
    if (left == CLOSED) {
      synchronized (this) {
        notifyAll();
      }
    }
  }

  /// Keeps others out, and waits until nobody is inside. A thread that is inside must not call it.
  synchronized void close() {
    STATE.getAndBitwiseOr(this, CLOSED);
    boolean interrupted = false;
    while ((int) STATE.getVolatile(this) != CLOSED) {
      try {
        wait();
      } catch (InterruptedException e) {
        // What is inside leaves after one operation; the caller finds the interrupt later.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Keeps others out and does not wait: for a thread that is inside.
  void shut() {
    STATE.getAndBitwiseOr(this, CLOSED);
  }

  /// Lets in who waits.
  synchronized void open() {
    STATE.getAndBitwiseAnd(this, ~CLOSED);
    notifyAll();
  }

  /// Closes for good: whoever waits or comes is sent away.
  synchronized void remove() {
    gone = true;
    notifyAll();
    close();
  }

  /// How many threads are inside.
  int inside() {
    return (int) STATE.getVolatile(this) & ~CLOSED;
  }
}
