// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The devices of xend's configuration (`device_add` of `tools/python/xen/xend/XendConfig.py`) as
/// libxl has them (`libxl_types.idl`).
final class XendDevices {
  /// What xend keeps of a device for itself, or what follows from its class.
  private static final Set<String> OWN =
      Set.of(
          "uuid",
          "devid",
          "handle",
          "state",
          "driver",
          "bootable",
          "VDI",
          "other_config",
          "frontend",
          "frontend-id",
          "backend-id",
          "virtual-device",
          "device-type",
          "location",
          "vncunused",
          "type");

  /// Kinds of disk that a script of the host attaches.
  private static final Set<String> SCRIPTED = Set.of("drbd", "iscsi", "nbd", "enbd", "npiv", "rbd");

  private static final Pattern MAC = Pattern.compile("([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}");

  private final boolean hvm;
  private final List<String> notes;
  private final List<Disk> disks = new ArrayList<>();
  private final List<Nic> nics = new ArrayList<>();
  private final List<Pci> pcis = new ArrayList<>();
  private final List<Screen> screens = new ArrayList<>();

  /// @param script how the host attaches it, or null
  /// @param format "raw", "qcow", …, or null when it is not known
  private record Disk(
      @Nullable String path,
      String vdev,
      @Nullable String format,
      @Nullable String script,
      @Nullable String backend,
      boolean writable,
      boolean cdrom) {}

  private record Nic(
      @Nullable String mac,
      @Nullable String model,
      @Nullable String ip,
      @Nullable String bridge,
      @Nullable String ifname,
      @Nullable String script,
      @Nullable String type,
      @Nullable String backend) {}

  private record Pci(
      long domain,
      long bus,
      long slot,
      long function,
      @Nullable Long vdevfn,
      @Nullable Boolean msi,
      @Nullable Boolean power,
      @Nullable Boolean permissive) {}

  /// Where the guest's screen is shown: fields of a vfb, or of an HVM guest's image.
  record Screen(
      @Nullable Boolean vnc,
      @Nullable String listen,
      @Nullable String password,
      @Nullable Long display,
      @Nullable Boolean findUnused,
      @Nullable Boolean sdl,
      @Nullable Boolean opengl,
      @Nullable String x11,
      @Nullable String xauthority,
      @Nullable String keymap) {
    static Screen of(XendFields fields) {
      String type = fields.text("type");
      Boolean vnc = fields.flag("vnc");
      Boolean sdl = fields.flag("sdl");
      return new Screen(
          (vnc == null && "vnc".equals(type)) ? Boolean.TRUE : vnc,
          fields.text("vnclisten"),
          fields.text("vncpasswd"),
          fields.number("vncdisplay", 0, 65535),
          fields.flag("vncunused"),
          (sdl == null && "sdl".equals(type)) ? Boolean.TRUE : sdl,
          fields.flag("opengl"),
          fields.text("display"),
          fields.text("xauthority"),
          fields.text("keymap"));
    }

    /// The members `vnc`, `sdl` and `keymap`.
    void write(LibxlJson json) {
      json.object("vnc")
          .defbool("enable", vnc)
          .text("listen", listen)
          .text("passwd", password)
          .number("display", display)
          .defbool("findunused", findUnused)
          .endObject();
      json.object("sdl")
          .defbool("enable", sdl)
          .defbool("opengl", opengl)
          .text("display", x11)
          .text("xauthority", xauthority)
          .endObject();
      json.text("keymap", keymap);
    }
  }

  /// @param hvm whether the guest is HVM
  /// @param notes where it is told what is not translated
  XendDevices(boolean hvm, List<String> notes) {
    this.hvm = hvm;
    this.notes = notes;
  }

