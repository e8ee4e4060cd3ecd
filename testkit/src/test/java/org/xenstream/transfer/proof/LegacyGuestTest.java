// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer.proof;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xenstream.core.format.ChannelInput;
import org.xenstream.core.format.Framed;
import org.xenstream.core.format.Limits;
import org.xenstream.core.format.MappedInput;
import org.xenstream.core.format.OctetInput;
import org.xenstream.core.format.PagesShown;
import org.xenstream.core.format.RecordSource;
import org.xenstream.core.format.StreamReader;
import org.xenstream.core.format.StreamRecord;
import org.xenstream.core.format.StreamWriter;
import org.xenstream.core.format.Wire;
import org.xenstream.legacy.Checkpoints;
import org.xenstream.legacy.DeviceModel;
import org.xenstream.legacy.LegacyConversion;
import org.xenstream.legacy.LegacyListener;
import org.xenstream.legacy.LegacyOptions;
import org.xenstream.legacy.LegacySource;
import org.xenstream.legacy.WordWidth;
import org.xenstream.testkit.CapturingChannel;
import org.xenstream.testkit.ChunkedChannel;
import org.xenstream.testkit.PoisonedInput;
import org.xenstream.testkit.XxHash64;
import org.xenstream.testkit.legacy.LegacyRewriter;
import org.xenstream.testkit.legacy.LegacyVariety;
import org.xenstream.testkit.legacy.PhysmapEntry;
import org.xenstream.transfer.Cancellation;
import org.xenstream.transfer.StreamType;
import org.xenstream.transfer.restore.RestoreListener;
import org.xenstream.transfer.restore.RestoreRequest;
import org.xenstream.transfer.restore.RestoreResult;
import org.xenstream.transfer.restore.Restorer;
import org.xenstream.transfer.sim.GuestKind;
import org.xenstream.transfer.sim.GuestSpec;
import org.xenstream.transfer.sim.RestoreReport;
import org.xenstream.transfer.sim.SimDestination;
import org.xenstream.transfer.sim.SimDomain;
import org.xenstream.transfer.sim.SimHost;
import org.xenstream.transfer.sim.SimOptions;

/// Guests of every kind are saved in every way while they work, written as legacy images in
/// varieties by chance, translated and restored: memory, contexts, TSC and parameters are those of
/// the restore of the modern image that was saved.
class LegacyGuestTest {
  private static final long SEED = Long.getLong("xenstream.seed", 20_260_101);
  private static final int VARIETIES = 6;

  /// More than any PV guest here has.
  private static final int MOST_VCPUS = 131;

  @TempDir private Path folder;

  static Stream<Arguments> guests() {
    List<Arguments> guests = new ArrayList<>();
    for (Model model : Model.values()) {
      for (Mode mode : Mode.values()) {
        // The old format knows neither PVH guests as they are today nor COLO.
        if (model != Model.PVH && mode != Mode.COLO) {
          guests.add(Arguments.of(model, mode));
        }
      }
    }
    return guests.stream();
  }

  @ParameterizedTest
  @MethodSource("guests")
  void comesBack(Model model, Mode mode) throws IOException {
    byte[] modern = saved(model, mode);
    List<String> expected;
    try (StreamReader reader = StreamReader.open(input(modern), Limits.DEFAULT)) {
      expected = restored(model, mode.type, reader);
    }
    for (int i = 0; i < VARIETIES; i++) {
      long seed = SEED + 31L * (model.seed + mode.name().hashCode()) + i;
      RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      LegacyVariety variety = LegacyVariety.any(chance, mode.isCheckpointed());
      String what = "seed %d: %s %s as %s".formatted(seed, model, mode, variety);
      ByteArrayOutputStream legacy = new ByteArrayOutputStream();
      List<String> leftOut = LegacyRewriter.rewrite(() -> input(modern), variety, legacy);
      boolean keep = mode.isCheckpointed() && chance.nextBoolean();
      LegacyOptions options =
          LegacyOptions.builder()
              .checkpoints(keep ? Checkpoints.KEEP : Checkpoints.LAST)
              .pages(chance.nextBoolean() ? PagesShown.IN_VIEW : PagesShown.LEFT_IN_INPUT)
              .build();
      options = claiming(options, model, variety);
      OctetInput octets = any(chance, legacy.toByteArray());
      List<String> found;
      try (LegacySource source = LegacySource.open(octets, options, LegacyListener.NONE)) {
        found = restored(model, keep ? StreamType.REMUS : StreamType.PLAIN, source);
        // A restore stops at END; the device model stands behind it.
        assertNull(source.next(), what);
        if (!model.kind.isPv() && !keep) {
          deviceModel(variety, source.deviceModel(), what);
        }
      } catch (RuntimeException | IOException e) {
        throw new AssertionError(what, e);
      }
      assertEquals(
          String.join("\n", comparable(expected, leftOut)),
          String.join("\n", comparable(found, leftOut)),
          what);
    }
  }

