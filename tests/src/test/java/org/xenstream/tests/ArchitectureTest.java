// SPDX-License-Identifier: Apache-2.0
package org.xenstream.tests;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasType.Predicates.rawType;
import static com.tngtech.archunit.lang.conditions.ArchConditions.accessField;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callMethod;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xenstream.os.NativeCall;

/// The plan of the house, held against the classes that ship: what Java modules cannot say of the
/// rooms inside them, and a few habits.
class ArchitectureTest {
  private static final JavaClasses SHIPPED =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(
              "org.xenstream.core..",
              "org.xenstream.x86..",
              "org.xenstream.legacy..",
              "org.xenstream.insight..",
              "org.xenstream.codecs..",
              "org.xenstream.os..",
              "org.xenstream.transfer..",
              "org.xenstream.xen..",
              "org.xenstream.cli..");

  /// What may read the clock, speak to the terminal and end the process: the command line, and the
  /// programs of the save helper's image.
  private static final DescribedPredicate<JavaClass> PROGRAMS =
      resideInAPackage("org.xenstream.cli..")
          .or(
              DescribedPredicate.describe(
                  "are the programs of the save helper's image",
                  type ->
                      type.getFullName().equals("org.xenstream.xen.SaveHelperMain")
                          || type.getFullName().equals("org.xenstream.xen.HostMain")));

  /// Without this the rules below could hold of nothing.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.xenstream.core.format",
        "org.xenstream.core.envelope",
        "org.xenstream.core.verify",
        "org.xenstream.x86",
        "org.xenstream.legacy",
        "org.xenstream.insight",
        "org.xenstream.codecs",
        "org.xenstream.os",
        "org.xenstream.transfer",
        "org.xenstream.transfer.migrate",
        "org.xenstream.transfer.policy",
        "org.xenstream.transfer.restore",
        "org.xenstream.transfer.save",
        "org.xenstream.transfer.sim",
        "org.xenstream.xen",
        "org.xenstream.cli"
      })
  void everyRoomIsLookedAt(String room) {
    assertTrue(
        SHIPPED.stream().anyMatch(type -> type.getPackageName().equals(room)),
        () -> "no class of " + room + " was found on the class path");
  }

  @Test
  void theFormatKnowsNothingOfWhatIsBuiltOnIt() {
    noClasses()
        .that()
        .resideInAPackage("org.xenstream.core.format..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.xenstream.core.envelope..", "org.xenstream.core.verify..")
        .check(SHIPPED);
  }

  @Test
  void theEnvelopeKnowsNothingOfRules() {
    noClasses()
        .that()
        .resideInAPackage("org.xenstream.core.envelope..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.xenstream.core.verify..")
        .check(SHIPPED);
  }

  @Test
  void packagesDependInOneDirection() {
    slices().matching("org.xenstream.(**)").should().beFreeOfCycles().check(SHIPPED);
  }

  @Test
  void theCoreNeedsNothingButTheBaseModule() throws URISyntaxException {
    Class<?> any =
        SHIPPED.that(resideInAPackage("org.xenstream.core..")).iterator().next().reflect();
    Path core = Path.of(any.getProtectionDomain().getCodeSource().getLocation().toURI());
    Set<String> needed =
        ModuleFinder.of(core)
            .find("org.xenstream.core")
            .orElseThrow()
            .descriptor()
            .requires()
            .stream()
            .filter(required -> !required.modifiers().contains(Requires.Modifier.STATIC))
            .map(Requires::name)
            .collect(Collectors.toSet());
    assertEquals(Set.of("java.base"), needed);
  }

  @Test
  void nobodyIsNamedAfterAnOdditiesDrawer() {
    noClasses().should().haveNameMatching(".*(Utils?|Manager|Helper)(\\$.*)?").check(SHIPPED);
  }

  @Test
  void handlesAndLayoutsAreConstants() {
    fields()
        .that(
            rawType(assignableTo(MemoryLayout.class))
                .or(rawType(assignableTo(VarHandle.class)))
                .or(rawType(assignableTo(MethodHandle.class))))
        .should()
        .beStatic()
        .andShould()
        .beFinal()
        .because("in an instance field they cost a factor of thirty")
        .allowEmptyShould(false)
        .check(SHIPPED);
  }

  @Test
  void nothingStaticChanges() {
    fields()
        .that()
        .areStatic()
        .and()
        .doNotHaveModifier(JavaModifier.SYNTHETIC)
        .should()
        .beFinal()
        .because("limits, clocks and names are arguments")
        .check(SHIPPED);
  }

  @Test
  void onlyProgramsReadTheClock() {
    noClasses()
        .that(not(PROGRAMS))
        .should(callMethod(System.class, "currentTimeMillis"))
        .orShould(callMethod(System.class, "nanoTime"))
        .orShould(callMethod(Instant.class, "now"))
        .orShould(callMethod(Clock.class, "systemUTC"))
        .orShould(callMethod(Clock.class, "systemDefaultZone"))
        .check(SHIPPED);
  }

  @Test
  void onlyProgramsSpeakToTheTerminalOrEndTheProcess() {
    noClasses()
        .that(not(PROGRAMS))
        .should(accessField(System.class, "out"))
        .orShould(accessField(System.class, "err"))
        .orShould(accessField(System.class, "in"))
        .orShould(callMethod(System.class, "exit", int.class))
        .check(SHIPPED);
  }

  @Test
  void nativeCodeIsCalledInTwoPlaces() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.xenstream.os..", "org.xenstream.xen..")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Linker.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(SymbolLookup.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(NativeCall.class)
        .check(SHIPPED);
  }

  /// Its functions that save and restore are never called; see docs/decisions/0014.
  @Test
  void nothingNamesLibxenguest() throws IOException {
    List<String> naming = new ArrayList<>();
    int looked = 0;
    for (JavaClass type : SHIPPED.that(resideInAPackage("org.xenstream.xen.."))) {
      // Names of functions and libraries stand in a class file as they are.
      String octets;
      try (InputStream file = type.getSource().orElseThrow().getUri().toURL().openStream()) {
        octets = new String(file.readAllBytes(), StandardCharsets.ISO_8859_1);
      }
      looked++;
      for (String name : List.of("libxenguest", "xc_domain_save", "xc_domain_restore")) {
        if (octets.contains(name)) {
          naming.add(type.getName() + " names " + name);
        }
      }
    }
    assertTrue(looked > 10, looked + " classes");
    assertEquals(List.of(), naming);
  }

  @Test
  void nullIsATypeEverywhere() {
    classes().should(liveInANullMarkedPackage()).check(SHIPPED);
  }

  private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
    return new ArchCondition<>("live in a package that is @NullMarked") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        // JSpecify's annotations are kept at run time, but the library itself is not there.
        boolean marked =
            type.getPackage().getAnnotations().stream()
                .anyMatch(mark -> mark.getRawType().getName().endsWith(".NullMarked"));
        if (!marked && !List.of("module-info", "package-info").contains(type.getSimpleName())) {
          events.add(
              SimpleConditionEvent.violated(
                  type, type.getName() + " is in " + type.getPackageName() + ", not @NullMarked"));
        }
      }
    };
  }
}
