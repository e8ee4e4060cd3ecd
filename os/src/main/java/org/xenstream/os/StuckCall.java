// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// Gets one thread out of a system call in which it is stuck: the last resort, for descriptors on
/// which no call exists that never waits.
///
/// A timer of the kernel sends a signal to the very thread, at a time set before, and from then on
/// every millisecond until the thread is out: a signal that comes just before the call would be
/// lost otherwise. The signal's handler does nothing and was installed without `SA_RESTART`, so the
/// call ends with what it has moved, or with `EINTR`. The handler runs no Java, which must not run
/// there, but a function of the C library that only computes: `abs`.
///
/// The timer is kept for the thread that was inside last, as it is likely to be the next: a save
/// makes thousands of calls on one thread. A virtual thread may be on another one by then.
final class StuckCall implements AutoCloseable {
  private static final long AGAIN = 1_000_000;
  private static final int CLOCK_MONOTONIC = 1;
  private static final int SIGEV_THREAD_ID = 4;
  private static final int SIG_UNBLOCK = 1;

  /// The virtual machine's own network code takes `SIGRTMAX - 2`.
  private static final int FIRST_BELOW_MAX = 3;

  // int gettid(void);
  private static final MemorySegment GETTID = SystemCall.function("gettid");

  // int __libc_current_sigrtmax(void);
  private static final MemorySegment SIGRTMAX = SystemCall.function("__libc_current_sigrtmax");

  // int __libc_current_sigrtmin(void);
  private static final MemorySegment SIGRTMIN = SystemCall.function("__libc_current_sigrtmin");

  // int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact);
  private static final MemorySegment SIGACTION = SystemCall.function("sigaction");

  // struct sigaction { void (*sa_handler)(int); sigset_t sa_mask; int sa_flags; ... };
  private static final long SIGACTION_SIZE = 152;

  // int sigaddset(sigset_t *set, int signum);
  private static final MemorySegment SIGADDSET = SystemCall.function("sigaddset");

  private static final long SIGSET_SIZE = 128;

  // int pthread_sigmask(int how, const sigset_t *set, sigset_t *oldset);
  private static final MemorySegment PTHREAD_SIGMASK = SystemCall.function("pthread_sigmask");

  // int timer_create(clockid_t clockid, struct sigevent *sevp, timer_t *timerid);
  private static final MemorySegment TIMER_CREATE = SystemCall.function("timer_create");

  // struct sigevent { union sigval sigev_value; int sigev_signo; int sigev_notify;
  //                   pid_t sigev_notify_thread_id; ... };
  private static final long SIGEVENT_SIZE = 64;

  // int timer_settime(timer_t timerid, int flags, const struct itimerspec *new_value,
  //                   struct itimerspec *old_value);
  private static final MemorySegment TIMER_SETTIME = SystemCall.function("timer_settime");

  // struct itimerspec { struct timespec it_interval; struct timespec it_value; };
  private static final long ITIMERSPEC_SIZE = 32;

  // int timer_delete(timer_t timerid);
  private static final MemorySegment TIMER_DELETE = SystemCall.function("timer_delete");

  private static final int SIGNAL = install();

  private final long again;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = NativeCall.state(arena);
  private final MemorySegment event = arena.allocate(SIGEVENT_SIZE, 8);
  private final MemorySegment timer = arena.allocate(ValueLayout.JAVA_LONG);
  private final MemorySegment spec = arena.allocate(ITIMERSPEC_SIZE, 8);
  private final MemorySegment mask = arena.allocate(SIGSET_SIZE, 8);
  private boolean inside;

  /// Asked for, and for good: whoever comes in later was on the way, and must not get stuck.
  private boolean cut;

  /// Set to go off.
  private boolean armed;

  /// Whose timer there is.
  private @Nullable Thread owner;

  /// Nobody is inside.
  StuckCall() {
    this(AGAIN);
  }

  /// @param again nanoseconds between signals, less than a second: a thread that a hundred of these
  ///   get out at once would come to nothing else at the usual pace
  StuckCall(long again) {
    this.again = again;
    int result = (int) NativeCall.call(state, SIGADDSET, mask.address(), SIGNAL);
    assert result == 0;
  }