  /// Without extended info a guest's width shows in its page tables alone, or has to be told.
  private static LegacyOptions claiming(LegacyOptions options, Model model, LegacyVariety variety) {
    if (!model.kind.isPv() || variety.extendedInfo() || !variety.oddEntries()) {
      return options;
    }
    WordWidth width = model.kind == GuestKind.PV32 ? WordWidth.BITS_32 : WordWidth.BITS_64;
    return options.toBuilder().guestWidth(width).build();
  }

  /// vCPUs from 64 on have their bits in further words of VCPU_INFO.
  @ParameterizedTest
  @EnumSource(names = {"PV64_TREE", "PV32_LIST"})
  void vcpusBeyondOneWord(Model model) throws IOException {
    byte[] modern = withMoreVcpus(saved(model, Mode.PLAIN), 63, 64, 127, 128, MOST_VCPUS - 1);
    List<String> expected;
    try (StreamReader reader = StreamReader.open(input(modern), Limits.DEFAULT)) {
      expected = restored(model, StreamType.PLAIN, reader);
    }
    assertTrue(expected.stream().anyMatch(line -> line.startsWith("vcpu.basic.130 ")));
    for (int width : new int[] {4, 8}) {
      ByteArrayOutputStream legacy = new ByteArrayOutputStream();
      LegacyVariety variety = LegacyVariety.reference(width);
      List<String> leftOut = LegacyRewriter.rewrite(() -> input(modern), variety, legacy);
      try (LegacySource source =
          LegacySource.open(
              input(legacy.toByteArray()), LegacyOptions.DEFAULT, LegacyListener.NONE)) {
        List<String> found = restored(model, StreamType.PLAIN, source);
        assertEquals(
            String.join("\n", comparable(expected, leftOut)),
            String.join("\n", comparable(found, leftOut)));
        assertEquals(7, source.facts().vcpus());
      }
    }
  }

