// SPDX-License-Identifier: Apache-2.0
package org.xenstream.xen;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.os.Descriptor;
import org.xenstream.os.DescriptorPair;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.Hypervisor;
import org.xenstream.transfer.Patience;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.sim.GuestBuilder;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimGuest;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;
import org.xenstream.transfer.sim.SimSource;
import org.xenstream.x86.HvmParam;

/// The helper between a peer that plays libxl over pipes and a simulated Xen: messages octet by
/// octet, and guests that come through.
@Timeout(120)
class HelperSessionTest {
  private static final byte[] LIBXLS_OWN =
      "octets of libxl".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  private static final int PLAIN_SAVE = 136;
  private static final int REMUS_SAVE = 184;
  private static final int COLO_SAVE = 248;
  private static final int PLAIN_RESTORE = 768;
  private static final int REMUS_RESTORE = 800;
  private static final int COLO_RESTORE = 888;
  private static final int LIVE = 1;

  private final Arena arena = Arena.ofShared();
  private SimHost host;
  private SimHost other;

  @BeforeEach
  void hosts() throws IOException {
    host = new SimHost(SimOptions.ofFrames(1 << 14));
    other = new SimHost(SimOptions.ofFrames(1 << 14));
  }

  @AfterEach
  void nothingIsLeft() {
    for (SimHost each : List.of(host, other)) {
      assertEquals(0, each.openMappings());
      each.domains().forEach(SimDomain::destroy);
      assertEquals(1 << 14, each.freeFrames());
      each.close();
    }
    arena.close();
  }

  private SimGuest guest(GuestKind kind) throws IOException {
    return GuestBuilder.of(kind).memory(6 << 20).vcpus(2).seed(7).touchedPages(200).build(host);
  }

  private static int run(
      LibxlPeer peer, Hypervisor hypervisor, Cancellation cancellation, HelperArguments arguments)
      throws IOException {
    try (LibxlChannel libxl = peer.channel(arguments.callbacks())) {
      peer.start();
      return new HelperSession(
              libxl, () -> hypervisor, cancellation, Patience.ENDLESS, System::nanoTime)
          .run(arguments);
    }
  }

  private static String hex(int number) {
    return HexFormat.of().toHexDigits(Integer.reverseBytes(number));
  }

  private static String hex(long number) {
    return HexFormat.of().toHexDigits(Long.reverseBytes(number));
  }

  private boolean isLogDirtyOff(SimDomain domain) {
    return !domain.outcome().isLogDirty();
  }

