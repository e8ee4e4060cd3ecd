// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.xenstream.core.format.StreamFormatException;

/// The configuration of a domain in a save file of xend, an S-expression (`to_sxp` of
/// `tools/python/xen/xend/XendConfig.py`, releases up to 4.4), translated into the one that `xl
/// save` writes (`libxl_domain_config` of `tools/libs/light/libxl_types.idl`, as JSON).
///
/// What has no counterpart is told. What belongs to the run of the domain on its old host (its
/// number, its state, its times) is passed over.
///
/// @param json the configuration for xl
/// @param notes what was not translated, a line each
public record XendConfig(String json, List<String> notes) {
  private static final Set<String> RUNTIME =
      Set.of(
          "domid",
          "status",
          "state",
          "store_mfn",
          "console_mfn",
          "online_vcpus",
          "start_time",
          "cpu_time",
          "up_time",
          "shutdown_reason",
          "change_home_server",
          "description",
          "on_xend_start",
          "on_xend_stop");

  private static final Pattern UUID =
      Pattern.compile("([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})");

  private static final int MOST_VCPUS = 8192;
  private static final int MOST_CPUS = 4096;
  private static final int CPUID_BITS = 32;

  public XendConfig {
    notes = List.copyOf(notes);
  }

  /// Translates a configuration.
  ///
  /// @param source the image's name, for messages
  /// @param offset where the configuration begins in the image
  /// @param text the S-expression
  /// @param hvm whether the image holds an HVM guest; it counts, whatever the configuration says
  /// @throws StreamFormatException when the text is no S-expression
  public static XendConfig translate(String source, long offset, String text, boolean hvm)
      throws StreamFormatException {
    SExpression.Items domain = SExpression.parse(source, offset, text);
    return new Translation(domain, hvm).run();
  }

  /// One configuration on its way.
  private static final class Translation {
    private final List<String> notes = new ArrayList<>();
    private final boolean hvm;
    private final XendFields domain;
    private final XendFields image;
    private final XendDevices devices;
    private final LibxlJson json = new LibxlJson();

    Translation(SExpression.Items root, boolean hvm) {
      this.hvm = hvm;
      this.domain = new XendFields("domain", root, notes);
      this.devices = new XendDevices(hvm, notes);
      this.image = new XendFields("image", kind(), notes);
    }

    /// What is inside `(image (hvm …))`.
    private SExpression.Items kind() {
      for (SExpression.Items field : domain.lists("image")) {
        if (field.items().size() > 1 && field.items().get(1) instanceof SExpression.Items kind) {
          if (kind.name().equals("hvm") != hvm) {
            notes.add(
                "image \"%s\" is overruled: the image holds %s guest"
                    .formatted(
                        kind.name().equals("hvm") ? "hvm" : "linux", hvm ? "an HVM" : "a PV"));
          }
          return kind;
        }
      }
      return new SExpression.Items(List.of());
    }

    XendConfig run() {
      domain.lists("device").forEach(devices::add);
      json.object(null);
      createInfo();
      buildInfo();
      devices.write(json);
      json.text("on_poweroff", action("on_poweroff"));
      json.text("on_reboot", action("on_reboot"));
      json.text("on_crash", action("on_crash"));
      json.endObject();
      domain.passOver(RUNTIME);
      domain.noteRest();
      image.noteRest();
      return new XendConfig(json.toString(), notes);
    }

    private void createInfo() {
      json.object("c_info")
          .text("type", hvm ? "hvm" : "pv")
          .defbool("hap", image.flag("hap"))
          .defbool("oos", image.flag("oos"))
          .text("ssid_label", domain.text("security_label"))
          .text("name", domain.text("name"))
          .text("uuid", uuid())
          .text("pool_name", domain.text("pool_name"))
          .endObject();
    }

    private @Nullable String uuid() {
      String given = domain.text("uuid");
      if (given == null) {
        return null;
      }
      var groups = UUID.matcher(given.replace("-", "").toLowerCase(Locale.ROOT));
      if (!groups.matches()) {
        domain.note("uuid", given, "is no UUID and is left out");
        return null;
      }
      return groups.replaceFirst("$1-$2-$3-$4-$5");
    }