  /// Whether the C library has all that is needed: glibc 2.34, or musl.
  static boolean isPossible() {
    return SystemCall.knows("timer_create") && SystemCall.knows("gettid");
  }

  /// Takes a signal nobody has a handler for.
  private static int install() {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = NativeCall.state(call);
      MemorySegment action = call.allocate(SIGACTION_SIZE, 8);
      int lowest = (int) NativeCall.call(state, SIGRTMIN);
      for (int n = (int) NativeCall.call(state, SIGRTMAX) - FIRST_BELOW_MAX; n >= lowest; n--) {
        action.fill((byte) 0);
        if ((int) NativeCall.call(state, SIGACTION, n, 0L, action.address()) != 0) {
          throw new IllegalStateException("sigaction: error " + NativeCall.errno(state));
        }
        if (action.get(ValueLayout.JAVA_LONG, 0) == 0) { // SIG_DFL
          action.fill((byte) 0);
          action.set(ValueLayout.JAVA_LONG, 0, SystemCall.function("abs").address());
          if ((int) NativeCall.call(state, SIGACTION, n, action.address(), 0L) != 0) {
            throw new IllegalStateException("sigaction: error " + NativeCall.errno(state));
          }
          return n;
        }
      }
      throw new IllegalStateException("every real-time signal has a handler already");
    }
  }

  /// The calling thread is about to make a call in which it may get stuck.
  ///
  /// @param nanos when it is to be got out; [Long#MAX_VALUE] when by [#cut] only
  /// @throws IOException when the system has no further timer
  synchronized void enter(long nanos) throws IOException {
    Thread current = Thread.currentThread();
    if (owner != current || current.isVirtual()) {
      deleteTimer();
      createTimer();
      owner = current;
    }
    inside = true;
    if (cut) {
      signalIn(1);
    } else if (nanos != Long.MAX_VALUE) {
      signalIn(Math.max(1, nanos));
    }
  }

  private void createTimer() throws IOException {
    event.set(ValueLayout.JAVA_INT, 8, SIGNAL);
    event.set(ValueLayout.JAVA_INT, 12, SIGEV_THREAD_ID);
    event.set(ValueLayout.JAVA_INT, 16, (int) NativeCall.call(state, GETTID));
    if ((int) NativeCall.call(state, PTHREAD_SIGMASK, SIG_UNBLOCK, mask.address(), 0L) != 0
        || (int)
                NativeCall.call(
                    state, TIMER_CREATE, CLOCK_MONOTONIC, event.address(), timer.address())
            != 0) {
      throw SystemCall.failed("timer_create", NativeCall.errno(state));
    }
  }

  private void deleteTimer() {
    if (owner != null) {
      owner = null;
      armed = false;
      int result = (int) NativeCall.call(state, TIMER_DELETE, timer.get(ValueLayout.JAVA_LONG, 0));
      assert result == 0;
    }
  }

  /// Gets the thread out now, whichever it is, and whoever comes in later; called by another one.
  synchronized void cut() {
    cut = true;
    if (inside) {
      signalIn(1);
    }
  }

  /// Tells whether the thread inside will be got out.
  synchronized boolean isArmed() {
    return armed;
  }

  private void signalIn(long nanos) {
    set(again, nanos);
    armed = true;
  }

  private void set(long interval, long nanos) {
    spec.set(ValueLayout.JAVA_LONG, 8, interval);
    spec.set(ValueLayout.JAVA_LONG, 16, nanos / 1_000_000_000);
    spec.set(ValueLayout.JAVA_LONG, 24, nanos % 1_000_000_000);
    int result =
        (int)
            NativeCall.call(
                state, TIMER_SETTIME, timer.get(ValueLayout.JAVA_LONG, 0), 0, spec.address(), 0L);
    assert result == 0;
  }

  /// The thread is out. A signal that is on its way comes before this returns: it is this thread's.
  synchronized void leave() {
    inside = false;
    if (armed) {
      set(0, 0);
      armed = false;
    }
  }

  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      deleteTimer();
      arena.close();
    }
  }
}
