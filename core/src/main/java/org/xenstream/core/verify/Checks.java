// SPDX-License-Identifier: Apache-2.0
package org.xenstream.core.verify;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All checks, in the order in which they look.
final class Checks {
  private Checks() {}

  static List<Check> fresh(@Nullable Release target) {
    List<Check> checks = new ArrayList<>();
    checks.add(new OuterCheck());
    checks.add(new LibxlCheck());
    checks.add(new ColoCheck());
    checks.add(new HeaderCheck());
    checks.add(new RecordCheck());
    checks.add(new SequenceCheck());
    checks.add(new PageCheck());
    checks.add(new PvRecordCheck());
    checks.add(new VcpuCheck(target));
    checks.add(new HvmCheck(target));
    checks.add(new PolicyCheck());
    if (target != null) {
      checks.add(new ReleaseCheck(target));
    }
    return checks;
  }
}
