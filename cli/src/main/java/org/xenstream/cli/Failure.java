// SPDX-License-Identifier: Apache-2.0
package org.xenstream.cli;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/// Says what went wrong as an operator would.
final class Failure {
  private Failure() {}

  /// A line for a failure.
  static String text(Exception e) {
    return switch (e) {
      case NoSuchFileException file -> file.getFile() + ": no such file";
      case NotDirectoryException file -> file.getFile() + ": no such folder";
      case AccessDeniedException file -> file.getFile() + ": permission denied";
      case FileSystemException file ->
          file.getFile() + ": " + orName(file.getReason(), file.getClass());
      default -> orName(e.getMessage(), e.getClass());
    };
  }

  /// A line for what the virtual machine has no more of, its memory or its stack; null where
  /// nothing ran out.
  ///
  /// @param e that, or what came of it
  static @Nullable String exhausted(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return "out of memory (%s): XENSTREAM_JAVA_OPTIONS=-Xmx1g lets more be taken"
            .formatted(orName(cause.getMessage(), cause.getClass()));
      }
      if (cause instanceof StackOverflowError) {
        return "nested too deep: XENSTREAM_JAVA_OPTIONS=-Xss16m lets more be taken";
      }
    }
    return null;
  }

  private static String orName(@Nullable String message, Class<?> type) {
    return message == null ? type.getSimpleName() : message;
  }
}
