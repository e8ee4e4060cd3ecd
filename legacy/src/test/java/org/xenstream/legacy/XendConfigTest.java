// SPDX-License-Identifier: Apache-2.0
package org.xenstream.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xenstream.core.envelope.Layer;
import org.xenstream.core.envelope.XlConfig;
import org.xenstream.core.format.StreamFormatException;

/// What xend wrote of a domain, and what libxl is told of it. Expressions are as `to_sxp` of
/// `XendConfig.py` and `show` of `sxp.py` write them.
class XendConfigTest {
  private static XendConfig translate(String text, boolean hvm) throws StreamFormatException {
    return XendConfig.translate("old.save", 20, text, hvm);
  }

  /// Names that somebody wrote in Latin-1.
  @Test
  void whatIsNoUtf8IsTold() throws StreamFormatException {
    XendConfig config =
        translate(
            """
            (domain (name 'caf\\xe9') (memory 64)
             (device (vbd (uname 'file:/srv/caf\\xc3\\xa9') (dev 'xvd\\xe9') (mode w))))
            """,
            false);
    assertEquals(
        List.of(
            "disk 0 dev \"xvd?\" is not UTF-8: U+FFFD stands for each part of it that is not",
            "domain name \"caf?\" is not UTF-8: U+FFFD stands for each part of it that is not"),
        config.notes());
    assertTrue(config.json().contains("\"caf\uFFFD\""), config.json());
    assertTrue(config.json().contains("\"/srv/caf\u00e9\""), config.json());
  }

  @Test
  void pvGuest() throws StreamFormatException {
    XendConfig config =
        translate(
            """
            (domain (domid 3) (cpu_weight 512) (cpu_cap 0) (bootloader '') (on_crash restart)
             (uuid 5d6a2c1e-0b5f-4e27-9a41-6f6a0a1f6b3c) (bootloader_args '') (vcpus 2)
             (name mail) (on_poweroff destroy) (on_reboot rename-restart) (cpus (() ()))
             (description '') (maxmem 512) (memory 256) (shadow_memory 0) (vcpu_avail 3)
             (features '') (on_xend_start ignore) (on_xend_stop ignore) (start_time 1312345678.9)
             (cpu_time 12.5) (online_vcpus 2)
             (image (linux (kernel /boot/vmlinuz-2.6-xen) (ramdisk /boot/initrd-2.6-xen)
              (args 'root=/dev/xvda1 ro ') (tsc_mode 0) (nomigrate 0)
              (notes (HV_START_LOW 4118806528) (FEATURES '!writable_page_tables|pae_pgdir'))))
             (status 2) (state r-----) (store_mfn 123456) (console_mfn 123455)
             (device (vif (bridge xenbr0) (mac 00:16:3e:01:02:03) (script /etc/xen/scripts/vif-bridge)
              (uuid 11111111-2222-3333-4444-555555555555) (backend 0)))
             (device (vbd (uname phy:vg0/mail) (dev xvda1) (mode w) (backend 0) (bootable 1) (VDI '')))
             (device (tap (uname tap:aio:/srv/data.img) (dev xvdb:disk) (mode r) (backend disks)))
             (device (vkbd (backend 0)))
             (device (vfb (vnc 1) (vnclisten 0.0.0.0) (vncdisplay 4) (vncunused 1) (vncpasswd s'ecret)
              (keymap de) (uuid u)))
             (device (console (protocol vt100) (location 2) (uuid c)))
             (device (vscsi (uuid v) (feature-host 0))))
            """
                .replace("s'ecret", "\"s'ecret\""),
            false);

    assertEquals(
        """
        {
            "c_info": {
                "type": "pv",
                "name": "mail",
                "uuid": "5d6a2c1e-0b5f-4e27-9a41-6f6a0a1f6b3c"
            },
            "b_info": {
                "max_vcpus": 2,
                "avail_vcpus": [
                    0,
                    1
                ],
                "tsc_mode": "default",
                "max_memkb": 524288,
                "target_memkb": 262144,
                "disable_migrate": "False",
                "sched_params": {
                    "weight": 512,
                    "cap": 0
                },
                "kernel": "/boot/vmlinuz-2.6-xen",
                "cmdline": "root=/dev/xvda1 ro ",
                "ramdisk": "/boot/initrd-2.6-xen",
                "type.pv": {}
            },
            "disks": [
                {
                    "pdev_path": "/dev/vg0/mail",
                    "vdev": "xvda1",
                    "format": "raw",
                    "removable": 0,
                    "readwrite": 1,
                    "is_cdrom": 0
                },
                {
                    "backend_domname": "disks",
                    "pdev_path": "/srv/data.img",
                    "vdev": "xvdb",
                    "format": "raw",
                    "removable": 0,
                    "readwrite": 0,
                    "is_cdrom": 0
                }
            ],
            "nics": [
                {
                    "devid": 0,
                    "mac": "00:16:3e:01:02:03",
                    "bridge": "xenbr0",
                    "script": "/etc/xen/scripts/vif-bridge"
                }
            ],
            "vfbs": [
                {
                    "devid": 0,
                    "vnc": {
                        "enable": "True",
                        "listen": "0.0.0.0",
                        "passwd": "s'ecret",
                        "display": 4,
                        "findunused": "True"
                    },
                    "sdl": {},
                    "keymap": "de"
                }
            ],
            "vkbs": [
                {
                    "devid": 0
                }
            ],
            "on_poweroff": "destroy",
            "on_reboot": "restart_rename",
            "on_crash": "restart"
        }
        """,
        config.json());
    assertEquals(List.of("device vscsi has no counterpart and is left out"), config.notes());
  }