    private void buildInfo() {
      json.object("b_info");
      vcpus();
      json.text(
          "tsc_mode",
          image.named("tsc_mode", "default", "always_emulate", "native", "native_paravirt"));
      Long memory = domain.mebibytes("memory");
      Long most = domain.mebibytes("maxmem");
      json.number("max_memkb", most == null ? memory : most).number("target_memkb", memory);
      json.number("video_memkb", image.mebibytes("videoram"));
      Long shadow = domain.mebibytes("shadow_memory");
      json.number("shadow_memkb", shadow == null || shadow == 0 ? null : shadow);
      Long offset = image.number("rtc_timeoffset", Integer.MIN_VALUE, 0xFFFF_FFFFL);
      json.number("rtc_timeoffset", offset == null ? null : offset & 0xFFFF_FFFFL);
      Boolean localtime = image.flag("localtime");
      json.defbool("localtime", localtime == null ? domain.flag("localtime") : localtime);
      json.defbool("disable_migrate", image.flag("nomigrate"));
      cpuid();
      if (hvm) {
        // xend ran no other, and the state in the image is for it.
        json.text("device_model_version", "qemu_xen_traditional");
      }
      json.object("sched_params")
          .number("weight", domain.number("cpu_weight", 1, 65535))
          .number("cap", domain.number("cpu_cap", 0, 65535))
          .endObject();
      boot();
      if (hvm) {
        hvm();
      } else {
        json.object("type.pv").endObject();
      }
      json.endObject();
    }

    private void vcpus() {
      Long count = domain.number("vcpus", 1, MOST_VCPUS);
      Long ofImage = image.number("vcpus", 1, MOST_VCPUS);
      count = ofImage == null ? count : ofImage;
      json.number("max_vcpus", count);
      String available = domain.text("vcpu_avail");
      if (available != null) {
        availableVcpus(available, count == null ? 1 : count.intValue());
      }
      affinity(count == null ? 1 : count.intValue());
    }

    /// A number of as many bits as there are vCPUs.
    private void availableVcpus(String available, int count) {
      BigInteger bits;
      try {
        // No more digits than the bits of that many vCPUs take.
        String digits =
            available.endsWith("L") ? available.substring(0, available.length() - 1) : available;
        bits = digits.length() <= MOST_VCPUS / 3 ? new BigInteger(digits) : BigInteger.ZERO;
      } catch (NumberFormatException e) {
        bits = BigInteger.ZERO;
      }
      if (bits.signum() <= 0) {
        domain.note("vcpu_avail", available, "is no set of vCPUs and is left out");
        return;
      }
      json.array("avail_vcpus");
      for (int vcpu = 0; vcpu < count; vcpu++) {
        if (bits.testBit(vcpu)) {
          json.number(null, (long) vcpu);
        }
      }
      json.endArray();
    }

    /// On which CPUs each vCPU may run: `(cpus ((0 1) (2 3)))`, an empty list for any.
    private void affinity(int count) {
      for (SExpression.Items field : domain.lists("cpus")) {
        if (field.items().size() < 2) {
          continue;
        }
        if (!(field.items().get(1) instanceof SExpression.Items lists)) {
          domain.note("cpus", null, "is no list for each vCPU and is left out");
          continue;
        }
        List<List<Long>> all = new ArrayList<>();
        for (SExpression list : lists.items()) {
          all.add(list instanceof SExpression.Items cpus ? numbers(cpus) : List.of());
        }
        if (all.stream().allMatch(List::isEmpty)) {
          return;
        }
        if (all.size() != count || all.stream().anyMatch(List::isEmpty)) {
          domain.note("cpus", null, "does not name CPUs for each vCPU and is left out");
          return;
        }
        json.array("vcpu_hard_affinity");
        for (List<Long> cpus : all) {
          json.array(null);
          cpus.forEach(cpu -> json.number(null, cpu));
          json.endArray();
        }
        json.endArray();
        return;
      }
    }

    /// The numbers of a list in ascending order; none when it holds anything else.
    private static List<Long> numbers(SExpression.Items list) {
      List<Long> numbers = new ArrayList<>();
      for (SExpression item : list.items()) {
        if (!(item instanceof SExpression.Atom(String text)) || !text.matches("[0-9]{1,4}")) {
          return List.of();
        }
        long number = Long.parseLong(text);
        if (number >= MOST_CPUS) {
          return List.of();
        }
        numbers.add(number);
      }
      return numbers.stream().distinct().sorted().toList();
    }

    /// `(cpuid ((leaf ((eax bits) …)) …))`, the leaf with its subleaf behind a comma.
    private void cpuid() {
      List<SExpression.Items> fields = domain.lists("cpuid");
      if (fields.isEmpty()
          || fields.getFirst().items().size() < 2
          || !(fields.getFirst().items().get(1) instanceof SExpression.Items leaves)
          || leaves.items().isEmpty()) {
        return;
      }
      json.array("cpuid");
      for (SExpression leaf : leaves.items()) {
        if (leaf instanceof SExpression.Items item) {
          leaf(item);
        }
      }
      json.endArray();
    }

