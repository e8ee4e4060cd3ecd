// SPDX-License-Identifier: Apache-2.0
package org.xenstream.testkit;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.xenstream.core.format.DomainHeader;
import org.xenstream.core.format.ImageHeader;
import org.xenstream.core.format.PageEntries;
import org.xenstream.core.format.PageRuns;
import org.xenstream.core.format.StreamRecord;

/// Streams by chance, each record in a place where it may stand. The same seed gives the same
/// stream; [Generated#toString] names it, for messages.
public final class StreamGenerator {
  private static final int[] TYPES = {0, 0, 0, 1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15};

  /// The kinds of guests.
  public enum Guest {
    /// 64-bit PV.
    PV64,
    /// 32-bit PV.
    PV32,
    /// HVM or PVH.
    HVM
  }

  /// The ways in which a stream goes.
  public enum Mode {
    /// Memory, state, END.
    PLAIN,
    /// Memory, VERIFY, memory, state, END.
    VERIFY,
    /// Sets that each end with CHECKPOINT.
    CHECKPOINTED
  }

  /// A stream as values.
  ///
  /// @param seed what it was made from
  /// @param guest the kind of guest
  /// @param mode the way it goes
  /// @param image the image header
  /// @param domain the domain header
  /// @param records the records, END included
  public record Generated(
      long seed,
      Guest guest,
      Mode mode,
      ImageHeader image,
      DomainHeader domain,
      List<StreamRecord> records) {
    /// The byte order of the stream.
    public ByteOrder order() {
      return image.order();
    }

    @Override
    public String toString() {
      return "seed %d: %s, %s, version %d, %s, %d records"
          .formatted(seed, guest, mode, image.version(), order(), records.size());
    }
  }

  private final RandomGenerator chance;
  private final List<StreamRecord> records = new ArrayList<>();

  private StreamGenerator(long seed) {
    this.chance = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /// Makes a stream.
  public static Generated generate(long seed) {
    return new StreamGenerator(seed).stream(seed);
  }

  private Generated stream(long seed) {
    Guest guest = one(Guest.values());
    Mode mode = one(Mode.values());
    int version = chance.nextBoolean() ? 3 : 2;
    ByteOrder order = chance.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    if (chance.nextInt(4) == 0) {
      records.add(new StreamRecord.SavingCpu(octets(48)));
    }
    staticData(guest, version);
    memory(guest);
    switch (mode) {
      case PLAIN -> state(guest);
      case VERIFY -> {
        records.add(new StreamRecord.Verify());
        memory(guest);
        state(guest);
      }
      case CHECKPOINTED -> {
        for (int left = 1 + chance.nextInt(3); left > 0; left--) {
          state(guest);
          records.add(new StreamRecord.Checkpoint());
          memory(guest);
        }
        state(guest);
      }
    }
    records.add(new StreamRecord.End());
    return new Generated(
        seed,
        guest,
        mode,
        ImageHeader.of(version, order),
        DomainHeader.of(guest == Guest.HVM ? 2 : 1, 4, 6 + chance.nextInt(16)),
        List.copyOf(records));
  }

  private void staticData(Guest guest, int version) {
    if (guest != Guest.HVM) {
      records.add(
          guest == Guest.PV64 ? new StreamRecord.PvInfo(8, 4) : new StreamRecord.PvInfo(4, 3));
    }
    if (version >= ImageHeader.V3) {
      records.add(new StreamRecord.CpuidPolicy(octets(24 * (1 + chance.nextInt(4)))));
      records.add(new StreamRecord.MsrPolicy(octets(16 * (1 + chance.nextInt(4)))));
      records.add(new StreamRecord.StaticDataEnd());
    }
    if (guest != Guest.HVM) {
      int frames = 1 + chance.nextInt(5);
      int perFrame = guest == Guest.PV64 ? 512 : 1024;
      records.add(
          new StreamRecord.PvP2mFrames(0, (long) frames * perFrame - 1, octets(8 * frames)));
    }
  }

  private void memory(Guest guest) {
    for (int left = chance.nextInt(4); left >= 0; left--) {
      records.add(pages(guest));
      if (chance.nextInt(8) == 0) {
        records.add(
            new StreamRecord.Unknown(0x80000001 + chance.nextInt(99), octets(chance.nextInt(40))));
      }
    }
  }

  /// Pages in one run or several, as a reader or a saver gives them.
  private StreamRecord pages(Guest guest) {
    int count = 1 + chance.nextInt(6);
    StreamBuilder entries = StreamBuilder.stream();
    List<MemorySegment> runs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int type =
          guest == Guest.HVM
              ? (chance.nextInt(4) == 0 ? 15 : 0)
              : TYPES[chance.nextInt(TYPES.length)];
      entries.u64((long) type << 60 | chance.nextLong(1L << 52));
      if (type < 13) {
        runs.add(octets(4096));
      }
    }
    return new StreamRecord.PageData(
        new PageEntries(MemorySegment.ofArray(entries.octets())), new PageRuns(List.copyOf(runs)));
  }

  private void state(Guest guest) {
    records.add(
        new StreamRecord.TscInfo(
            chance.nextInt(4), chance.nextInt(), chance.nextLong(), chance.nextInt()));
    if (guest == Guest.HVM) {
      records.add(new StreamRecord.HvmContext(octets(chance.nextInt(200))));
      records.add(new StreamRecord.HvmParams(octets(16 * (1 + chance.nextInt(9)))));
      return;
    }
    records.add(new StreamRecord.SharedInfo(octets(4096)));
    for (int vcpu = chance.nextInt(3); vcpu >= 0; vcpu--) {
      records.add(new StreamRecord.PvVcpuBasic(vcpu, octets(guest == Guest.PV64 ? 5168 : 2800)));
      records.add(new StreamRecord.PvVcpuExtended(vcpu, octets(128)));
      records.add(new StreamRecord.PvVcpuXsave(vcpu, octets(16 + chance.nextInt(900))));
      records.add(new StreamRecord.PvVcpuMsrs(vcpu, octets(16 * chance.nextInt(5))));
    }
    if (chance.nextInt(4) == 0) {
      records.add(new StreamRecord.Toolstack(octets(chance.nextInt(30))));
    }
  }

  private MemorySegment octets(int count) {
    byte[] octets = new byte[count];
    chance.nextBytes(octets);
    return MemorySegment.ofArray(octets);
  }

  private <T> T one(T[] choices) {
    return choices[chance.nextInt(choices.length)];
  }
}
