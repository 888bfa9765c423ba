#!/usr/bin/env bash
# What a run could leave behind: shared memory, processes, scratch.
#   leftovers.sh record FILE    writes down what is there now
#   leftovers.sh compare FILE   prints what has come since, and fails if there is any
set -euo pipefail

list() {
  find /dev/shm -mindepth 1 -maxdepth 1 -printf 'shared memory %p\n' 2>/dev/null || true
  tail -n +2 /proc/sysvipc/shm 2>/dev/null | awk '{print "SysV segment " $2}'
  local comm
  for comm in /proc/[0-9]*/comm; do
    # A process may end while it is looked at.
    if [[ $(cat "$comm" 2>/dev/null) == mayfly* ]]; then
      echo "process $(basename "$(dirname "$comm")")"
    fi
  done
  find "${TMPDIR:-/tmp}" -maxdepth 1 -name '*mayfly*' -printf 'scratch %p\n' 2>/dev/null || true
  find /tmp -maxdepth 1 -name "mayfly-$(id -u)" -printf 'scratch %p\n' || true
}

come_since() {
  comm -13 "$1" <(list | sort -u)
}

case ${1:-}:${2:-} in
  record:?*)
    list | sort -u >"$2"
    ;;
  compare:?*)
    [[ -r $2 ]] || {
      echo "leftovers.sh: nothing was recorded in $2" >&2
      exit 2
    }
    # The kernel needs a moment to end what has been told to.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [[ -z $(come_since "$2") ]] && exit 0
      sleep 0.5
    done
    come_since "$2" | sed 's/^/left behind: /'
    exit 1
    ;;
  *)
    echo "usage: leftovers.sh record|compare FILE" >&2
    exit 2
    ;;
esac
