#!/usr/bin/env bash
# From a bare Debian 12 to the main job: installs packages, builds, runs. Usage: quickstart.sh
# Further arguments go to the main job (--help lists them).
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
    --target mayfly mayfly_default_mainjob
}

if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
fi
mkdir -p build

say "1/4 packages"
mpi_launch/install_packages.sh || stop "packages are missing; the lines above say which."
say "2/4 build (preset release)"
build || stop "the build; the lines above say why."
say "3/4 this machine"
build/release/bin/mayfly doctor || stop "this machine needs a change; the list above says which."
say "4/4 main job: 4 ranks, 2 of them servers"
mpirun.openmpi "${mayfly_openmpi_flags[@]}" -n 4 \
  build/release/bin/mayfly-mainjob --servers-per-node 2 "$@" </dev/null ||
  stop "the main job; its lines above say why."
say "Quick start succeeded: MayflyFS is built in build/release/bin and the main job has run."
