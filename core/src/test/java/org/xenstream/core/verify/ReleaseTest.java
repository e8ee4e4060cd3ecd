// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.xenstream.core.format.RecordType;
import org.xenstream.core.verify.HvmContextFacts.Form;
import org.xenstream.core.verify.HvmContextFacts.Length;
import org.xenstream.core.verify.Release.ParamFate;

class ReleaseTest {

  @Test
  void aNameIsReadBackAsTheReleaseItNames() {
    for (Release release : Release.values()) {
      assertEquals(release, Release.parse(release.toString()));
    }
    assertEquals(Release.V4_17, Release.parse("4.17"));
    assertEquals(17, Release.V4_17.minor());
    assertEquals(Release.V4_22, Release.latest());
    assertEquals(17, Release.values().length);
  }

  @Test
  void anUnknownNameIsRefusedWithTheRangeThatIsKnown() {
    for (String name : List.of("4.5", "4.23", "4.17.1", "4.6.", "4.06", "", "V4_6")) {
      var thrown = assertThrows(IllegalArgumentException.class, () -> Release.parse(name));
      assertEquals("no release \"" + name + "\"; known are 4.6 to 4.22", thrown.getMessage(), name);
    }
  }

  @Test
  void versionThreeAndItsRecordsCameWith414() {
    assertEquals(List.of(2), Release.V4_13.imageVersions());
    assertEquals(List.of(2, 3), Release.V4_14.imageVersions());
    for (RecordType type :
        List.of(
            RecordType.STATIC_DATA_END, RecordType.X86_CPUID_POLICY, RecordType.X86_MSR_POLICY)) {
      assertEquals("4.14", since(release -> release.knowsRecordType(type.code())), type.name());
    }
  }

