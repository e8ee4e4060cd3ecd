# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced. `need COMMAND PACKAGE` sees that COMMAND is there: installs the Debian package where it may,
# and else says what to install, and fails.
need() {
  command -v "$1" >/dev/null && return 0
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing $2 ..." >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "$2" </dev/null >/dev/null 2>&1 ||
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; } \
        </dev/null >/dev/null 2>&1 || true
    command -v "$1" >/dev/null && return 0
  fi
  echo "${0##*/} needs $1: install the package $2" >&2
  exit 2
}