  @Test
  void hvmGuest() throws StreamFormatException {
    XendConfig config =
        translate(
            """
            (domain (domid 7) (cpu_weight 256) (cpu_cap 50) (uuid 00112233445566778899aabbccddeeff)
             (vcpus 2) (cpus ((0 1) (3 2))) (name 'win \\xc3\\xa4') (maxmem 1024) (memory 1024)
             (on_crash coredump-restart) (on_reboot restart) (on_poweroff preserve)
             (security_label system_u:system_r:domU_t)
             (image (hvm (kernel '') (videoram 8) (hap 1) (acpi 1) (apic 1) (pae 1) (viridian 0)
              (hpet 0) (vpt_align 1) (timer_mode 1) (tsc_mode 2) (rtc_timeoffset -3600)
              (localtime 1) (boot cda) (loader /usr/lib/xen/boot/hvmloader)
              (device_model /usr/lib/xen/bin/qemu-dm) (stdvga 0) (vnc 1) (vncunused 1)
              (usb 1) (usbdevice tablet) (serial pty) (soundhw sb16) (xen_platform_pci 1)
              (keymap en-us) (xen_extended_power_mgmt 0) (notes (SUSPEND_CANCEL 1))))
             (device (vbd (uname file:/iso/a.iso) (dev hdc:cdrom) (mode r)))
             (device (vbd (dev hdd:cdrom) (mode r) (uname '')))
             (device (tap2 (uname tap2:tapdisk:qcow2:/i/w.qcow2) (dev ioemu:hda) (mode w)))
             (device (vbd (uname drbd:res0) (dev hdb) (mode w!)))
             (device (vif (type ioemu) (model e1000) (mac 00:16:3e:0a:0b) (vifname tap7)))
             (device (pci (dev (domain 0x0000) (bus 0x1a) (slot 0x1d) (func 0x1) (vdevfn 0x100)
              (key 0000:1a:1d.1) (opts ((msitranslate 1) (permissive 0)))) (uuid p)))
             (cpuid ((1 ((ecx xxxxxxxxxxxxxxxxxxxxxxxxxxx0xxxx) (edx short))) ('13,1' ()))))
            """,
            true);

    assertEquals(
        """
        {
            "c_info": {
                "type": "hvm",
                "hap": "True",
                "ssid_label": "system_u:system_r:domU_t",
                "name": "win ä",
                "uuid": "00112233-4455-6677-8899-aabbccddeeff"
            },
            "b_info": {
                "max_vcpus": 2,
                "vcpu_hard_affinity": [
                    [
                        0,
                        1
                    ],
                    [
                        2,
                        3
                    ]
                ],
                "tsc_mode": "native",
                "max_memkb": 1048576,
                "target_memkb": 1048576,
                "video_memkb": 8192,
                "rtc_timeoffset": 4294963696,
                "localtime": "True",
                "cpuid": [
                    {
                        "leaf": 1,
                        "ecx": "xxxxxxxxxxxxxxxxxxxxxxxxxxx0xxxx"
                    },
                    {
                        "leaf": 13,
                        "subleaf": 1
                    }
                ],
                "device_model_version": "qemu_xen_traditional",
                "sched_params": {
                    "weight": 256,
                    "cap": 50
                },
                "type.hvm": {
                    "pae": "True",
                    "apic": "True",
                    "acpi": "True",
                    "viridian": "False",
                    "hpet": "False",
                    "vpt_align": "True",
                    "timer_mode": "no_delay_for_missed_ticks",
                    "vga": {
                        "kind": "cirrus"
                    },
                    "vnc": {
                        "enable": "True",
                        "findunused": "True"
                    },
                    "sdl": {},
                    "keymap": "en-us",
                    "serial": "pty",
                    "boot": "cda",
                    "usb": "True",
                    "usbdevice": "tablet",
                    "soundhw": "sb16",
                    "xen_platform_pci": "True"
                }
            },
            "disks": [
                {
                    "pdev_path": "/iso/a.iso",
                    "vdev": "hdc",
                    "format": "raw",
                    "removable": 1,
                    "readwrite": 0,
                    "is_cdrom": 1
                },
                {
                    "vdev": "hdd",
                    "format": "empty",
                    "removable": 1,
                    "readwrite": 0,
                    "is_cdrom": 1
                },
                {
                    "pdev_path": "/i/w.qcow2",
                    "vdev": "hda",
                    "format": "qcow2",
                    "removable": 0,
                    "readwrite": 1,
                    "is_cdrom": 0
                },
                {
                    "pdev_path": "res0",
                    "vdev": "hdb",
                    "format": "raw",
                    "script": "block-drbd",
                    "removable": 0,
                    "readwrite": 1,
                    "is_cdrom": 0
                }
            ],
            "nics": [
                {
                    "devid": 0,
                    "model": "e1000",
                    "ifname": "tap7",
                    "nictype": "vif_ioemu"
                }
            ],
            "pcidevs": [
                {
                    "func": 1,
                    "dev": 29,
                    "bus": 26,
                    "domain": 0,
                    "msitranslate": true,
                    "permissive": false
                }
            ],
            "on_poweroff": "preserve",
            "on_reboot": "restart",
            "on_crash": "coredump_restart"
        }
        """,
        config.json());
    assertEquals(
        List.of(
            "vif 0 mac \"00:16:3e:0a:0b\" is no address and is left out",
            "cpuid 1 edx \"short\" is no policy of 32 bits and is left out",
            "image device_model \"/usr/lib/xen/bin/qemu-dm\" has no counterpart"),
        config.notes());
  }