  /// Takes one `(device (class …))`.
  void add(SExpression.Items device) {
    if (device.items().size() < 2 || !(device.items().get(1) instanceof SExpression.Items config)) {
      notes.add("domain device without a class is left out");
      return;
    }
    String type = config.name();
    switch (type) {
      case "vbd", "tap", "tap2" -> disk(new XendFields("disk " + disks.size(), config, notes));
      case "vif" -> nic(new XendFields("vif " + nics.size(), config, notes));
      case "vfb" -> {
        XendFields fields = new XendFields("vfb " + screens.size(), config, notes);
        screens.add(Screen.of(fields));
        end(fields);
      }
      case "pci" -> new XendFields("pci", config, notes).lists("dev").forEach(this::pci);
      // libxl makes them anew: a keyboard for each screen, a console for each guest.
      case "vkbd", "console" -> {}
      default ->
          new XendFields("device", config, notes)
              .note(type, null, "has no counterpart and is left out");
    }
  }

  private void end(XendFields fields) {
    backend(fields);
    fields.passOver(OWN);
    fields.noteRest();
  }

  /// The domain of the backend where it is not domain 0.
  private static @Nullable String backend(XendFields fields) {
    String backend = fields.text("backend");
    return backend == null || backend.equals("0") || backend.equals("Domain-0") ? null : backend;
  }

  private void disk(XendFields fields) {
    String dev = fields.text("dev");
    if (dev == null) {
      fields.note("dev", null, "is missing: the disk is left out");
      return;
    }
    String vdev = dev.startsWith("ioemu:") ? dev.substring("ioemu:".length()) : dev;
    int colon = vdev.indexOf(':');
    boolean cdrom =
        (colon >= 0 && vdev.startsWith("cdrom", colon + 1)) || "CD".equals(fields.text("type"));
    vdev = colon < 0 ? vdev : vdev.substring(0, colon);
    String mode = fields.text("mode");
    Source source = Source.of(fields);
    disks.add(
        new Disk(
            source.path(),
            vdev,
            source.format(),
            source.script(),
            backend(fields),
            mode != null && mode.startsWith("w"),
            cdrom));
    end(fields);
  }

  /// What a disk's `uname` names.
  private record Source(@Nullable String path, @Nullable String format, @Nullable String script) {
    static Source of(XendFields fields) {
      String uname = fields.text("uname");
      if (uname == null) {
        return new Source(null, "empty", null);
      }
      String rest = uname;
      for (String prefix : List.of("tap2:", "tap:", "tapdisk:")) {
        rest = rest.startsWith(prefix) ? rest.substring(prefix.length()) : rest;
      }
      int colon = rest.indexOf(':');
      String kind = colon < 0 ? "" : rest.substring(0, colon);
      String path = rest.substring(colon + 1);
      if (rest.startsWith("/")) {
        return new Source(rest, "raw", null);
      }
      if (SCRIPTED.contains(kind)) {
        return new Source(path, "raw", "block-" + kind);
      }
      return switch (kind) {
        case "phy" -> new Source(path.startsWith("/") ? path : "/dev/" + path, "raw", null);
        case "file", "aio", "sync", "ram" -> new Source(path, "raw", null);
        case "qcow", "qcow2", "vhd", "qed" -> new Source(path, kind, null);
        default -> {
          fields.note("uname", uname, "is of a kind that libxl does not know");
          yield new Source(path, null, null);
        }
      };
    }
  }

  private void nic(XendFields fields) {
    String mac = fields.text("mac");
    if (mac != null && !MAC.matcher(mac).matches()) {
      fields.note("mac", mac, "is no address and is left out");
      mac = null;
    }
    String type = fields.text("type");
    nics.add(
        new Nic(
            mac,
            fields.text("model"),
            fields.text("ip"),
            fields.text("bridge"),
            fields.text("vifname"),
            fields.text("script"),
            !hvm || type == null ? null : type.equals("ioemu") ? "vif_ioemu" : "vif",
            backend(fields)));
    end(fields);
  }

