# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the lab's scripts on the host, after `lab` is set to this directory. Sets `root`, the checkout, and `cache`,
# where the lab is built.
root=$(dirname "$lab")
cache=${XENSTREAM_LAB:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/xenstream/lab}
export root lab cache

die() {
  echo "lab: $*" >&2
  exit 2
}

. "$root/scripts/need.sh"

# Fetches Debian package $1 into the cache, once, with the sources of this machine; prints where it is.
fetch_deb() {
  local file
  cd "$cache/debs" || return
  file=$(find . -name "${1}_*.deb" | sort | tail -n 1)
  if [ -z "$file" ]; then
    apt-get update -qq >&2
    apt-get -o APT::Sandbox::User=root download "$1" >&2
    file=$(find . -name "${1}_*.deb" | sort | tail -n 1)
  fi
  [ -n "$file" ] || die "package $1 was not found"
  echo "$cache/debs/${file#./}"
}

# Fetches the files of Debian's source package $1 into this directory. Of its versions the newest that is there is taken: an
# archive may list one whose files it no longer has.
fetch_source() {
  local package=$1 lists=$PWD/apt version
  mkdir -p "$lists/lists/partial" "$lists/sources"
  find /etc/apt -name '*.sources' -exec cat {} + 2>/dev/null | sed 's/^Types:.*/Types: deb-src/' >"$lists/sources/lab.sources"
  find /etc/apt -name '*.list' -exec cat {} + 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$lists/sources/lab.list"
  local options=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$lists/sources"
    -o Dir::State::lists="$lists/lists" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  while read -r version; do
    if apt-get "${options[@]}" source --download-only "$package=$version"; then
      rm -r "$lists"
      return 0
    fi
  done < <(apt-cache "${options[@]}" showsrc "$package" | sed -n 's/^Version: //p' | sort -rVu)
  die "the source of $package was not found"
}