  /// A stream in which the guest has more vCPUs, all as its number 2 is.
  private static byte[] withMoreVcpus(byte[] stream, int... ids) throws IOException {
    CapturingChannel out = CapturingChannel.whole();
    try (StreamReader reader = StreamReader.open(input(stream), Limits.DEFAULT)) {
      StreamWriter writer =
          StreamWriter.begin(out, reader.headers().image(), reader.headers().domain());
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        writer.accept(framed.record());
        if (framed.record() instanceof StreamRecord.PvVcpu vcpu && vcpu.vcpuId() == 2) {
          for (int id : ids) {
            writer.accept(like(vcpu, id));
          }
        }
      }
    }
    return out.octets();
  }

  private static StreamRecord like(StreamRecord.PvVcpu vcpu, int id) {
    return switch (vcpu) {
      case StreamRecord.PvVcpuBasic(_, var context) -> new StreamRecord.PvVcpuBasic(id, context);
      case StreamRecord.PvVcpuExtended(_, var context) -> {
        // It begins with its vCPU's number.
        MemorySegment own = MemorySegment.ofArray(context.toArray(ValueLayout.JAVA_BYTE));
        Wire.putU32(own, 0, id, ByteOrder.LITTLE_ENDIAN);
        yield new StreamRecord.PvVcpuExtended(id, own);
      }
      case StreamRecord.PvVcpuXsave(_, var context) -> new StreamRecord.PvVcpuXsave(id, context);
      case StreamRecord.PvVcpuMsrs(_, var context) -> new StreamRecord.PvVcpuMsrs(id, context);
    };
  }

  static Stream<Model> checkpointed() {
    return Stream.of(Model.HVM, Model.PV64_TREE, Model.PV32_LIST);
  }

  /// The sender dies amid a checkpoint: the guest is that of the last complete one, whether
  /// checkpoints are kept or not.
  @ParameterizedTest
  @MethodSource("checkpointed")
  void incompleteCheckpointIsDropped(Model model) throws IOException {
    byte[] modern = saved(model, Mode.REMUS);
    RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    Set<Integer> complete = new TreeSet<>();
    for (int i = 0; i < VARIETIES; i++) {
      LegacyVariety variety = LegacyVariety.any(chance, true);
      ByteArrayOutputStream legacy = new ByteArrayOutputStream();
      List<String> leftOut = LegacyRewriter.rewrite(() -> input(modern), variety, legacy);
      // The first checkpoint has most of the octets; how many the others have is the machine's to
      // say, so that one cut leaves all but the last.
      int length = legacy.size() - 1 - (i == 0 ? 0 : chance.nextInt(legacy.size() / 8));
      byte[] cut = Arrays.copyOf(legacy.toByteArray(), length);
      for (Checkpoints which : List.of(Checkpoints.LAST, Checkpoints.KEEP)) {
        String what = "%s %s of %d octets as %s".formatted(model, which, length, variety);
        LegacyOptions options =
            claiming(LegacyOptions.builder().checkpoints(which).build(), model, variety);
        List<String> found;
        int checkpoints;
        try (LegacySource source = LegacySource.open(input(cut), options, LegacyListener.NONE)) {
          boolean keep = which.equals(Checkpoints.KEEP);
          found = restored(model, keep ? StreamType.REMUS : StreamType.PLAIN, source);
          assertNull(source.next(), what);
          checkpoints = source.facts().checkpoints();
        }
        complete.add(checkpoints);
        byte[] upTo = Arrays.copyOf(modern, Math.toIntExact(checkpointEnd(modern, checkpoints)));
        List<String> expected;
        try (StreamReader reader = StreamReader.open(input(upTo), Limits.DEFAULT)) {
          expected = restored(model, StreamType.REMUS, reader);
        }
        assertEquals(
            String.join("\n", comparable(expected, leftOut)),
            String.join("\n", comparable(found, leftOut)),
            what);
      }
    }
    assertTrue(complete.size() > 1, () -> "always " + complete);
  }

  /// What is written of checkpoints, compressed or not, does not depend on whether the image can be
  /// read twice: of the last one, of each, and of all.
  @ParameterizedTest
  @MethodSource("checkpointed")
  void aFileAndAPipeGiveTheSame(Model model) throws IOException {
    byte[] modern = saved(model, Mode.REMUS);
    RandomGenerator chance = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    int compressed = 0;
    for (int i = 0; i < VARIETIES; i++) {
      LegacyVariety variety = LegacyVariety.any(chance, true);
      ByteArrayOutputStream legacy = new ByteArrayOutputStream();
      LegacyRewriter.rewrite(() -> input(modern), variety, legacy);
      Path image = Files.write(folder.resolve("image"), legacy.toByteArray());
      List<Checkpoints> all = new ArrayList<>(List.of(Checkpoints.LAST, Checkpoints.KEEP));
      for (int n = 1; n <= 3; n++) {
        all.add(Checkpoints.number(n));
      }
      for (Checkpoints which : all) {
        LegacyOptions options =
            claiming(
                LegacyOptions.builder().checkpoints(which).pages(PagesShown.LEFT_IN_INPUT).build(),
                model,
                variety);
        String what = "%s %s as %s".formatted(model, which, variety);
        byte[] ofFile = converted(MappedInput.open(image), options);
        assertArrayEquals(ofFile, converted(any(chance, legacy.toByteArray()), options), what);
        assertTrue(ofFile.length > legacy.size() / 4, what);
      }
      compressed += variety.compressed() ? 1 : 0;
    }
    assertTrue(compressed > 0 && compressed < VARIETIES, "of both kinds");
  }

  private byte[] converted(OctetInput input, LegacyOptions options) throws IOException {
    Path to = folder.resolve("converted");
    try (LegacySource source = LegacySource.open(input, options, LegacyListener.NONE);
        FileChannel out =
            FileChannel.open(
                to,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        LegacyConversion conversion =
            LegacyConversion.begin(source, input, out, LegacyConversion.Target.LIBXL)) {
      while (conversion.step()) {}
    }
    return Files.readAllBytes(to);
  }

  /// Where the n-th CHECKPOINT record ends.
  private static long checkpointEnd(byte[] stream, int n) throws IOException {
    try (StreamReader reader = StreamReader.open(input(stream), Limits.DEFAULT)) {
      int count = 0;
      for (Framed framed = reader.next(); framed != null; framed = reader.next()) {
        if (framed.record() instanceof StreamRecord.Checkpoint && ++count == n) {
          return framed.frame().end();
        }
      }
    }
    throw new AssertionError("no checkpoint " + n);
  }

  private static byte[] saved(Model model, Mode mode) throws IOException {
    try (Departure departure = new Departure(model)) {
      SavedStream saved = new SavedStream();
      departure.save(departure.host, mode, mode.options(), saved, null);
      return saved.octets();
    }
  }

  private static OctetInput input(byte[] octets) {
    return new ChannelInput("image", Channels.newChannel(new ByteArrayInputStream(octets)));
  }

  private static OctetInput any(RandomGenerator chance, byte[] octets) {
    return switch (chance.nextInt(3)) {
      case 0 -> input(octets);
      case 1 -> new PoisonedInput(input(octets));
      default ->
          new ChannelInput(
              "image", ChunkedChannel.of(octets, 2 + chance.nextInt(9000), chance.nextLong()));
    };
  }

  private static List<String> restored(Model model, StreamType type, RecordSource source)
      throws IOException {
    try (SimHost host = new SimHost(SimOptions.ofReference())) {
      GuestSpec spec = model.builder().spec();
      SimDomain domain =
          spec.kind().isPv()
              ? host.createPv(MOST_VCPUS, spec.pages())
              : SimDestination.createDomain(host, spec);
      SimDestination destination = new SimDestination(host, domain);
      RestoreResult result =
          new Restorer(
                  host,
                  RestoreRequest.of(domain.domid(), type, 5, 6),
                  destination,
                  RestoreListener.NONE,
                  new Cancellation(),
                  null)
              .restore(source);
      return RestoreReport.of(domain, result, 0, Digest::new);
    }
  }

  /// What the old format says of a guest, and what is no matter of how often it was said.
  private static List<String> comparable(List<String> lines, List<String> leftOut) {
    return lines.stream()
        .filter(line -> !line.startsWith("cpuid_policy") && !line.startsWith("msr_policy"))
        .filter(line -> !(line.startsWith("vcpu.extd") && leftOut.contains("extended contexts")))
        .filter(line ->
            !(line.matches("vcpu\\.[a-z]+\\.[1-9].*") && leftOut.contains("vCPUs but the first")))
        .filter(line -> !(line.startsWith("vcpu.xsave") && leftOut.contains("XSAVE states")))
        .filter(line -> !line.startsWith("static_data_done") && !line.startsWith("checkpoint_"))
        .filter(line -> !(line.startsWith("vcpu.msrs") && leftOut.contains("MSRs of vCPUs")))
        .filter(line ->
            leftOut.stream()
                .noneMatch(left ->
                    left.startsWith("HVM parameter ")
                        && line.startsWith("hvmparam " + left.substring(14) + " ")))
        .filter(line -> !line.startsWith("hvmparam 15 "))
        .map(line -> line.replaceAll(" superpages2M=\\d+| set=\\d+", ""))
        .toList();
  }

  private static void deviceModel(LegacyVariety variety, @Nullable DeviceModel found, String what)
      throws IOException {
    assertNotNull(found, what);
    List<PhysmapEntry> physmap = variety.physmap();
    assertArrayEquals(
        PhysmapEntry.xenstoreData(physmap == null ? List.of() : physmap),
        found.xenstoreData().toArray(ValueLayout.JAVA_BYTE),
        what);
    MemorySegment context = found.context();
    assertEquals(variety.deviceModel() == null, context == null, what);
    if (context != null) {
      assertArrayEquals(variety.deviceModelState(), context.toArray(ValueLayout.JAVA_BYTE), what);
    }
  }

  /// A hash of what it is given, in pieces.
  private static final class Digest implements RestoreReport.Hash {
    private long value;

    @Override
    public void update(MemorySegment octets) {
      value = 31 * value + XxHash64.hash(octets);
    }

    @Override
    public long value() {
      return value;
    }
  }
}
