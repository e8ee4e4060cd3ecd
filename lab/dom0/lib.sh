# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by jobs in dom0: guests, the two save helpers, and what is held to be true of them. A job ends with `summary`.

now() { cut -d' ' -f1 /proc/uptime; }
seconds() { cut -d. -f1 /proc/uptime; }
work=/var/tmp
log=/share/xl.log # all that xl says

held=0
failed=0
held() {
  held=$((held + 1))
  echo "[$(now)] held: $*"
}
failed() {
  failed=$((failed + 1))
  echo "[$(now)] FAILED: $*"
}

# check WHAT COMMAND...: counts whether the command succeeded. Where it did not, what Xen told of triple faults is shown.
check() {
  local what=$1
  shift
  if "$@"; then
    held "$what"
    return 0
  fi
  failed "$what"
  xl dmesg | grep -A 4 'Triple fault' | grep -E 'Triple|RIP:' | tail -n 2 | sed 's/^/    /'
  return 1
}

summary() {
  echo "[$(now)] $held held, $failed failed"
  [ "$failed" = 0 ] && [ "$held" -gt 0 ]
}

# The shell's words that make libxl run Xen's helper (c) or ours (java), to save and to restore.
helper_words() {
  case $1 in
    c) echo 'unset LIBXL_SAVE_HELPER' ;;
    java) echo 'export LIBXL_SAVE_HELPER=/lab/helper/bin/xenstream-save-helper' ;;
  esac
}

# Which of them libxl runs from here on.
helper() { eval "$(helper_words "$1")"; }

# with HELPER COMMAND...
with() {
  local which=$1
  shift
  (helper "$which" && "$@")
}

PATH=$PATH:/lab/tool/bin

never=/tmp/never # nobody writes to it
[ -p $never ] || mkfifo $never

