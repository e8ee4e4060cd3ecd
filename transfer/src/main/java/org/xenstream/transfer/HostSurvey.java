// SPDX-License-Identifier: Apache-2.0
package org.xenstream.transfer;

import java.util.List;

/// What a machine has of Xen, for whoever wants to know whether guests can be saved and restored
/// there. Found as a service, so that nobody needs a binding to Xen to ask.
public interface HostSurvey {
  /// Looks at this machine, and changes nothing. Does not fail where there is no Xen.
  Report look();

  /// What was found.
  ///
  /// @param items in the order in which they are shown
  /// @param ready whether a real Xen is there that this code knows, and may be used by this
  ///   process, and the program that libxl would run is there too
  record Report(List<Item> items, boolean ready) {}

  /// One thing that was looked for.
  ///
  /// @param name what
  /// @param found what was found, or that nothing was
  record Item(String name, String found) {}
}