  /// What core reads of a configuration in an xl header it finds in a translated one.
  @Test
  void anXlHeaderWithItTellsTheDomain() throws StreamFormatException {
    String json = translate("(domain (name a) (vcpus 4) (image (hvm)))", true).json();
    assertEquals(
        new XlConfig("a", "hvm", 4, "qemu_xen_traditional"),
        XlConfig.of(
            new Layer.XlSave(
                ByteOrder.LITTLE_ENDIAN,
                Layer.XlSave.BYTE_ORDER,
                Layer.XlSave.JSON,
                0,
                MemorySegment.NULL,
                json.length(),
                json)));
  }

  @Test
  void theImageDecidesTheKind() throws StreamFormatException {
    XendConfig config = translate("(domain (image (linux (kernel k))))", true);
    assertEquals(
        List.of("image \"linux\" is overruled: the image holds an HVM guest"), config.notes());
    assertEquals(
        "hvm", config.json().lines().skip(2).findFirst().orElse("").strip().split("\"", -1)[3]);
  }

  /// Of Xen 3.0: weights with a point, arguments apart, no list of CPUs.
  @Test
  void oldestReleases() throws StreamFormatException {
    XendConfig config =
        translate(
            "(domain (domid 1) (uuid 1) (ssidref 3) (vcpus 1) (cpu_weight 1.0) (memory 64)"
                + " (maxmem 64) (features) (name old) (on_reboot never) (image (linux"
                + " (kernel /boot/k) (ip 1.2.3.4:1.2.3.4::::eth0:dhcp) (root '/dev/sda1 ro')"
                + " (args '4'))) (device (vbd (uname file:/x) (dev sda1) (mode w))))",
            false);
    assertEquals("root=/dev/sda1 ro ip=1.2.3.4:1.2.3.4::::eth0:dhcp 4", line(config, "cmdline"));
    assertEquals(
        List.of(
            "domain uuid \"1\" is no UUID and is left out",
            "domain on_reboot \"never\" is no action that libxl knows and is left out",
            "domain ssidref \"3\" has no counterpart"),
        config.notes());
  }

