#!/usr/bin/env bash
# Installs a build into a new prefix, moves that, and builds a C program against it twice: with
# find_package and with pkg-config. Usage: install_test.sh BUILD_DIRECTORY VERSION C_COMPILER
set -euo pipefail

build=$1
version=$2
compiler=$3
consumer=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/consumer
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

cmake --install "$build" --prefix "$work/first" >"$work/install.log" || {
  cat "$work/install.log" >&2
  refuse "cmake --install failed"
}
# Nothing in it may name the place where it was first put.
mv "$work/first" "$work/prefix"
prefix=$work/prefix

for file in bin/mayfly include/mayfly/mayfly.h lib/libmayfly.so lib/pkgconfig/mayfly.pc \
  lib/cmake/MayflyFS/MayflyFS{Config,ConfigVersion,Targets}.cmake; do
  [[ -e $prefix/$file ]] || refuse "$file is not installed"
done
"$prefix/bin/mayfly" version >"$work/version" || refuse "bin/mayfly does not run"
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
echo "install test: find_package and pkg-config both link libmayfly $version"