# What helpers and xl wait for, when a command did not end in time, which is killed then.
helpers_stuck() {
  local pid task
  echo "[$(now)] STUCK: process $1"
  for pid in $(pgrep 'java|libxl-save|^xl$'); do
    echo "    $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" | tail -c 120)"
    for task in "/proc/$pid/task"/*; do
      echo "      $(cat "$task/comm"): $(cut -d' ' -f3 "$task/stat"), in $(cat "$task/wchan"), call $(cat "$task/syscall")"
    done
  done
  pkill -QUIT java # it tells where its threads are
  sleep 5
  pkill -KILL 'java|libxl-save'
  kill "$1"
}

# xl with its words in the log; the last of them are shown when it fails.
quiet() {
  local from status=0
  from=$(stat -c %s $log 2>/dev/null || echo 0)
  echo "[$(now)] $*" >>$log
  "$@" >>$log 2>&1 &
  local command=$! watcher
  (read -rt 240 _ <>$never || helpers_stuck "$command") &
  watcher=$!
  wait $command || status=$?
  kill $watcher 2>/dev/null
  wait $watcher 2>/dev/null
  if [ $status != 0 ]; then
    echo "[$(now)] $* ended with $status:"
    tail -c +$((from + 1)) $log | tr '\r' '\n' | grep -av 'progress' | tail -n 15 | sed 's/^/    /'
  fi
  return $status
}

# each FUNCTION KIND...: runs the function for each kind; it ends with other than 0 where it cannot go on.
each() {
  local what=$1 kind
  shift
  for kind; do
    $what "$kind"
    clear_away
  done
}

# Destroys all guests, and removes what they left.
clear_away() {
  local id
  for id in $(xl list | awk 'NR > 2 { print $2 }'); do xl destroy "$id" >>$log 2>&1; done
  rm -rf $work/*.xlsave $work/*.wire* $work/damaged
}

# kinds KIND...: those of them that the job is to be about, all where `lab/run -k` named none.
kinds() {
  local kind
  for kind; do
    if ! grep -q . /share/kinds || grep -qw "$kind" /share/kinds; then echo "$kind"; fi
  done
}

# MiB and vCPUs of a guest of kind $1 where no job wants other ones.
usual() {
  case $1 in
    pv32) echo 16 1 ;;
    pv64) echo 48 2 ;;
    pvh) echo 40 1 ;; # two would share CPU 1, and take several times as long
    hvm) echo 64 1 ;;
  esac
}

# guest NAME KIND MIB VCPUS [WORDS]: makes and starts a guest. KIND is pv64, pvh, hvm or pv32; WORDS go to its command line. A
# quarter of its memory is written once and then only looked at, unless WORDS say otherwise: what is sent in the first pass and
# never again.
guest() {
  local name=$1 kind=$2 mib=$3 vcpus=$4 words=${5-}
  case $words in
    *lab.hold=*) ;;
    *) words="$words lab.hold=$((mib * 256)) lab.check=96" ;;
  esac
  {
    echo "name=\"$name\""
    echo "memory=$mib"
    echo "vcpus=$vcpus"
    echo 'on_crash="preserve"'
    echo 'on_reboot="preserve"'
    echo 'on_poweroff="destroy"'
    case $kind in
      pv64 | pvh)
        echo "type=\"${kind%64}\""
        echo 'kernel="/lab/guest/vmlinuz"'
        echo 'ramdisk="/lab/guest/initrd"'
        echo "extra=\"console=hvc0 quiet loglevel=4 $words\""
        ;;
      hvm)
        echo 'type="hvm"'
        echo 'kernel="/lab/guest/vmlinuz"'
        echo 'ramdisk="/lab/guest/initrd"'
        echo "extra=\"console=ttyS0 console=hvc0 quiet loglevel=4 $words\""
        echo 'device_model_version="qemu-xen"'
        echo 'vga="none"'
        echo 'vnc=0'
        echo 'sdl=0'
        echo 'serial="null"'
        ;;
      pv32)
        echo 'type="pv"'
        echo 'kernel="/lab/guest/pv32"'
        echo "extra=\"$words\""
        ;;
    esac
  } >"/tmp/$name.cfg"
  boot "$name" && return 0
  # Under emulation a boot fails now and then. Nothing of ours has touched this guest yet.
  echo "[$(now)] $name did not boot, which is tried once more"
  destroy "$name"
  boot "$name"
}
boot() {
  rm -f /var/log/xen/guest-"$1"*.log
  quiet xl create -q "/tmp/$1.cfg" && up "$1"
}

# What guest $1 said, the oldest first. After a migration its console is logged under another name.
console() {
  # shellcheck disable=SC2046 # none, one or two names
  cat $(ls -tr /var/log/xen/guest-"$1".log /var/log/xen/guest-"$1"--incoming.log 2>/dev/null) /dev/null | tr -d '\r'
}
# The last whole line of its counter, in the order of its words that this lab's guests have or another.
last_tick() { console "$1" | grep -aE '^GUEST tick [0-9]+ .*(gone|[a-z]=[0-9]+)$' | tail -n 1; }

# where NAME: the counter of a guest, how often its load went over the memory that it writes, and over that which it keeps.
where() { last_tick "$1" | counters; }
# The same of the line that is read.
counters() {
  awk '{ for (i = 4; i <= NF; i++) { split($i, word, "="); said[word[1]] = word[2] } print $3, said["rounds"] + 0, said["kept"] + 0 }'
}
tick() { last_tick "$1" | cut -d' ' -f3; }

# reaches NAME SECONDS TICK [ROUNDS [KEPT]]: waits until the guest is there or beyond; its memory has to be sound then.
reaches() {
  local name=$1 end=$(($(seconds) + $2)) line tick rounds kept
  shift 2
  while [ "$(seconds)" -lt "$end" ]; do
    line=$(last_tick "$name")
    case $line in
      *bad=[1-9]* | *gone)
        echo "    memory is spoilt: $line"
        return 1
        ;;
    esac
    read -r tick rounds kept <<<"$(counters <<<"$line")" # of that line, not of a later one
    if [ "${tick:-0}" -ge "$1" ] && [ "${rounds:-0}" -ge "${2:-0}" ] && [ "${kept:-0}" -ge "${3:-0}" ]; then return 0; fi
    sleep 0.3
  done
  echo "    $name did not reach $*; its last words:"
  console "$name" | tail -n 4 | sed 's/^/    /'
  xl list | sed 's/^/    /'
  return 1
}

# A guest is up when its load, whose word is what makes `goes_on` worth anything, has gone over all memory that it has.
up() {
  local rounds=0 kept=0
  ! grep -q 'lab.dirty=[1-9]' "/tmp/$1.cfg" || rounds=1
  ! grep -q 'lab.hold=[1-9]' "/tmp/$1.cfg" || kept=1
  reaches "$1" 180 3 $rounds $kept
}

# goes_on NAME [TICK ROUNDS KEPT]: from there, else from where it is now, the counter goes on, and the load goes over all memory that
# it has: twice, for it may be in the midst of it.
goes_on() {
  local name=$1 tick rounds kept
  shift
  # shellcheck disable=SC2046 # three words
  [ $# -gt 0 ] || set -- $(where "$name")
  tick=$((${1:-0} + 3)) rounds=${2:-0} kept=${3:-0}
  [ "$rounds" = 0 ] || rounds=$((rounds + 2))
  [ "$kept" = 0 ] || kept=$((kept + 2))
  reaches "$name" 120 $tick $rounds $kept
}

# Whether the counter of a guest never went back, nor began anew, on whatever consoles it was written to.
steady() {
  console "$1" | awk '
    /^GUEST up/ { ups++ }
    /^GUEST tick [0-9]+ / { if ($3 + 0 < last) { print "    its counter went from " last " back to " $3; bad = 1 } last = $3 + 0 }
    END { if (ups > 1) { print "    it came up " ups " times"; bad = 1 } exit bad }'
}

gone() { ! xl domid "$1" >/dev/null 2>&1; }
destroy() { quiet xl destroy "$1"; }
running() { xl list "$1" 2>/dev/null | awk 'NR == 2 { exit $5 !~ /p|c|s/ ? 0 : 1 }'; }

# Beside dom0 there is one guest; one that is dying goes away.
alone() {
  for _ in $(seq 20); do
    [ "$(xl list | wc -l)" != 3 ] || return 0
    sleep 0.5
  done
  xl list | sed 's/^/    /'
  return 1
}

# Saves guest NAME into FILE and restores it from there, with helpers SAVER and RESTORER.
save_and_restore() {
  local name=$1 saver=$2 restorer=$3 file=$4 before
  with "$saver" quiet xl save "$name" "$file" || return 1
  before=$(where "$name")
  with "$restorer" quiet xl restore "$file" || return 1
  # shellcheck disable=SC2086 # three words
  goes_on "$name" $before && steady "$name"
}

# receiver RESTORER WIRE [WORDS]: writes WIRE.sh, which `xl migrate` runs in place of ssh: it keeps in WIRE what comes.
receiver() {
  local which=$1 wire=$2 words=${3-}
  {
    echo '#!/bin/bash'
    helper_words "$which"
    echo "tee $wire | xl migrate-receive $words 2>$wire.receiver"
  } >"$wire.sh"
  chmod +x "$wire.sh"
}

# Migrates guest NAME to this very host: what the sender writes goes through WIRE, a file, to the receiver.
migrate() {
  local name=$1 saver=$2 restorer=$3 wire=$4 domid
  shift 4
  domid=$(xl domid "$name")
  receiver "$restorer" "$wire"
  if ! with "$saver" quiet xl migrate "$@" -s '' "$name" "$wire.sh"; then
    tail -n 10 "$wire.receiver"
    return 1
  fi
  [ "$(xl domid "$name")" != "$domid" ] || { echo "    it is the same domain"; return 1; }
  goes_on "$name" && steady "$name"
}

# checkpointed NAME WIRE: starts Remus of guest NAME, and says nothing of disks, network and compression: checkpoints alone,
# one each second. Its sender is $sender.
checkpointed() {
  xl remus -F -n -d -u -i 1000 -s '' "$1" "$2.sh" >>$log 2>&1 &
  sender=$!
}

# primary_dies NAME WIRE: kills the sender, xl and its helper, as they stand, and destroys the guest, as when the host died. libxl 4.17
# of a receiver spins for ever where the stream ends between libxc's CHECKPOINT and libxl's records behind it (docs/LAB.md), whatever its helper;
# so not there.
primary_dies() {
  local helper
  helper=$(pgrep -P $sender 'java|libxl-save')
  kill -STOP $sender "$helper"
  until ends_elsewhere "$2"; do
    kill -CONT $sender "$helper"
    sleep 0.2
    kill -STOP $sender "$helper"
  done
  kill -KILL $sender "$helper"
  wait $sender 2>/dev/null
  destroy "$1"
}
# Once nobody writes to it and all has arrived: whether WIRE ends otherwise than in a CHECKPOINT.
ends_elsewhere() {
  sleep 1
  [ "$(tail -c 8 "$1" | od -An -tx8 | tr -d ' ')" != 000000000000000e ]
}

# checkpoints WIRE COUNT: waits until as many went over WIRE, for six minutes at most. Each ends with libxc's CHECKPOINT and libxl's
# CHECKPOINT_END, both without a body, one behind the other for a guest without a device model.
checkpoints() {
  local end=$(($(seconds) + 360)) count=0
  while sleep 3; do
    count=$(LC_ALL=C grep -aoP '\x0e\0{7}\x04\0{7}' "$1" 2>/dev/null | wc -l)
    [ "$count" -lt "$2" ] || return 0
    [ "$(seconds)" -lt $end ] || break
  done
  echo "    only $count checkpoints went over the wire, in $(stat -c %s "$1") octets"
  return 1
}

# Xen's own verifier wants a file, and says what is wrong on standard error.
reference_verifies() {
  PYTHONPATH=/usr/lib/xen-4.17/lib/python quiet python3 /usr/lib/xen-4.17/bin/verify-stream-v2 --format xl --in "$1"
}
# for_the_judge FILE: keeps what ours wrote: on the host, where it is quicker, `lab/prove` has xenstream judge it. What it is comes
# from its name: *-debug.wire has a verify pass, *-remus.wire was cut where the primary died.
for_the_judge() {
  mkdir -p /share/written
  cp "$1" /share/written/ || failed "${1##*/} could not be kept"
  echo "${1##*/}" >>/share/to-judge
}

# differing WIRE.receiver: how many pages differed in the verify pass, as Xen's helper or ours says of each.
differing() { grep -aciE 'verify.*(fail|mismatch|differ)|differ.*verify' "$1"; }

# The receiver said something, and nothing of a page that differed. That there was a verify pass is the judge's to see.
no_mismatch() { [ -s "$1" ] && [ "$(differing "$1")" = 0 ]; }

same_and_running() { [ "$(xl domid "$1")" = "$2" ] && running "$1"; }