    private void leaf(SExpression.Items leaf) {
      String[] input = leaf.name().split(",", -1);
      if (input.length > 2
          || !input[0].matches("[0-9]{1,10}")
          || (input.length == 2 && !input[1].matches("[0-9]{1,10}"))
          || leaf.items().size() < 2
          || !(leaf.items().get(1) instanceof SExpression.Items registers)) {
        domain.note("cpuid", leaf.name(), "is no leaf and is left out");
        return;
      }
      List<SExpression> named = new ArrayList<>();
      named.add(new SExpression.Atom("cpuid"));
      named.addAll(registers.items());
      XendFields fields =
          new XendFields("cpuid " + leaf.name(), new SExpression.Items(named), notes);
      json.object(null).number("leaf", Long.parseLong(input[0]));
      json.number("subleaf", input.length == 2 ? Long.parseLong(input[1]) : null);
      for (String register : List.of("eax", "ebx", "ecx", "edx")) {
        String bits = fields.text(register);
        if (bits != null && (bits.length() != CPUID_BITS || !bits.matches("[01xks]*"))) {
          fields.note(register, bits, "is no policy of 32 bits and is left out");
          bits = null;
        }
        json.text(register, bits);
      }
      json.endObject();
      fields.noteRest();
    }

    private void boot() {
      String bootloader = domain.text("bootloader");
      String arguments = domain.text("bootloader_args");
      String kernel = image.text("kernel");
      String ramdisk = image.text("ramdisk");
      String cmdline = image.text("args");
      if (bootloader != null && kernel != null) {
        // A file of the old host, which the boot loader took out of the guest's disk.
        image.note("kernel", kernel, "is left out: the boot loader gives it");
        kernel = null;
        ramdisk = null;
      }
      // hvmloader, which libxl brings itself.
      json.text("kernel", hvm ? null : kernel);
      json.text("cmdline", withArgument("root", withArgument("ip", cmdline)));
      json.text("ramdisk", ramdisk);
      json.text("bootloader", bootloader);
      if (arguments != null) {
        json.array("bootloader_args");
        for (String argument : arguments.trim().split("[ \t]+", -1)) {
          json.text(null, argument);
        }
        json.endArray();
      }
      if (hvm) {
        image.passOver(Set.of("loader"));
      }
      image.passOver(Set.of("notes"));
    }

    /// Arguments that old releases kept apart come first, unless they are there.
    private @Nullable String withArgument(String name, @Nullable String arguments) {
      String value = image.text(name);
      if (value == null || (arguments != null && arguments.contains(name + "="))) {
        return arguments;
      }
      return name + "=" + value + (arguments == null ? "" : " " + arguments);
    }

    private void hvm() {
      XendDevices.Screen screen = devices.hvmScreen(XendDevices.Screen.of(image));
      Boolean standard = image.flag("stdvga");
      json.object("type.hvm")
          .defbool("pae", image.flag("pae"))
          .defbool("apic", image.flag("apic"))
          .defbool("acpi", image.flag("acpi"))
          .defbool("viridian", image.flag("viridian"))
          .defbool("hpet", image.flag("hpet"))
          .defbool("vpt_align", image.flag("vpt_align"))
          .text(
              "timer_mode",
              image.named(
                  "timer_mode",
                  "delay_for_missed_ticks",
                  "no_delay_for_missed_ticks",
                  "no_missed_ticks_pending",
                  "one_missed_tick_pending"))
          .defbool("nested_hvm", image.flag("nestedhvm"))
          .defbool("nographic", image.flag("nographic"))
          .object("vga")
          .text("kind", standard == null ? null : standard ? "std" : "cirrus")
          .endObject();
      screen.write(json);
      json.defbool("gfx_passthru", image.flag("gfx_passthru"))
          .text("serial", image.text("serial"))
          .text("boot", image.text("boot"))
          .defbool("usb", image.flag("usb"))
          .text("usbdevice", image.text("usbdevice"))
          .text("soundhw", image.text("soundhw"))
          .defbool("xen_platform_pci", image.flag("xen_platform_pci"))
          .endObject();
    }

    /// What is done when the guest ends in some way.
    private @Nullable String action(String key) {
      String given = domain.text(key);
      if (given == null) {
        return null;
      }
      String name = given.toLowerCase(Locale.ROOT).replace('-', '_').replace("_and_", "_");
      return switch (name) {
        case "destroy", "restart", "preserve", "coredump_destroy", "coredump_restart" -> name;
        case "rename_restart" -> "restart_rename";
        default -> {
          domain.note(key, given, "is no action that libxl knows and is left out");
          yield null;
        }
      };
    }
  }
}
