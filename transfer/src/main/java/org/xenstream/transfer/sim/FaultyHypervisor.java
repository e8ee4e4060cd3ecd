// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.sim;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.xenstream.transfer.ForeignMapping;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.HypervisorException;

/// Any hypervisor, with faults: the nth call of a method fails, or something happens before or
/// after it. What is to happen is said beforehand, so that two runs are alike. Calls are counted
/// from 1, those that are made to fail among them.
///
/// Calls may come from several threads; hooks run on the thread that calls.
public final class FaultyHypervisor {
  /// Stands for any method: its nth call is the nth of all.
  public static final String ANY = "*";

  private final Hypervisor real;
  private final Hypervisor port;
  private final List<Plan> plans = new ArrayList<>();
  private final Map<String, Integer> counts = new TreeMap<>();
  private int calls;

  /// @param method the name of a method of [Hypervisor], or [#ANY]
  /// @param nth from 1 on; 0 for every call
  private record Plan(String method, int nth, Moment moment, Action action) {}

  private enum Moment {
    BEFORE,
    AFTER,
    MAPPED
  }

  /// What happens at a call.
  @FunctionalInterface
  public interface Hook {
    /// Whatever it throws the caller gets, instead of the call where it runs before it.
    void run() throws HypervisorException;
  }

  @FunctionalInterface
  private interface Action {
    @Nullable Object at(@Nullable Object result) throws HypervisorException;
  }

  /// Without faults so far.
  public FaultyHypervisor(Hypervisor real) {
    this.real = real;
    this.port =
        (Hypervisor)
            Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(),
                new Class<?>[] {Hypervisor.class},
                (InvocationHandler) this::invoke);
  }

  /// The hypervisor to use.
  public Hypervisor port() {
    return port;
  }

  /// Lets a call fail, and not be made.
  ///
  /// @param method the name of a method of [Hypervisor], or [#ANY]
  /// @param nth from 1 on; 0 for every call
  /// @param errno such as `EINVAL`
  public FaultyHypervisor fail(String method, int nth, String errno) {
    return before(
        method,
        nth,
        () -> {
          throw new HypervisorException(method, -1, errno, "injected at call " + nth);
        });
  }

  /// Runs something before a call; where it throws, the call is not made.
  public FaultyHypervisor before(String method, int nth, Hook hook) {
    return plan(
        method,
        nth,
        Moment.BEFORE,
        result -> {
          hook.run();
          return result;
        });
  }

  /// Runs something after a call that succeeded.
  public FaultyHypervisor after(String method, int nth, Hook hook) {
    return plan(
        method,
        nth,
        Moment.AFTER,
        result -> {
          hook.run();
          return result;
        });
  }

  /// Lets one frame of the nth `map` be refused.
  ///
  /// @param index which frame of the call; passed over where there are fewer
  /// @param error the number, such as 22
  public FaultyHypervisor refuseFrame(int nth, int index, int error) {
    return plan(
        "map",
        nth,
        Moment.MAPPED,
        result -> new Refusing((ForeignMapping) Objects.requireNonNull(result), index, error));
  }

  private synchronized FaultyHypervisor plan(String method, int nth, Moment moment, Action action) {
    if (!method.equals(ANY) && !isMethod(method)) {
      throw new IllegalArgumentException("a hypervisor has no call " + method);
    }
    plans.add(new Plan(method, nth, moment, action));
    return this;
  }

  private static boolean isMethod(String name) {
    for (Method method : Hypervisor.class.getMethods()) {
      if (method.getName().equals(name)) {
        return true;
      }
    }
    return false;
  }

  /// How many calls there were.
  public synchronized int calls() {
    return calls;
  }

  /// How many calls of each method there were, by its name.
  public synchronized Map<String, Integer> counts() {
    return new TreeMap<>(counts);
  }

  @SuppressWarnings("ReferenceEquality") // what equality of such an object is, is decided here
  private @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] args)
      throws Throwable {
    if (method.getDeclaringClass() == Object.class) {
      return switch (method.getName()) {
        case "equals" -> args != null && proxy == args[0];
        case "hashCode" -> System.identityHashCode(proxy);
        default -> "faulty " + real;
      };
    }
    List<Plan> due = due(method.getName());
    for (Plan plan : due) {
      if (plan.moment == Moment.BEFORE) {
        plan.action.at(null);
      }
    }
    Object result;
    try {
      result = method.invoke(real, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    for (Plan plan : due) {
      if (plan.moment != Moment.BEFORE) {
        result = plan.action.at(result);
      }
    }
    return result;
  }

  private synchronized List<Plan> due(String method) {
    calls++;
    int nth = counts.merge(method, 1, Integer::sum);
    List<Plan> due = new ArrayList<>();
    for (Plan plan : plans) {
      boolean any = plan.method.equals(ANY);
      if ((any || plan.method.equals(method))
          && (plan.nth == 0 || plan.nth == (any ? calls : nth))) {
        due.add(plan);
      }
    }
    return due;
  }

  /// A mapping of which one frame was refused.
  private record Refusing(ForeignMapping real, int index, int number) implements ForeignMapping {
    @Override
    public MemorySegment memory() {
      return real.memory();
    }

    @Override
    public long offset(int i) {
      return i == index ? -1 : real.offset(i);
    }

    @Override
    public int error(int i) {
      return i == index ? number : real.error(i);
    }

    @Override
    public int count() {
      return real.count();
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
