// SPDX-License-Identifier: Apache-2.0
package org.xenstream.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Gets one thread out of a system call in which it is stuck: the last resort, for descriptors on
/// which no call exists that never waits.
///
/// A timer of the kernel sends a signal to the very thread, at a time set before, and from then on
/// every millisecond until the thread is out: a signal that comes just before the call would be
/// lost otherwise. The signal's handler does nothing and was installed without `SA_RESTART`, so the
/// call ends with what it has moved, or with `EINTR`. The handler runs no Java, which must not run
/// there, but a function of the C library that only computes: `abs`.
final class StuckCall implements AutoCloseable {
  private static final long AGAIN = 1_000_000;
  private static final int CLOCK_MONOTONIC = 1;
  private static final int SIGEV_THREAD_ID = 4;
  private static final int SIG_UNBLOCK = 1;

  /// The virtual machine's own network code takes `SIGRTMAX - 2`.
  private static final int FIRST_BELOW_MAX = 3;

  // int gettid(void);
  private static final MethodHandle GETTID =
      SystemCall.handle("gettid", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  // int __libc_current_sigrtmax(void);
  private static final MethodHandle SIGRTMAX =
      SystemCall.handle("__libc_current_sigrtmax", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  // int __libc_current_sigrtmin(void);
  private static final MethodHandle SIGRTMIN =
      SystemCall.handle("__libc_current_sigrtmin", FunctionDescriptor.of(ValueLayout.JAVA_INT));

  // int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact);
  private static final MethodHandle SIGACTION =
      SystemCall.handle(
          "sigaction",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG));

  // struct sigaction { void (*sa_handler)(int); sigset_t sa_mask; int sa_flags; ... };
  private static final long SIGACTION_SIZE = 152;

  // int sigaddset(sigset_t *set, int signum);
  private static final MethodHandle SIGADDSET =
      SystemCall.handle(
          "sigaddset",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

  private static final long SIGSET_SIZE = 128;

  // int pthread_sigmask(int how, const sigset_t *set, sigset_t *oldset);
  private static final MethodHandle PTHREAD_SIGMASK =
      SystemCall.handle(
          "pthread_sigmask",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG));

  // int timer_create(clockid_t clockid, struct sigevent *sevp, timer_t *timerid);
  private static final MethodHandle TIMER_CREATE =
      SystemCall.handle(
          "timer_create",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG));

  // struct sigevent { union sigval sigev_value; int sigev_signo; int sigev_notify;
  //                   pid_t sigev_notify_thread_id; ... };
  private static final long SIGEVENT_SIZE = 64;

  // int timer_settime(timer_t timerid, int flags, const struct itimerspec *new_value,
  //                   struct itimerspec *old_value);
  private static final MethodHandle TIMER_SETTIME =
      SystemCall.handle(
          "timer_settime",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG));

  // struct itimerspec { struct timespec it_interval; struct timespec it_value; };
  private static final long ITIMERSPEC_SIZE = 32;

  // int timer_delete(timer_t timerid);
  private static final MethodHandle TIMER_DELETE =
      SystemCall.handle(
          "timer_delete", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));

  private static final int SIGNAL = install();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = SystemCall.state(arena);
  private final MemorySegment event = arena.allocate(SIGEVENT_SIZE, 8);
  private final MemorySegment timer = arena.allocate(ValueLayout.JAVA_LONG);
  private final MemorySegment spec = arena.allocate(ITIMERSPEC_SIZE, 8);
  private final MemorySegment mask = arena.allocate(SIGSET_SIZE, 8);
  private boolean inside;

  /// Nobody is inside.
  StuckCall() {
    try {
      int result = (int) SIGADDSET.invokeExact(state, mask.address(), SIGNAL);
      assert result == 0;
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }

  /// Whether the C library has all that is needed: glibc 2.34, or musl.
  static boolean isPossible() {
    return SystemCall.knows("timer_create") && SystemCall.knows("gettid");
  }

  /// Takes a signal nobody has a handler for.
  private static int install() {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = SystemCall.state(call);
      MemorySegment action = call.allocate(SIGACTION_SIZE, 8);
      int lowest = (int) SIGRTMIN.invokeExact(state);
      for (int n = (int) SIGRTMAX.invokeExact(state) - FIRST_BELOW_MAX; n >= lowest; n--) {
        action.fill((byte) 0);
        if ((int) SIGACTION.invokeExact(state, n, 0L, action.address()) != 0) {
          throw new IllegalStateException("sigaction: error " + SystemCall.errno(state));
        }
        if (action.get(ValueLayout.JAVA_LONG, 0) == 0) { // SIG_DFL
          action.fill((byte) 0);
          action.set(ValueLayout.JAVA_LONG, 0, SystemCall.address("abs"));
          if ((int) SIGACTION.invokeExact(state, n, action.address(), 0L) != 0) {
            throw new IllegalStateException("sigaction: error " + SystemCall.errno(state));
          }
          return n;
        }
      }
      throw new IllegalStateException("every real-time signal has a handler already");
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }

  /// The calling thread is about to make a call in which it may get stuck.
  ///
  /// @param nanos when it is to be got out; [Long#MAX_VALUE] when by [#cut] only
  /// @throws IOException when the system has no further timer
  synchronized void enter(long nanos) throws IOException {
    try {
      event.set(ValueLayout.JAVA_INT, 8, SIGNAL);
      event.set(ValueLayout.JAVA_INT, 12, SIGEV_THREAD_ID);
      event.set(ValueLayout.JAVA_INT, 16, (int) GETTID.invokeExact(state));
      if ((int) PTHREAD_SIGMASK.invokeExact(state, SIG_UNBLOCK, mask.address(), 0L) != 0
          || (int)
                  TIMER_CREATE.invokeExact(state, CLOCK_MONOTONIC, event.address(), timer.address())
              != 0) {
        throw SystemCall.failed("timer_create", SystemCall.errno(state));
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
    inside = true;
    if (nanos != Long.MAX_VALUE) {
      signalIn(Math.max(1, nanos));
    }
  }

  /// Gets the thread out now, whichever it is; called by another one.
  synchronized void cut() {
    if (inside) {
      signalIn(1);
    }
  }

  private void signalIn(long nanos) {
    spec.set(ValueLayout.JAVA_LONG, 8, AGAIN);
    spec.set(ValueLayout.JAVA_LONG, 16, nanos / 1_000_000_000);
    spec.set(ValueLayout.JAVA_LONG, 24, nanos % 1_000_000_000);
    try {
      int result =
          (int)
              TIMER_SETTIME.invokeExact(
                  state, timer.get(ValueLayout.JAVA_LONG, 0), 0, spec.address(), 0L);
      assert result == 0;
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }

  /// The thread is out.
  synchronized void leave() {
    inside = false;
    try {
      int result = (int) TIMER_DELETE.invokeExact(state, timer.get(ValueLayout.JAVA_LONG, 0));
      assert result == 0;
    } catch (Throwable e) {
      throw SystemCall.unexpected(e);
    }
  }

  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
