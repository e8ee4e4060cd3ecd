// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.restore.RestoreCallbacks;
import org.xenstream.transfer.save.SaveCallbacks;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;

/// Saves and restores simulated guests as libxl would have it, in one process, so that an AOT cache
/// knows the classes of the save helper and how they are used; see scripts/build-helper. Not for
/// users.
///
/// libxl's answers come from [Toolstack], which takes for granted that the helper speaks well: that
/// it does is the tests' affair.
final class Training {
  private static final int FRAMES = 1 << 14;
  private static final long MEMORY = 6 << 20;

  /// As libxl gives them; bits of [LibxlMessage#bit].
  private static final String PLAIN_SAVE = "136";

  private static final String PLAIN_RESTORE = "768";
  private static final String LIVE = "1";

  /// No guest has this number.
  private static final int NOBODY = 0x7FEF;

  private static final String PAUSED = "0";

  private Training() {}

  /// Goes through it once.
  ///
  /// @throws IOException when a save or a restore fails
  public static void main(String... words) throws IOException {
    try (SimHost source = new SimHost(SimOptions.ofFrames(FRAMES));
        SimHost destination = new SimHost(SimOptions.ofFrames(FRAMES))) {
      for (GuestKind kind : GuestKind.values()) {
        for (String flags : new String[] {PAUSED, LIVE}) {
          SimGuest guest =
              GuestBuilder.of(kind).memory(MEMORY).vcpus(2).seed(7).devicePages(4).build(source);
          byte[] stream = save(source, guest, flags);
          restore(destination, SimDestination.createDomain(destination, guest.spec()), stream);
          guest.domain().destroy();
        }
      }
    }
    asProcess();
  }

  /// Goes the way of the process itself, as far as it goes where there is no Xen, and makes ready
  /// the classes that stand behind.
  private static void asProcess() throws IOException {
    try (DescriptorPair messages = DescriptorPair.pipe()) {
      System.setProperty(SaveHelperMain.MESSAGES, "" + messages.second().number());
      int _ =
          SaveHelperMain.serve(
              new String[] {
                "--restore-domain",
                "" + messages.first().number(),
                "-1",
                "" + NOBODY,
                "1",
                "0",
                "2",
                "0",
                PLAIN_RESTORE,
                "0"
              });
    }
    for (Class<?> each :
        List.of(
            Domctl.class,
            ForeignPages.class,
            HypercallBuffer.class,
            Libxenforeignmemory.class,
            XenErrno.class,
            XenField.class,
            XenMemory.class,
            XenPolicies.class,
            XenVcpus.class)) {
      try {
        MethodHandles.lookup().ensureInitialized(each);
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static byte[] save(SimHost host, SimGuest guest, String flags) throws IOException {
    try (DescriptorPair line = DescriptorPair.pipe();
        SimSource source = new SimSource(guest);
        Toolstack libxl = new Toolstack(source, null)) {
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      Beside reading = new Beside(() -> reader(line).transferTo(stream));
      libxl.run(
          host,
          "--save-domain",
          "" + line.second().number(),
          "0",
          "" + guest.domain().domid(),
          flags,
          PLAIN_SAVE,
          "0");
      line.second().close();
      reading.join();
      return stream.toByteArray();
    }
  }

  private static void restore(SimHost host, SimDomain domain, byte[] stream) throws IOException {
    try (DescriptorPair line = DescriptorPair.pipe();
        SimDestination destination = new SimDestination(host, domain);
        Toolstack libxl = new Toolstack(null, destination)) {
      Beside writing = new Beside(() -> writer(line).write(stream));
      libxl.run(
          host,
          "--restore-domain",
          "" + line.first().number(),
          "-1",
          "" + domain.domid(),
          "1",
          "0",
          "2",
          "0",
          PLAIN_RESTORE,
          "0");
      writing.join();
    }
    domain.destroy();
  }

  private static FileInputStream reader(DescriptorPair pipe) throws IOException {
    return new FileInputStream("/proc/self/fd/" + pipe.first().number());
  }

  private static FileOutputStream writer(DescriptorPair pipe) throws IOException {
    return new FileOutputStream("/proc/self/fd/" + pipe.second().number());
  }

  /// What may fail beside the helper.
  private interface Work {
    void run() throws IOException;
  }

  /// Work in a thread of its own.
  private static final class Beside {
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();

    Beside(Work work) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              work.run();
              done.complete(null);
            } catch (IOException | RuntimeException e) {
              done.completeExceptionally(e);
            }
          });
    }

    void join() {
      done.join();
    }
  }

  /// libxl, as far as a plain save or restore wants it, at the other end of a helper's pipes.
  private static final class Toolstack implements AutoCloseable {
    private final DescriptorPair toHelper = DescriptorPair.pipe();
    private final DescriptorPair fromHelper = DescriptorPair.pipe();
    private final @Nullable SaveCallbacks source;
    private final @Nullable RestoreCallbacks destination;
    private int returned = -1;

    Toolstack(@Nullable SaveCallbacks source, @Nullable RestoreCallbacks destination)
        throws IOException {
      this.source = source;
      this.destination = destination;
    }

    /// Has the helper do something, and sees that it was done.
    void run(Hypervisor hypervisor, String... words) throws IOException {
      Beside serving = new Beside(this::serve);
      int code =
          SaveHelperMain.run(
              words,
              callbacks -> new LibxlChannel(toHelper.first(), fromHelper.second(), callbacks),
              () -> hypervisor,
              new Cancellation(),
              () -> {});
      serving.join();
      if (code != 0 || returned != 0) {
        throw new IOException("%s: exit code %d, returned %d".formatted(words[0], code, returned));
      }
    }

    /// Answers until all is complete.
    private void serve() throws IOException {
      try (FileInputStream messages = reader(fromHelper);
          FileOutputStream replies = writer(toHelper)) {
        while (true) {
          int length = Short.toUnsignedInt(octets(messages, 2).getShort());
          ByteBuffer message = octets(messages, length);
          int type = message.getShort();
          if (type == LibxlMessage.LOG.number
              || type == LibxlMessage.PROGRESS.number
              || type == LibxlMessage.RESTORE_RESULTS.number) {
            continue;
          }
          ByteBuffer reply = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
          replies.write(reply.putInt(answer(type, message)).array());
          if (type == LibxlMessage.COMPLETE.number) {
            return;
          }
        }
      }
    }

    private static ByteBuffer octets(FileInputStream messages, int count) throws IOException {
      return ByteBuffer.wrap(messages.readNBytes(count)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private int answer(int type, ByteBuffer message) throws IOException {
      SaveCallbacks save = source;
      RestoreCallbacks restore = destination;
      if (type == LibxlMessage.COMPLETE.number) {
        returned = message.getInt();
      } else if (save != null && type == LibxlMessage.SUSPEND.number) {
        return save.suspend() ? 1 : 0;
      } else if (save != null && type == LibxlMessage.SWITCH_QEMU_LOGDIRTY.number) {
        message.getInt();
        save.switchQemuLogDirty(message.getInt() != 0);
      } else if (restore != null && type == LibxlMessage.STATIC_DATA_DONE.number) {
        restore.staticDataDone(message.getInt());
      }
      return 0;
    }

    @Override
    public void close() {
      toHelper.close();
      fromHelper.close();
    }
  }
}
