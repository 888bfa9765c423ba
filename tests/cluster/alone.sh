#!/usr/bin/env bash
# alone.sh COMMAND...: a test that counts what is left in shared memory runs with one of its own, so
# that several can run at a time; where the rights for that are missing, after each other.
set -euo pipefail

mount_shm=(mount -t tmpfs -o mode=1777 shm /dev/shm)
if unshare --mount --ipc "${mount_shm[@]}" 2>/dev/null; then
  # shellcheck disable=SC2016
  exec unshare --mount --ipc sh -c "${mount_shm[*]}"' && exec "$@"' sh "$@"
fi
exec flock "/tmp/cluster-tests-$(id -u).lock" "$@"
