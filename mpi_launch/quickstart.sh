#!/usr/bin/env bash
# From a bare Debian 12 to an unmodified MPI program that checkpoints into MayflyFS: installs
# packages, builds, runs. Usage: quickstart.sh
# Further arguments go to the program mayfly-mainjob (--help lists them).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=mpi_launch/mpirun_flags.sh
source mpi_launch/mpirun_flags.sh

say() {
  printf '== %s\n' "$*"
}

stop() {
  printf '== Quick start failed: %s\n' "$*" >&2
  exit 1
}

build() {
  cmake --preset release >build/configure.log 2>&1 || {
    tail -20 build/configure.log >&2
    return 1
  }
  cmake --build --preset release --parallel "$(nproc)" \
    --target mayfly mayfly-server mayfly_preload mayfly_world_openmpi mayfly-standin-openmpi \
    mayfly_default_mainjob checkpoint-openmpi
}

if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
fi
mkdir -p build

say "1/5 packages"
mpi_launch/install_packages.sh || stop "packages are missing; the lines above say which."
say "2/5 build (preset release)"
build || stop "the build; the lines above say why."
say "3/5 this machine"
build/release/bin/mayfly doctor || stop "this machine needs a change; the list above says which."
say "4/5 this machine's limits: mayfly-mainjob on 4 ranks, 2 of them servers"
mpirun.openmpi "${mayfly_openmpi_flags[@]}" -n 4 \
  build/release/bin/mayfly-mainjob --servers-per-node 2 "$@" </dev/null ||
  stop "mayfly-mainjob; its lines above say why."
say "5/5 main job: an unmodified MPI program on 4 ranks, 2 of them servers"
mpirun.openmpi "${mayfly_openmpi_flags[@]}" -n 4 \
  build/release/bin/mayfly run --servers-per-node 2 -- \
  build/release/bin/checkpoint-openmpi /mayfly 3 64 </dev/null ||
  stop "the main job; its lines above say why."
say "Quick start succeeded: MayflyFS is built in build/release/bin and the main job has run."