  /// Reads a pipe to its end meanwhile.
  private CompletableFuture<byte[]> drain(DescriptorPair pipe) {
    return CompletableFuture.supplyAsync(() -> {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      try (Arena reading = Arena.ofShared()) {
        while (true) {
          byte[] some = LibxlPeer.read(pipe.first(), reading, 4096);
          all.writeBytes(some);
          if (some.length < 4096) {
            return all.toByteArray();
          }
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
  }

  private byte[] save(SimGuest guest, int flags) throws Exception {
    try (DescriptorPair pipe = DescriptorPair.pipe();
        SimSource source = new SimSource(guest);
        LibxlPeer peer = new LibxlPeer(source, null)) {
      CompletableFuture<byte[]> stream = drain(pipe);
      int domid = guest.domain().domid();
      int fd = pipe.second().number();
      // The second descriptor of a plain save is any number.
      HelperArguments save =
          HelperArguments.parse(
              "--save-domain", "" + fd, "11", "" + domid, "" + flags, "" + PLAIN_SAVE, "0");
      assertEquals(0, run(peer, host, new Cancellation(), save));
      peer.join();
      pipe.second().close();
      List<String> expected = new ArrayList<>();
      if (!guest.spec().kind().isPv()) {
        expected.add("0700" + hex(domid) + hex(1));
      }
      expected.add("0300");
      if (!guest.spec().kind().isPv()) {
        expected.add("0700" + hex(domid) + hex(0));
      }
      expected.add("0a00" + hex(0) + hex(0));
      if ((flags & LIVE) != 0 || guest.spec().kind().isPv()) {
        assertEquals(expected, peer.messages);
      } else {
        assertEquals(expected.subList(1, expected.size()), withoutFirstSwitch(peer.messages));
      }
      assertEquals("1 -1 xenstream-save-helper: starting save", peer.logs.getFirst());
      assertEquals("1 0 xenstream-save-helper: complete r=0", peer.logs.getLast());
      assertEquals(
          "5 -1 xc: Saving domain %d, type x86 %s"
              .formatted(domid, guest.spec().kind().isPv() ? "PV" : "HVM"),
          peer.logs.get(1));
      assertEquals("xc: Start of stream 0/0", peer.progress.getFirst());
      assertTrue(peer.progress.contains("xc: Domain now suspended 0/0"), peer.progress::toString);
      int last = peer.progress.size() - 1;
      assertTrue(
          peer.progress
              .get(last - 2)
              .matches(
                  "xc: Frames"
                      + ((flags & LIVE) == 0 ? "" : " iteration [0-9]+")
                      + " ([0-9]+)/\\1"),
          peer.progress::toString);
      assertEquals(
          List.of("xc: End of stream 0/0", "xc: Complete 0/0"),
          peer.progress.subList(last - 1, last + 1));
      assertTrue(isLogDirtyOff(guest.domain()));
      return stream.get(60, TimeUnit.SECONDS);
    }
  }

  private static List<String> withoutFirstSwitch(List<String> messages) {
    return messages.getFirst().startsWith("0700") ? messages.subList(1, messages.size()) : messages;
  }

  @ParameterizedTest
  @EnumSource(GuestKind.class)
  void aGuestComesThrough(GuestKind kind) throws Exception {
    SimGuest guest = guest(kind);
    byte[] stream = save(guest, LIVE);
    SimDomain domain = SimDestination.createDomain(other, guest.spec());
    try (DescriptorPair pipe = DescriptorPair.sockets();
        SimDestination destination = new SimDestination(other, domain);
        LibxlPeer peer = new LibxlPeer(null, destination)) {
      CompletableFuture<Void> feeding = feed(pipe, stream, LIBXLS_OWN);
      int fd = pipe.first().number();
      HelperArguments restore =
          HelperArguments.parse(
              "--restore-domain",
              "" + fd,
              "-1",
              "" + domain.domid(),
              "1",
              "0",
              "2",
              "0",
              "" + PLAIN_RESTORE,
              "0");
      assertEquals(0, run(peer, other, new Cancellation(), restore));
      peer.join();
      feeding.get(60, TimeUnit.SECONDS);
      long store =
          domain.isHvm() ? host.hvmParam(guest.domain().domid(), HvmParam.STORE_PFN.index()) : -1;
      assertEquals(3, peer.messages.size(), peer.messages::toString);
      assertEquals("0800" + hex(0), peer.messages.get(0));
      assertTrue(peer.messages.get(1).startsWith("0900"), peer.messages.get(1));
      assertEquals(4 + 32, peer.messages.get(1).length());
      if (store != -1) {
        assertEquals("0900" + hex(store), peer.messages.get(1).substring(0, 20));
      }
      assertEquals("0a00" + hex(0) + hex(0), peer.messages.get(2));
      assertEquals(
          List.of(
              "5 -1 xc: Found x86 %s domain from Xen %d.%d"
                  .formatted(
                      guest.spec().kind().isPv() ? "PV" : "HVM",
                      host.version().major(),
                      host.version().minor()),
              "5 -1 xc: Restoring domain",
              "5 -1 xc: Restore successful",
              "5 -1 xc: XenStore: mfn 0x%s, dom 0, evt 1".formatted(frame(peer, 4)),
              "5 -1 xc: Console: mfn 0x%s, dom 0, evt 2".formatted(frame(peer, 20))),
          peer.logs.stream().filter(line -> line.startsWith("5 ")).toList());
      // libxl reads on where the stream ends.
      assertArrayEquals(LIBXLS_OWN, LibxlPeer.read(pipe.first(), arena, LIBXLS_OWN.length));
      assertTrue(destination.arrived().check().survived());
      domain.destroy();
    }
    guest.domain().destroy();
  }

  /// A frame of the results of a restore.
  private static String frame(LibxlPeer peer, int from) {
    String octets = peer.messages.get(1).substring(from, from + 16);
    return Long.toHexString(Long.reverseBytes(HexFormat.fromHexDigitsToLong(octets)));
  }

  private CompletableFuture<Void> feed(DescriptorPair pipe, byte[]... parts) {
    return CompletableFuture.runAsync(() -> {
      try (Arena writing = Arena.ofShared()) {
        for (byte[] part : parts) {
          LibxlPeer.write(pipe.second(), writing, part);
        }
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
  }

  @Test
  void aPausedSaveAsksNoMoreThanItNeeds() throws Exception {
    SimGuest guest = guest(GuestKind.PVH);
    assertTrue(save(guest, 0).length > 0);
  }

  @Test
  void libxlsOctetsLieBetweenCheckpoints() throws Exception {
    SimGuest guest = guest(GuestKind.PVH);
    SimDomain domain = SimDestination.createDomain(other, guest.spec());
    try (DescriptorPair pipe = DescriptorPair.sockets();
        SimSource source = new SimSource(guest, 3, () -> {});
        SimDestination destination = new SimDestination(other, domain);
        LibxlPeer here = new LibxlPeer(source, null);
        LibxlPeer there = new LibxlPeer(null, destination)) {
      here.atCheckpoint = () -> LibxlPeer.write(pipe.second(), arena, LIBXLS_OWN);
      there.atCheckpoint =
          () ->
              assertArrayEquals(LIBXLS_OWN, LibxlPeer.read(pipe.first(), arena, LIBXLS_OWN.length));
      CompletableFuture<Integer> restored =
          inThread(
              there,
              other,
              new HelperArguments.Restore(
                  pipe.first().number(),
                  -1,
                  domain.domid(),
                  1,
                  0,
                  2,
                  0,
                  REMUS_RESTORE,
                  StreamType.REMUS));
      HelperArguments save =
          new HelperArguments.Save(
              pipe.second().number(),
              0,
              guest.domain().domid(),
              LIVE,
              REMUS_SAVE,
              StreamType.REMUS);
      assertEquals(0, run(here, host, new Cancellation(), save));
      here.join();
      // Of a checkpointed stream the sender dies.
      pipe.second().close();
      assertEquals(0, restored.get(60, TimeUnit.SECONDS));
      there.join();
      assertTrue(
          here.progress.stream().anyMatch(line -> line.startsWith("xc: Checkpointed save ")),
          here.progress::toString);
      assertFalse(here.progress.contains("xc: Complete 0/0"));
      assertTrue(there.logs.contains("5 -1 xc: Restore successful"), there.logs::toString);
      assertEquals(3, here.messages.stream().filter("0500"::equals).count());
      assertEquals("0a00" + hex(0) + hex(0), here.messages.getLast());
      assertEquals(3, there.messages.stream().filter("0500"::equals).count());
      assertEquals("0a00" + hex(0) + hex(0), there.messages.getLast());
      assertTrue(destination.arrived().check().survived());
      domain.destroy();
    }
    guest.domain().destroy();
  }

  private static CompletableFuture<Integer> inThread(
      LibxlPeer peer, Hypervisor hypervisor, HelperArguments arguments) {
    CompletableFuture<Integer> code = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            code.complete(run(peer, hypervisor, new Cancellation(), arguments));
          } catch (Throwable e) {
            code.completeExceptionally(e);
          }
        });
    return code;
  }

  @Test
  void coloGoesBothWays() throws Exception {
    SimGuest guest = guest(GuestKind.HVM);
    SimDomain domain = SimDestination.createDomain(other, guest.spec());
    try (DescriptorPair line = DescriptorPair.sockets();
        DescriptorPair back = DescriptorPair.sockets();
        SimSource source = new SimSource(guest, Integer.MAX_VALUE, () -> {});
        SimDestination destination = new SimDestination(other, domain);
        LibxlPeer here = new LibxlPeer(source, null);
        LibxlPeer there = new LibxlPeer(null, destination)) {
      here.waits = 2;
      CompletableFuture<Integer> restored =
          inThread(
              there,
              other,
              new HelperArguments.Restore(
                  line.first().number(),
                  back.second().number(),
                  domain.domid(),
                  1,
                  0,
                  2,
                  0,
                  COLO_RESTORE,
                  StreamType.COLO));
      HelperArguments save =
          new HelperArguments.Save(
              line.second().number(),
              back.first().number(),
              guest.domain().domid(),
              LIVE,
              COLO_SAVE,
              StreamType.COLO);
      assertEquals(0, run(here, host, new Cancellation(), save));
      here.join();
      line.second().close();
      assertEquals(0, restored.get(60, TimeUnit.SECONDS));
      there.join();
      assertEquals("0a00" + hex(0) + hex(0), here.messages.getLast(), here.logs::toString);
      assertEquals(
          List.of("0500", "0400", "0600"),
          here.messages.stream().filter(m -> m.matches("0[456]00")).limit(3).toList());
      // The guest's pages are told before it goes on, at each checkpoint.
      assertTrue(there.messages.stream().filter(m -> m.startsWith("0900")).count() >= 3);
      assertTrue(there.messages.contains("0600"), there.messages::toString);
      assertTrue(destination.takeOver().check().survived());
    }
    domain.destroy();
    guest.domain().destroy();
  }

  @Test
  void aSaveThatLibxlRefusesFailsAndLeavesTheGuest() throws Exception {
    SimGuest guest = guest(GuestKind.PVH);
    try (DescriptorPair pipe = DescriptorPair.pipe();
        SimSource source = new SimSource(guest);
        LibxlPeer peer = new LibxlPeer(source, null)) {
      peer.refused = 3;
      CompletableFuture<byte[]> stream = drain(pipe);
      assertEquals(0, run(peer, host, new Cancellation(), plainSave(guest, pipe)));
      peer.join();
      pipe.second().close();
      stream.get(60, TimeUnit.SECONDS);
      assertEquals("0a00" + hex(-1) + hex(5), peer.messages.getLast());
      assertTrue(
          peer.logs.contains(
              "8 -1 xenstream-save-helper: domain %d: the toolstack could not suspend it"
                  .formatted(guest.domain().domid())),
          peer.logs::toString);
      assertTrue(isLogDirtyOff(guest.domain()));
      assertFalse(source.isQemuLogDirty());
      assertTrue(guest.check().survived());
    }
  }

  /// What `complete` says of a save whose stream cannot be written.
  private String unwritten(int stream) throws Exception {
    SimGuest guest = guest(GuestKind.PVH);
    try (SimSource source = new SimSource(guest);
        LibxlPeer peer = new LibxlPeer(source, null)) {
      assertEquals(0, run(peer, host, new Cancellation(), plainSave(guest, stream)));
      peer.join();
      assertTrue(guest.check().survived());
      return peer.messages.getLast();
    }
  }

  /// libxl's own message names the reason.
  @Test
  void theSystemsErrorIsToldToLibxl() throws Exception {
    try (DescriptorPair pipe = DescriptorPair.pipe()) {
      pipe.first().close();
      assertEquals("0a00" + hex(-1) + hex(32), unwritten(pipe.second().number()));
    }
    try (Descriptor full = Descriptor.openToWrite(Path.of("/dev/full"))) {
      assertEquals("0a00" + hex(-1) + hex(28), unwritten(full.number()));
    }
  }

  private static HelperArguments plainSave(SimGuest guest, DescriptorPair pipe) {
    return plainSave(guest, pipe.second().number());
  }

  private static HelperArguments plainSave(SimGuest guest, int stream) {
    return new HelperArguments.Save(
        stream, 0, guest.domain().domid(), LIVE, PLAIN_SAVE, StreamType.PLAIN);
  }

  @Test
  void aSaveThatIsGivenUpTellsSo() throws Exception {
    SimGuest guest = guest(GuestKind.PVH);
    Cancellation cancellation = new Cancellation();
    try (DescriptorPair pipe = DescriptorPair.pipe();
        SimSource source = new SimSource(guest);
        LibxlPeer peer = new LibxlPeer(source, null)) {
      // Nobody reads the pipe: the save is stuck until it is given up.
      CompletableFuture<Void> later =
          CompletableFuture.runAsync(
              cancellation::cancel, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));
      assertEquals(0, run(peer, host, cancellation, plainSave(guest, pipe)));
      later.get(60, TimeUnit.SECONDS);
      peer.join();
      assertEquals("0a00" + hex(-1) + hex(125), peer.messages.getLast());
      assertTrue(isLogDirtyOff(guest.domain()));
      assertFalse(source.isQemuLogDirty());
    }
  }

  @Test
  void aSaveWithoutLibxlCleansUp() throws Exception {
    SimGuest guest = guest(GuestKind.PVH);
    try (DescriptorPair pipe = DescriptorPair.pipe();
        SimSource source = new SimSource(guest);
        LibxlPeer peer = new LibxlPeer(source, null)) {
      peer.diesAt = 3;
      CompletableFuture<byte[]> stream = drain(pipe);
      LibxlGoneException gone =
          assertThrows(
              LibxlGoneException.class,
              () -> run(peer, host, new Cancellation(), plainSave(guest, pipe)));
      assertEquals("libxl did not answer SUSPEND", gone.getMessage());
      assertEquals(254, gone.exitCode());
      pipe.second().close();
      stream.get(60, TimeUnit.SECONDS);
      assertTrue(isLogDirtyOff(guest.domain()));
    }
  }

  @Test
  void aRestoreThatFailsStillSendsItsResults() throws Exception {
    SimDomain domain = other.createHvm(1, 64);
    try (DescriptorPair pipe = DescriptorPair.pipe();
        SimDestination destination = new SimDestination(other, domain);
        LibxlPeer peer = new LibxlPeer(null, destination)) {
      byte[] noise = new byte[64];
      Arrays.fill(noise, (byte) 0x5A);
      LibxlPeer.write(pipe.second(), arena, noise);
      HelperArguments restore =
          new HelperArguments.Restore(
              pipe.first().number(),
              -1,
              domain.domid(),
              1,
              0,
              2,
              0,
              PLAIN_RESTORE,
              StreamType.PLAIN);
      assertEquals(0, run(peer, other, new Cancellation(), restore));
      peer.join();
      assertEquals(List.of("0900" + hex(0L) + hex(0L), "0a00" + hex(-1) + hex(5)), peer.messages);
      assertEquals(
          "8 -1 xenstream-save-helper: stream @0x0 (image header.marker): expected"
              + " 0xffffffffffffffff, found 0x5a5a5a5a5a5a5a5a",
          peer.logs.get(1));
    }
  }

  /// Xen's own would wait for ever, and the guest stand still.
  @ParameterizedTest
  @ValueSource(ints = {0, LIVE})
  void aReaderThatTakesNothingEndsTheSave(int flags) throws Exception {
    SimGuest guest = guest(GuestKind.PV64);
    try (DescriptorPair pipe = DescriptorPair.pipe();
        SimSource source = new SimSource(guest);
        LibxlPeer peer = new LibxlPeer(source, null)) {
      HelperArguments save =
          HelperArguments.parse(
              "--save-domain",
              "" + pipe.second().number(),
              "11",
              "" + guest.domain().domid(),
              "" + flags,
              "" + PLAIN_SAVE,
              "0");
      try (LibxlChannel libxl = peer.channel(save.callbacks())) {
        peer.start();
        Duration stall = Duration.ofMillis(200);
        HelperSession session =
            new HelperSession(libxl, () -> host, new Cancellation(), stall, System::nanoTime);
        assertEquals(0, session.run(save));
      }
      peer.join();
      assertEquals("0a00" + hex(-1) + hex(5), peer.messages.getLast());
      String said = peer.logs.get(peer.logs.size() - 2);
      assertTrue(
          said.matches(
              "8 -1 xenstream-save-helper: stream @0x[0-9a-f]+: the reader took nothing for"
                  + " 0\\.200 s"),
          said);
      assertTrue(isLogDirtyOff(guest.domain()));
    }
  }

  @Test
  void theEnvironmentSaysHowLongAReaderMayTakeNothing() {
    assertEquals(Duration.ofMinutes(5), SaveHelperMain.stallLimit(null));
    assertEquals(Duration.ofMinutes(5), SaveHelperMain.stallLimit(""));
    assertEquals(Duration.ofSeconds(30), SaveHelperMain.stallLimit("30"));
    assertEquals(Patience.ENDLESS, SaveHelperMain.stallLimit("0"));
    for (String wrong : List.of("-1", "5m", "1234567890")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> SaveHelperMain.stallLimit(wrong));
      assertEquals(
          "XENSTREAM_STALL_LIMIT: expected a number of seconds, found \"" + wrong + "\"",
          e.getMessage());
    }
  }

  @Test
  void withoutXenItSaysWhatIsMissing() throws Exception {
    try (LibxlPeer peer = new LibxlPeer(null, null)) {
      try (LibxlChannel libxl = peer.channel(PLAIN_SAVE)) {
        peer.start();
        HelperSession session =
            new HelperSession(
                libxl,
                () -> {
                  throw new MissingLibraryException("expected the library X, found none of them");
                },
                new Cancellation(),
                Patience.ENDLESS,
                System::nanoTime);
        assertEquals(
            255, session.run(new HelperArguments.Save(5, 6, 1, 0, PLAIN_SAVE, StreamType.PLAIN)));
      }
      peer.join();
      assertEquals(List.of(), peer.messages);
      assertEquals(
          "8 5 xenstream-save-helper: expected the library X, found none of them",
          peer.logs.getLast());
    }
  }
}
