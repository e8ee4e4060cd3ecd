// SPDX-License-Identifier: Apache-2.0
package org.xenstream.x86;

/// The page that tells a starting or resuming PV guest about itself, `struct start_info` of
/// xen/include/public/xen.h. Its layout depends on the width of the guest.
///
/// It is an ordinary page of the guest: the frame is in register edx of vCPU 0 while the guest is
/// suspended. In a stream, [#storeFrame] and [#consoleFrame] hold pfns.
public final class StartInfo {

  // The table stands before the layouts that are made of it.

  /// `SIF_*`; bits 8 to 15 are options of power management.
  private static final BitNames FLAGS =
      BitNames.of(
          """
          0:PRIVILEGED 1:INITDOMAIN 2:MULTIBOOT_MOD 3:MOD_START_PFN 4:VIRT_P2M_4TOOLS 8:PM.0 9:PM.1
          10:PM.2 11:PM.3 12:PM.4 13:PM.5 14:PM.6 15:PM.7
          """);

  /// Of a 64-bit guest.
  public static final StartInfo OF_64_BIT = new StartInfo(8);

  /// Of a 32-bit guest.
  public static final StartInfo OF_32_BIT = new StartInfo(4);

  /// The bit of [#flags] that says that the tools know the linear p2m (`SIF_VIRT_P2M_4TOOLS`).
  public static final long VIRT_P2M_4TOOLS = 1 << 4;

  final Struct layout;

  /// The width of a word of the guest in octets: 8 or 4.
  public final int guestWidth;

  /// The number of pages of the domain.
  public final Field pages;

  /// The machine address of the shared info page.
  public final Field sharedInfo;

  /// Flags (`SIF_*`).
  public final Field flags;

  /// The frame of the xenstore page.
  public final Field storeFrame;

  /// The event channel of xenstore.
  public final Field storeEventChannel;

  /// The frame of the console page.
  public final Field consoleFrame;

  /// The event channel of the console.
  public final Field consoleEventChannel;

  private StartInfo(int guestWidth) {
    this.guestWidth = guestWidth;
    this.layout = layout(guestWidth);
    this.pages = layout.field("nr_pages");
    this.sharedInfo = layout.field("shared_info");
    this.flags = layout.field("flags");
    this.storeFrame = layout.field("store_mfn");
    this.storeEventChannel = layout.field("store_evtchn");
    this.consoleFrame = layout.field("console.domU.mfn");
    this.consoleEventChannel = layout.field("console.domU.evtchn");
  }

  /// The layout for a width.
  ///
  /// @param guestWidth 8 or 4
  /// @throws IllegalArgumentException if it is neither
  public static StartInfo of(int guestWidth) {
    return Struct.ofWidth(guestWidth, OF_64_BIT, OF_32_BIT);
  }

  /// The size of the struct in octets.
  public long size() {
    return layout.size();
  }

  private static Struct layout(int word) {
    Struct domU = Struct.of("domU", word).word("mfn", Show.HEX).u32("evtchn", Show.DECIMAL).build();
    return Struct.of("start_info", word)
        .text("magic", 32)
        .word("nr_pages", Show.DECIMAL)
        .word("shared_info", Show.HEX)
        .u32("flags", FLAGS)
        .word("store_mfn", Show.HEX)
        .u32("store_evtchn", Show.DECIMAL)
        .nested("console", Struct.of("console", word).nested("domU", domU).build())
        .word("pt_base", Show.HEX)
        .word("nr_pt_frames", Show.DECIMAL)
        .word("mfn_list", Show.HEX)
        .word("mod_start", Show.HEX)
        .word("mod_len", Show.DECIMAL)
        .text("cmd_line", 1024)
        .word("first_p2m_pfn", Show.HEX)
        .word("nr_p2m_frames", Show.DECIMAL)
        .build();
  }
}
