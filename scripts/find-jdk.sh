# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced. Sets and exports JAVA_HOME to a JDK 25 or newer: the one JAVA_HOME names, else the one
# `java` on the path belongs to, else the oldest fit one where systems and version managers keep
# theirs. Says what to install, and fails, where there is none. Runs no java: a JDK tells its version
# in a file called `release`.

# Sets xs_major to the version of the JDK in directory $1; 0 where there is no JDK.
xs_jdk_major() {
  xs_major=0
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  while IFS='=' read -r xs_key xs_value || [ -n "$xs_key" ]; do
    [ "$xs_key" = JAVA_VERSION ] || continue
    xs_value=${xs_value#\"}
    xs_value=${xs_value%%[!0-9]*}
    xs_major=${xs_value:-0}
  done <"$1/release"
}

xs_find_jdk() {
  if [ -n "${JAVA_HOME:-}" ]; then
    xs_jdk_major "$JAVA_HOME"
    [ "$xs_major" -ge 25 ] && return 0
  fi

  xs_java=$(command -v java) && xs_java=$(readlink -f "$xs_java" 2>/dev/null)
  if [ -n "$xs_java" ]; then
    xs_home=${xs_java%/bin/java}
    xs_jdk_major "$xs_home"
    [ "$xs_major" -ge 25 ] && JAVA_HOME=$xs_home && return 0
  fi

  xs_best=0
  # XENSTREAM_ROOT is another root of the file system, for the test of this search.
  xs_root=${XENSTREAM_ROOT-}
  for xs_home in "$xs_root"/usr/lib/jvm/* "$xs_root"/usr/java/* "$xs_root"/usr/local/lib/jvm/* \
    "$xs_root"/usr/local/java/* "$xs_root"/opt/* "$xs_root"/opt/java/* "$xs_root"/opt/jdk/* \
    "${HOME:-/root}"/.sdkman/candidates/java/* "${HOME:-/root}"/.jdks/* \
    "${HOME:-/root}"/.asdf/installs/java/* "${HOME:-/root}"/.local/share/mise/installs/java/* \
    "$xs_root"/Library/Java/JavaVirtualMachines/*/Contents/Home; do
    xs_jdk_major "$xs_home"
    if [ "$xs_major" -ge 25 ] && { [ "$xs_best" -eq 0 ] || [ "$xs_major" -lt "$xs_best" ]; }; then
      xs_best=$xs_major
      JAVA_HOME=$xs_home
    fi
  done
  [ "$xs_best" -gt 0 ]
}

if xs_find_jdk; then
  export JAVA_HOME
else
  echo "xenstream needs a JDK 25 or newer: install temurin-25-jdk or openjdk-25-jdk, or set JAVA_HOME to one" >&2
  exit 2
fi
