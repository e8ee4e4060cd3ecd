// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests.rules;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.xenstream.testkit.StreamBuilder;

/// A good stream as a row of named parts, of which a test changes one.
final class Recipe {
  @SuppressWarnings("ArrayRecordComponent") // the octets are compared with nothing
  private record Part(String name, byte[] octets) {}

  private final List<Part> parts = new ArrayList<>();

  /// A 64-bit PV guest: pfns 0 to 7, of which 1 is start info, 2 the p2m, 4 the pinned L4 that vCPU
  /// 0 runs on, and 5 an L1.
  static Recipe pv64() {
    return pv(8, 0xC000_0000_0000_0004L);
  }

  /// The same with 32 bits: 4 is a pinned L3.
  static Recipe pv32() {
    return pv(4, 0xB000_0000_0000_0004L);
  }

  private static Recipe pv(int width, long top) {
    Recipe recipe = new Recipe();
    recipe.add("image", StreamBuilder.stream().imageHeader(3).octets());
    recipe.add("domain", StreamBuilder.stream().domainHeader(1).octets());
    recipe.add(
        "info",
        record(2, new byte[] {(byte) width, (byte) (width == 8 ? 4 : 3), 0, 0, 0, 0, 0, 0}));
    recipe.policies();
    recipe.add("p2m", record(3, u32(0), u32(7), u64(2)));
    recipe.add("memory", memory(0, 1, 2, 3, top, 0x1000_0000_0000_0005L, 6, 7));
    recipe.add("tsc", tsc(0));
    recipe.add("shared", record(7, StreamBuilder.page(0)));
    recipe.add("basic", record(4, u32(0), u32(0), basic(width)));
    recipe.add("extended", record(5, u32(0), u32(0), extended(0)));
    recipe.add("end", record(0));
    return recipe;
  }

  /// An HVM guest of two pages.
  static Recipe hvm() {
    Recipe recipe = new Recipe();
    recipe.add("image", StreamBuilder.stream().imageHeader(3).octets());
    recipe.add("domain", StreamBuilder.stream().domainHeader(2).octets());
    recipe.policies();
    recipe.add("memory", memory(0, 1));
    recipe.add("tsc", tsc(0));
    recipe.add("params", params(1, 0xFEFFC));
    recipe.add("context", context(cpu()));
    recipe.add("end", record(0));
    return recipe;
  }

  private void policies() {
    add("cpuid", record(0x11, leaf(0, -1)));
    add("msr", record(0x12, u32(0xCE), u32(0), u64(0)));
    add("static", record(0x10));
  }

  /// A version 2 stream of the same content.
  Recipe version2() {
    return with("image", StreamBuilder.stream().imageHeader(2).octets())
        .without("cpuid")
        .without("msr")
        .without("static");
  }

  /// The same saved by another release of Xen.
  Recipe savedBy(int type, int minor) {
    return with("domain", StreamBuilder.stream().domainHeader(type, 12, 0, 4, minor).octets());
  }

  private Recipe add(String name, byte[] octets) {
    parts.add(new Part(name, octets));
    return this;
  }

  private int index(String name) {
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no part " + name);
  }

  Recipe with(String name, byte[] octets) {
    parts.set(index(name), new Part(name, octets));
    return this;
  }

  Recipe without(String name) {
    parts.remove(index(name));
    return this;
  }

  Recipe before(String name, byte[]... octets) {
    parts.add(index(name), new Part("", StreamBuilder.join(octets)));
    return this;
  }

  Recipe after(String name, byte[]... octets) {
    parts.add(index(name) + 1, new Part("", StreamBuilder.join(octets)));
    return this;
  }

  /// The octets of a part.
  byte[] part(String name) {
    return parts.get(index(name)).octets().clone();
  }

  /// Overwrites octets of a part; a record's body begins at 8.
  Recipe patch(String name, int at, byte[] octets) {
    byte[] changed = part(name);
    System.arraycopy(octets, 0, changed, at, octets.length);
    return with(name, changed);
  }

  byte[] octets() {
    return StreamBuilder.join(parts.stream().map(Part::octets).toArray(byte[][]::new));
  }

  static byte[] record(int type, byte[]... body) {
    return StreamBuilder.stream().record(type, body).octets();
  }