  private static String line(XendConfig config, String key) {
    return config
        .json()
        .lines()
        .filter(line -> line.strip().startsWith("\"" + key + "\""))
        .map(line -> line.strip().split("\"", -1)[3])
        .findFirst()
        .orElseThrow();
  }

  @Test
  void numbersThatAreNone() throws StreamFormatException {
    XendConfig config =
        translate(
            "(domain (vcpus 99999999999999999999) (memory -5) (maxmem 0x40) (vcpu_avail x)"
                + " (cpus 0-3) (image (linux (tsc_mode 9))))",
            false);
    assertEquals(
        List.of(
            "domain vcpus \"99999999999999999999\" is no number and is left out",
            "domain vcpu_avail \"x\" is no set of vCPUs and is left out",
            "domain cpus is no list for each vCPU and is left out",
            "image tsc_mode \"9\" is not between 0 and 3 and is left out",
            "domain memory \"-5\" is not between 0 and 4294967296 and is left out"),
        config.notes());
  }

  @Test
  void whatIsNoExpression() {
    assertEquals("old.save @0x14 (xend config): expected a list, found 'n'", fault("no list"));
    assertEquals("old.save @0x14 (xend config): expected a list, found the end", fault(""));
    assertEquals(
        "old.save @0x1b (xend config): expected a list's end, found the end", fault("(a (b c"));
    assertEquals(
        "old.save @0x1b (xend config): expected a quoted text's end, found the end",
        fault("(ä 'cc"));
    assertEquals(
        "old.save @0x17 (xend config): expected a list's end, found a NUL", fault("(a \0b)"));
    assertEquals(
        "old.save @0x1c (xend config): expected the number of an octet that is not zero, found an"
            + " escape for 0",
        fault("(a '\\x00')"));
    assertEquals(
        "old.save @0x54 (xend config): expected lists at most 64 deep, found a deeper one",
        fault("(".repeat(65)));
    assertEquals(
        "old.save @0x20016 (xend config): expected at most 65536 elements, found more",
        fault("(" + "a ".repeat(70_000)));
  }

  private static String fault(String text) {
    return String.valueOf(
        assertThrows(StreamFormatException.class, () -> translate(text, false)).getMessage());
  }
}
