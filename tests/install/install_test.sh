#!/usr/bin/env bash
# Installs a build into a new prefix, moves that, and builds C programs against it twice: with
# find_package and with pkg-config. The MPI programs are run by their MPI's mpirun.
# Usage: install_test.sh BUILD_DIRECTORY VERSION C_COMPILER [MPI...]
set -euo pipefail

build=$1
version=$2
compiler=$3
mpis=("${@:4}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
consumer=$here/consumer
# shellcheck source=mpi_launch/mpirun_flags.sh
source "$here/../../mpi_launch/mpirun_flags.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/mayfly-install.XXXXXX")
trap 'rm -rf "$work"' EXIT

refuse() {
  echo "install test: $1" >&2
  exit 1
}

expect_version() {
  local printed
  printed=$("$@") || refuse "$1 does not run"
  [[ $printed == "$version" ]] || refuse "$1 says version '$printed', not '$version'"
}

# Names of what the library defines; with --dynamic, of what it exports.
defined_in() {
  local library=$1
  shift
  nm "$@" --defined-only --format=just-symbols "$library" | sed 's/@.*//'
}

# One session per process: the client is in libmayfly and nowhere else.
expect_one_client() {
  local library=$prefix/lib/libmayfly_mpi_$1.so exported
  local client='mayfly_(open|join)|_ZN6mayfly(7Session|10Membership).*'
  exported=$(defined_in "$library" --dynamic | sort | xargs)
  [[ $exported == "mayfly_mpi_finish mayfly_mpi_split" ]] || refuse "$library exports: $exported"
  [[ $(defined_in "$library" | grep -cxE "$client") == 0 ]] ||
    refuse "$library has a client of its own"
  [[ $(defined_in "$prefix/lib/libmayfly.so" | grep -cx mayfly_open) == 1 ]] ||
    refuse "libmayfly.so does not define mayfly_open"
}

# expect_job MPI PROGRAM [ARGUMENT]: one server and two clients; the second reads what the first
# wrote.
expect_job() {
  local mpirun=mpirun flags=("${mayfly_openmpi_flags[@]}") said
  [[ $1 == mpi ]] || mpirun=mpirun.$1
  # Only MPICH's tells root its version.
  [[ $("$mpirun" --version 2>&1) != *HYDRA* ]] || flags=("${mayfly_mpich_flags[@]}")
  said=$(timeout 60 "$mpirun" "${flags[@]}" -n 3 "${@:2}" </dev/null) ||
    refuse "$2 fails under $mpirun"
  [[ $said == "from one client to another" ]] || refuse "$2 under $mpirun says '$said'"
  [[ -z $(ls -A "$MAYFLY_SCRATCH") ]] || refuse "$2 under $mpirun leaves files in its scratch"
}

cmake --install "$build" --prefix "$work/first" >"$work/install.log" || {
  cat "$work/install.log" >&2
  refuse "cmake --install failed"
}
# Nothing in it may name the place where it was first put.
mv "$work/first" "$work/prefix"
prefix=$work/prefix

for file in bin/mayfly include/mayfly/mayfly.h lib/libmayfly.so lib/pkgconfig/mayfly.pc \
  lib/cmake/MayflyFS/MayflyFS{Config,ConfigVersion,Targets}.cmake include/mayfly/mayfly_mpi.h; do
  [[ -e $prefix/$file ]] || refuse "$file is not installed"
done
"$prefix/bin/mayfly" version >"$work/version" || refuse "bin/mayfly does not run"
[[ -s $prefix/share/man/man1/mayfly-stage-in.1 ]] || refuse "there is no manual"
[[ -s $prefix/share/bash-completion/completions/mayfly ]] || refuse "there is no completion"
grep -qF "$version" "$work/version" || refuse "bin/mayfly is of another version"

cmake -S "$consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$compiler" >"$work/cmake.log" || refuse "find_package fails"
cmake --build "$work/cmake" >>"$work/cmake.log" || refuse "a find_package consumer does not build"
expect_version "$work/cmake/consumer"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs mayfly)"
"$compiler" "$consumer/consumer.c" -o "$work/consumer" "${flags[@]}" \
  -Wl,-rpath,"$prefix/lib" || refuse "a pkg-config consumer does not build"
expect_version "$work/consumer"
[[ $(pkg-config --modversion mayfly) == "$version" ]] || refuse "mayfly.pc has another version"

export MAYFLY_SCRATCH=$work/scratch
mkdir "$MAYFLY_SCRATCH"
for mpi in "${mpis[@]}"; do
  expect_one_client "$mpi"
  expect_job "$mpi" "$work/cmake/consumer_$mpi"
  read -ra flags <<<"$(pkg-config --cflags --libs "mayfly-mpi-$mpi")"
  "$compiler" "$consumer/mpi_consumer.c" -o "$work/consumer_$mpi" "${flags[@]}" \
    -Wl,-rpath,"$prefix/lib" || refuse "a pkg-config consumer for $mpi does not build"
  expect_job "$mpi" "$work/consumer_$mpi"
  expect_job "$mpi" "$work/consumer_$mpi" forgets-to-finish
done
echo "install test: find_package and pkg-config both link libmayfly $version" \
  "and run under: ${mpis[*]:-no MPI}"