  @Test
  void theRecordsOfVersionTwoAreKnownToAll() {
    var known = new ArrayList<Integer>();
    for (int type = 0; type <= 0x20; type++) {
      if (Release.V4_6.knowsRecordType(type)) {
        known.add(type);
      }
    }
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14), known);
    for (Release release : Release.values()) {
      for (int type : List.of(0x0b, 0x0f, 0x13, 0x80000000, 0xffffffff)) {
        assertFalse(release.knowsRecordType(type), release + " " + type);
      }
    }
  }

  @Test
  void theLargestRecordGrewWith410() {
    assertEquals(8_388_608, Release.V4_6.maxRecordLength());
    assertEquals(8_388_608, Release.V4_9.maxRecordLength());
    assertEquals(134_217_728, Release.V4_10.maxRecordLength());
    assertEquals(134_217_728, Release.V4_22.maxRecordLength());
  }

  @Test
  void emptyVcpuRecordsPassSince411AndEmptyParamsAlways() {
    for (RecordType type :
        List.of(
            RecordType.X86_PV_VCPU_BASIC,
            RecordType.X86_PV_VCPU_EXTENDED,
            RecordType.X86_PV_VCPU_XSAVE,
            RecordType.X86_PV_VCPU_MSRS)) {
      assertEquals("4.11", since(release -> release.toleratesZeroContent(type.code())));
    }
    assertEquals("4.6", since(release -> release.toleratesZeroContent(0x0a)));
    for (int type : List.of(0x01, 0x09, 0x11, 0x80000001)) {
      assertFalse(Release.V4_22.toleratesZeroContent(type));
    }
  }

  @Test
  void xsaveNeedsNoWholeSixteensSince412() {
    assertTrue(Release.V4_11.takesVcpuXsave(848));
    assertFalse(Release.V4_11.takesVcpuXsave(849));
    assertFalse(Release.V4_11.takesVcpuXsave(0));
    assertTrue(Release.V4_12.takesVcpuXsave(849));
    assertTrue(Release.V4_12.takesVcpuXsave(16));
    assertFalse(Release.V4_12.takesVcpuXsave(15));
  }

  @Test
  void theNumberOfHvmParametersGrew() {
    assertEquals(37, Release.V4_8.hvmParams());
    assertEquals(38, Release.V4_9.hvmParams());
    assertEquals(39, Release.V4_10.hvmParams());
    assertEquals(39, Release.V4_22.hvmParams());
    assertEquals(ParamFate.REFUSED, Release.V4_8.hvmParam(37));
    assertEquals(ParamFate.SET, Release.V4_9.hvmParam(37));
    assertEquals(ParamFate.REFUSED, Release.V4_22.hvmParam(39));
    assertEquals(ParamFate.REFUSED, Release.V4_22.hvmParam(500));
    assertEquals(ParamFate.REFUSED, Release.V4_22.hvmParam(-1));
    assertEquals(ParamFate.REFUSED, Release.V4_22.hvmParam(0x1_0000_0001L));
  }

  @Test
  void retiredHvmParametersAreDroppedOrRefused() {
    assertEquals(ParamFate.SET, Release.V4_13.hvmParam(4));
    assertEquals(ParamFate.DROPPED, Release.V4_14.hvmParam(4));
    assertTrue(Release.V4_14.takesHvmParam(4, -1));
    assertEquals("4.12", since(release -> release.hvmParam(13) == ParamFate.REFUSED));
    assertEquals("4.15", since(release -> release.hvmParam(24) == ParamFate.REFUSED));
    assertEquals("4.19", since(release -> release.hvmParam(35) == ParamFate.REFUSED));
    for (long index : List.of(20L, 21L, 22L, 23L, 25L, 26L, 30L)) {
      assertEquals("4.6", since(release -> release.hvmParam(index) == ParamFate.REFUSED));
    }
  }

  @Test
  void theValuesOfHvmParametersAreBounded() {
    assertEquals(0x000f, Release.V4_6.viridianMask());
    assertEquals(0x003f, Release.V4_7.viridianMask());
    assertEquals(0x007f, Release.V4_9.viridianMask());
    assertEquals(0x03ff, Release.V4_13.viridianMask());
    assertEquals(0x1fff, Release.V4_15.viridianMask());
    assertTrue(Release.V4_14.takesHvmParam(9, 0x3ff));
    assertFalse(Release.V4_14.takesHvmParam(9, 0x7ff));
    assertTrue(Release.V4_15.takesHvmParam(9, 0x7ff));
    assertFalse(Release.V4_15.takesHvmParam(9, 0x7fe));
    assertFalse(Release.V4_22.takesHvmParam(9, 0));
    assertTrue(Release.V4_22.takesHvmParam(33, 64));
    assertFalse(Release.V4_22.takesHvmParam(33, 0));
    assertFalse(Release.V4_22.takesHvmParam(33, 65));
    assertTrue(Release.V4_22.takesHvmParam(36, 8));
    assertFalse(Release.V4_22.takesHvmParam(36, 2));
    assertTrue(Release.V4_8.takesHvmParam(15, 1L << 32));
    assertFalse(Release.V4_9.takesHvmParam(15, 1L << 32));
    assertTrue(Release.V4_9.takesHvmParam(37, 104L << 32 | 0xfc00));
    assertFalse(Release.V4_9.takesHvmParam(37, 103L << 32 | 0xfc00));
    assertFalse(Release.V4_10.takesHvmParam(38, 2));
    assertFalse(Release.V4_22.takesHvmParam(10, 4));
    assertFalse(Release.V4_22.takesHvmParam(10, -1));
    assertTrue(Release.V4_22.takesHvmParam(1, -1));
    assertTrue(Release.V4_11.takesHvmParam(13, 0x7ff0));
    assertFalse(Release.V4_11.takesHvmParam(13, 0));
    assertTrue(Release.V4_10.takesHvmParam(13, 0));
    assertFalse(Release.V4_22.takesHvmParam(39, 0));
  }

  @Test
  void someHvmParamsKeepTheirFirstValue() {
    assertEquals("9 32 33 35", once(Release.V4_9));
    assertEquals("9 32 33 35 38", once(Release.V4_11));
    assertEquals("5 6 9 32 33 35 38", once(Release.V4_12));
    assertEquals("5 6 9 32 33 35 38", once(Release.V4_22));
    assertFalse(Release.V4_22.setsHvmParamOnce(-1));
    assertFalse(Release.V4_22.setsHvmParamOnce(1L << 32 | 9));
  }

  private static String once(Release release) {
    return LongStream.range(0, 40)
        .filter(release::setsHvmParamOnce)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(" "));
  }

  @Test
  void tscModesAreThreeSince412() {
    assertTrue(Release.V4_11.takesTscMode(3));
    assertFalse(Release.V4_12.takesTscMode(3));
    assertTrue(Release.V4_12.takesTscMode(2));
    assertFalse(Release.V4_22.takesTscMode(-1));
  }

  @Test
  void policiesHaveTheirPlaces() {
    assertEquals(0, Release.V4_13.maxCpuidLeaves());
    assertEquals(120, Release.V4_14.maxCpuidLeaves());
    assertEquals(0, Release.V4_13.maxPolicyMsrs());
    assertEquals(2, Release.V4_14.maxPolicyMsrs());
    assertTrue(Release.V4_14.takesPolicyMsr(0xce));
    assertTrue(Release.V4_14.takesPolicyMsr(0x10a));
    assertFalse(Release.V4_14.takesPolicyMsr(0x48));
    assertFalse(Release.V4_13.takesPolicyMsr(0xce));
    Release last = Release.latest();
    assertTrue(last.takesCpuidLeaf(0, -1));
    assertTrue(last.takesCpuidLeaf(0xd, 62));
    assertTrue(last.takesCpuidLeaf(0x7, 2));
    assertTrue(last.takesCpuidLeaf(0x80000021, -1));
    assertTrue(last.takesCpuidLeaf(0x40000100, -1));
    assertFalse(last.takesCpuidLeaf(0, 0));
    assertFalse(last.takesCpuidLeaf(0x4, -1));
    assertFalse(last.takesCpuidLeaf(0x7, 3));
    assertFalse(last.takesCpuidLeaf(0xe, -1));
    assertFalse(last.takesCpuidLeaf(0x80000022, -1));
    assertFalse(last.takesCpuidLeaf(0x40000001, -1));
    assertFalse(Release.V4_13.takesCpuidLeaf(0, -1));
  }

  @Test
  void theLengthsOfTheHvmContextAreThoseOfTheHeaders() {
    assertEquals("24 octets", everywhere(1));
    assertEquals("8 octets", everywhere(3));
    assertEquals("400 octets", everywhere(4));
    assertEquals("1024 octets", everywhere(6));
    assertEquals("16 octets", everywhere(7));
    for (int typecode : List.of(8, 9, 13, 19)) {
      assertEquals("8 octets", everywhere(typecode));
    }
    assertEquals("56 octets", everywhere(10));
    assertEquals("1048 octets", everywhere(12));
    assertEquals("240 octets", everywhere(14));
    assertEquals("at most 32 octets", everywhere(15));
    assertEquals("at least 600 octets", everywhere(16));
    assertEquals("8 octets and 16 for each MSR, at least 24", everywhere(20));
    assertEquals("any length", everywhere(HvmContextFacts.END));
    assertEquals("4.6 1016 or 1024 octets, 4.7 at most 1032 octets", changes(2));
    assertEquals("4.6 at most 24 octets, 4.18 at most 32 octets", changes(5));
    assertEquals("4.6 16 octets, 4.14 at most 24 octets", changes(11));
    assertEquals("4.6 8 octets, 4.7 at most 16 octets, 4.13 at most 216 octets", changes(17));
    assertEquals("4.6 at most 24 octets, 4.10 at most 32 octets", changes(18));
  }

  @Test
  void noOtherTypecodeIsTaken() {
    for (Release release : Release.values()) {
      for (int typecode : List.of(-1, 21, 22, 64, 0x8000, 0xffff)) {
        assertEquals(Optional.empty(), release.hvmContextLength(typecode));
      }
    }
  }

  @Test
  void aLengthAcceptsWhatItSays() {
    assertAccepts(new Length(Form.EXACT, 24, 24), List.of(24), List.of(0, 23, 25, -1));
    assertAccepts(new Length(Form.EITHER, 1016, 1024), List.of(1016, 1024), List.of(1017, 1032, 0));
    assertAccepts(new Length(Form.ZERO_EXTENDED, 0, 32), List.of(0, 24, 32), List.of(33, -1));
    Length xsave = Release.V4_22.hvmContextLength(16).orElseThrow();
    assertAccepts(xsave, List.of(600, 856, 857), List.of(0, 599, -1));
    Length msrs = Release.V4_22.hvmContextLength(20).orElseThrow();
    assertAccepts(msrs, List.of(24, 40, 168), List.of(0, 8, 23, 25, 32, -1));
    assertAccepts(Release.V4_22.hvmContextLength(0).orElseThrow(), List.of(0, 7, -1), List.of());
  }

  @Test
  void theMsrsThatTravelGrew() {
    assertEquals("4.6", since(release -> release.takesHvmMsr(0xd90)));
    assertEquals("4.6", since(release -> release.takesHvmMsr(0xc001101b)));
    assertEquals("4.7", since(release -> release.takesHvmMsr(0xda0)));
    assertEquals("4.7", since(release -> release.takesHvmMsr(0x48)));
    assertEquals("4.8", since(release -> release.takesHvmMsr(0x140)));
    assertEquals("4.17", since(release -> release.takesHvmMsr(0xc001011f)));
    assertEquals("4.18", since(release -> release.takesHvmMsr(0x6e1)));
    assertEquals("never", since(release -> release.takesHvmMsr(0xc0000103)));
    assertEquals("never", since(release -> release.takesHvmMsr(0xc001101c)));
    assertEquals("4.6", since(release -> release.takesVcpuMsr(0xc0011027)));
    assertEquals("4.7", since(release -> release.takesVcpuMsr(0x48)));
    assertEquals("4.8", since(release -> release.takesVcpuMsr(0x140)));
    assertEquals("4.12", since(release -> release.takesVcpuMsr(0xc0000103)));
    assertEquals("never", since(release -> release.takesVcpuMsr(0xd90)));
  }

  @Test
  void libxlKnowsSixRecordTypesAndPvhLater() {
    assertTrue(Release.V4_6.knowsLibxlRecordType(4));
    assertFalse(Release.V4_6.knowsLibxlRecordType(5));
    assertTrue(Release.V4_7.knowsLibxlRecordType(5));
    assertFalse(Release.V4_22.knowsLibxlRecordType(6));
    assertFalse(Release.V4_22.knowsLibxlRecordType(0x80000001));
    assertEquals("4.10", since(Release::knowsPvh));
    assertEquals("4.7", since(Release::handsOverVcpuMsrs));
  }

  @Test
  void theContextsNamesAndOwners() {
    assertEquals("CPU_XSAVE", HvmContextFacts.nameOf(16));
    assertEquals("99", HvmContextFacts.nameOf(99));
    var perVcpu = new ArrayList<Integer>();
    for (int typecode = 0; typecode < 64; typecode++) {
      if (HvmContextFacts.isPerVcpu(typecode)) {
        perVcpu.add(typecode);
      }
    }
    assertEquals(List.of(2, 5, 6, 14, 16, 17, 18, 19, 20), perVcpu);
  }

  /// The first release of which the fact holds, which then has to hold of all later ones.
  private static String since(Predicate<Release> fact) {
    String first = "never";
    for (Release release : Release.values()) {
      if (fact.test(release)) {
        first = first.equals("never") ? release.toString() : first;
      } else {
        assertEquals("never", first, "does not hold of " + release);
      }
    }
    return first;
  }

  private static String changes(int typecode) {
    Function<Release, String> length =
        release -> release.hvmContextLength(typecode).orElseThrow().toString();
    var changes = new ArrayList<String>();
    String before = "";
    for (Release release : Release.values()) {
      String now = length.apply(release);
      if (!now.equals(before)) {
        changes.add(release + " " + now);
      }
      before = now;
    }
    return String.join(", ", changes);
  }

  private static String everywhere(int typecode) {
    String changes = changes(typecode);
    assertTrue(changes.startsWith("4.6 ") && !changes.contains(", 4."), changes);
    return changes.substring("4.6 ".length());
  }

  private static void assertAccepts(Length length, List<Integer> good, List<Integer> bad) {
    good.forEach(octets -> assertTrue(length.accepts(octets), length + " " + octets));
    bad.forEach(octets -> assertFalse(length.accepts(octets), length + " " + octets));
  }
}