  private void pci(SExpression.Items device) {
    XendFields fields = new XendFields("pci " + pcis.size(), device, notes);
    Long domain = fields.number("domain", 0, 0xFFFF);
    Long bus = fields.number("bus", 0, 0xFF);
    Long slot = fields.number("slot", 0, 0x1F);
    Long function = fields.number("func", 0, 7);
    if (bus == null || slot == null || function == null) {
      fields.note("dev", null, "names no device and is left out");
      return;
    }
    Boolean msi = null;
    Boolean power = null;
    Boolean permissive = null;
    for (SExpression.Items list : fields.lists("opts")) {
      for (SExpression item : list.items()) {
        if (item instanceof SExpression.Items options) {
          XendFields given =
              new XendFields(
                  "pci " + pcis.size(),
                  // One option, or a list of them.
                  options.items().size() == 2 && options.items().get(1) instanceof SExpression.Atom
                      ? new SExpression.Items(List.of(new SExpression.Atom("opts"), options))
                      : new SExpression.Items(prefixed(options.items())),
                  notes);
          msi = orElse(given.flag("msitranslate"), msi);
          power = orElse(given.flag("power_mgmt"), power);
          permissive = orElse(given.flag("permissive"), permissive);
          given.noteRest();
        }
      }
    }
    // Bit 8 asks for a free slot, as xend's default does.
    Long vdevfn = fields.number("vdevfn", 0, 0x1FF);
    pcis.add(
        new Pci(
            domain == null ? 0 : domain,
            bus,
            slot,
            function,
            vdevfn == null || vdevfn >= 0x100 ? null : vdevfn,
            msi,
            power,
            permissive));
    fields.passOver(Set.of("key", "uuid", "vslot", "requested_vdevfn"));
    fields.noteRest();
  }

  private static List<SExpression> prefixed(List<SExpression> items) {
    List<SExpression> named = new ArrayList<>(items.size() + 1);
    named.add(new SExpression.Atom("opts"));
    named.addAll(items);
    return named;
  }

  private static @Nullable Boolean orElse(@Nullable Boolean given, @Nullable Boolean otherwise) {
    return given == null ? otherwise : given;
  }

  /// The screen of an HVM guest: what its image says, or else its first vfb.
  Screen hvmScreen(Screen image) {
    return (image.vnc() == null || !image.vnc()) && !screens.isEmpty() ? screens.getFirst() : image;
  }

  /// The members `disks`, `nics`, `pcidevs`, `vfbs`, `vkbs`; none that would be empty.
  void write(LibxlJson json) {
    if (!disks.isEmpty()) {
      json.array("disks");
      disks.forEach(disk -> write(json, disk));
      json.endArray();
    }
    if (!nics.isEmpty()) {
      json.array("nics");
      for (int i = 0; i < nics.size(); i++) {
        write(json, i, nics.get(i));
      }
      json.endArray();
    }
    if (!pcis.isEmpty()) {
      json.array("pcidevs");
      pcis.forEach(pci -> write(json, pci));
      json.endArray();
    }
    if (!hvm && !screens.isEmpty()) {
      json.array("vfbs");
      for (int i = 0; i < screens.size(); i++) {
        json.object(null).number("devid", (long) i);
        screens.get(i).write(json);
        json.endObject();
      }
      json.endArray().array("vkbs");
      for (int i = 0; i < screens.size(); i++) {
        json.object(null).number("devid", (long) i).endObject();
      }
      json.endArray();
    }
  }

  private static void write(LibxlJson json, Disk disk) {
    json.object(null)
        .text("backend_domname", disk.backend())
        .text("pdev_path", disk.path())
        .text("vdev", disk.vdev())
        .text("format", disk.format())
        .text("script", disk.script())
        .number("removable", disk.cdrom() ? 1L : 0L)
        .number("readwrite", disk.writable() ? 1L : 0L)
        .number("is_cdrom", disk.cdrom() ? 1L : 0L)
        .endObject();
  }

  private static void write(LibxlJson json, int devid, Nic nic) {
    json.object(null)
        .text("backend_domname", nic.backend())
        .number("devid", (long) devid)
        .text("model", nic.model())
        .text("mac", nic.mac())
        .text("ip", nic.ip())
        .text("bridge", nic.bridge())
        .text("ifname", nic.ifname())
        .text("script", nic.script())
        .text("nictype", nic.type())
        .endObject();
  }

  private static void write(LibxlJson json, Pci pci) {
    json.object(null)
        .number("func", pci.function())
        .number("dev", pci.slot())
        .number("bus", pci.bus())
        .number("domain", pci.domain())
        .number("vdevfn", pci.vdevfn())
        .bool("msitranslate", pci.msi())
        .bool("power_mgmt", pci.power())
        .bool("permissive", pci.permissive())
        .endObject();
  }
}