  static byte[] u16(int value) {
    return ByteBuffer.allocate(2).order(LITTLE_ENDIAN).putShort((short) value).array();
  }

  static byte[] u32(long value) {
    return ByteBuffer.allocate(4).order(LITTLE_ENDIAN).putInt((int) value).array();
  }

  static byte[] u64(long value) {
    return ByteBuffer.allocate(8).order(LITTLE_ENDIAN).putLong(value).array();
  }

  static byte[] u8(int value) {
    return new byte[] {(byte) value};
  }

  /// PAGE_DATA of these entries with pages of zeros.
  static byte[] memory(long... entries) {
    StreamBuilder body = StreamBuilder.stream().u32(entries.length).u32(0);
    for (long entry : entries) {
      body.u64(entry);
    }
    for (long entry : entries) {
      if (entry >>> 60 < 0xD) {
        body.raw(StreamBuilder.page(0));
      }
    }
    return record(1, body.octets());
  }

  static byte[] tsc(int mode) {
    return record(8, u32(mode), u32(3_000_000), u64(0), u32(0), u32(0));
  }

  /// A context of vCPU 0 that names start info 1 and page table 4.
  static byte[] basic(int width) {
    ByteBuffer context = ByteBuffer.allocate(width == 8 ? 5168 : 2800).order(LITTLE_ENDIAN);
    if (width == 8) {
      context.putLong(616, 1).putLong(4984 + 24, 4 << 12);
    } else {
      context.putInt(524, 1).putInt(2716 + 12, 4 << 12);
    }
    return context.array();
  }

  /// An extended context of a vCPU, which says that 64 of its octets count.
  static byte[] extended(int vcpu) {
    return StreamBuilder.stream().u32(vcpu).u32(64).raw(new byte[120]).octets();
  }

  /// HVM_PARAMS of indices and values in turn.
  static byte[] params(long... numbers) {
    StreamBuilder body = StreamBuilder.stream().u32(numbers.length / 2).u32(0);
    for (long number : numbers) {
      body.u64(number);
    }
    return record(10, body.octets());
  }

  /// X86_PV_VCPU_MSRS of vCPU 0 with these MSRs.
  static byte[] msrs(long... indices) {
    StreamBuilder body = StreamBuilder.stream().u32(0).u32(0);
    for (long index : indices) {
      body.u32(index).u32(0).u64(1);
    }
    return record(12, body.octets());
  }

  /// X86_PV_VCPU_XSAVE of vCPU 0.
  ///
  /// @param area octets behind the masks
  /// @param header the numbers behind the legacy area: xstate_bv, xcomp_bv, reserved
  static byte[] vcpuXsave(long xcr0, long accumulated, int area, long... header) {
    ByteBuffer octets = ByteBuffer.allocate(area).order(LITTLE_ENDIAN);
    for (int i = 0; i < header.length; i++) {
      octets.putLong(512 + 8 * i, header[i]);
    }
    return record(6, u32(0), u32(0), u64(xcr0), u64(accumulated), octets.array());
  }

  static byte[] leaf(int leaf, int subleaf) {
    return StreamBuilder.stream().u32(leaf).u32(subleaf).raw(new byte[16]).octets();
  }

  /// HVM_CONTEXT of a header, these entries, and END.
  static byte[] context(byte[]... entries) {
    return record(9, header(), StreamBuilder.join(entries), entry(0, 0));
  }

  static byte[] header() {
    return entry(1, 0, u32(0x54381286), u32(1), new byte[16]);
  }

  /// An entry of the HVM context.
  static byte[] entry(int typecode, int instance, byte[]... body) {
    byte[] whole = StreamBuilder.join(body);
    return StreamBuilder.join(u16(typecode), u16(instance), u32(whole.length), whole);
  }

  /// An entry of zeros but for octets at a place.
  static byte[] entry(int typecode, int instance, int length, int at, byte[] octets) {
    byte[] body = new byte[length];
    System.arraycopy(octets, 0, body, at, octets.length);
    return entry(typecode, instance, body);
  }

  static byte[] cpu() {
    return entry(2, 0, 1032, 656, u64(0x8005_0033L));
  }
}
