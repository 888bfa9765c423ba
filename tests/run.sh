#!/usr/bin/env bash
# The whole check, as CI runs it. Usage: run.sh [--quick | --thorough]
#   --quick: only the release build (g++) and all of its tests.
#   --thorough: the presets dev and asan (g++) too.
# By default the release build runs jobs, and a second build, clang's, takes clang's warnings, runs
# unit tests and simulations under ASan and UBSan, and fuzzes.
# Goes on after a failed step, so that one run tells all; exits 1 if any step failed.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
jobs=${MAYFLY_JOBS:-$(nproc)}
fuzz_seconds=2
extent=usual
case ${1:-} in
  "") ;;
  --quick | --thorough) extent=${1#--} ;;
  *)
    echo "usage: run.sh [--quick | --thorough]" >&2
    exit 2
    ;;
esac

# A TMPDIR of its own: whatever of ours is in it at the end was left behind.
work=$(mktemp -d "${TMPDIR:-/tmp}/check.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/logs"
# Some tests run as nobody.
chmod 755 "$work"
chmod 1777 "$work/tmp"
export TMPDIR=$work/tmp
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER-ccache}
fi

failed=()

# step NAME COMMAND...: runs it, says how long it took, remembers a failure.
step() {
  local name=$1 begin=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then
    printf '== %s: done in %s s\n' "$name" $((SECONDS - begin))
  else
    failed+=("$name")
    printf '== %s: FAILED after %s s\n' "$name" $((SECONDS - begin))
    return 1
  fi
}

# build PRESET [OPTION...]
build() {
  local preset=$1 log=$work/logs/$1.configure
  shift
  cmake --preset "$preset" "$@" >"$log" 2>&1 || {
    tail -30 "$log"
    return 1
  }
  cmake --build --preset "$preset" --parallel "$jobs"
}

# run_tests PRESET [OPTION...]: ctest; a run without a single test has failed.
run_tests() {
  local preset=$1
  shift
  # Many of them wait for processes more than they compute.
  ctest --preset "$preset" --parallel $((jobs + 1)) --no-tests=error "$@" 2>&1 |
    tee "$work/logs/$preset.ctest"
}

fuzz_one() {
  local target=$1 name
  name=$(basename "$target")
  mkdir -p "$work/corpus/$name"
  if "$target" -max_total_time="$fuzz_seconds" -timeout=5 -rss_limit_mb=1024 -verbosity=0 \
    -artifact_prefix="$work/$name-" "$work/corpus/$name" >"$work/logs/$name" 2>&1; then
    echo "$name: $fuzz_seconds s without a finding"
  else
    tail -40 "$work/logs/$name"
    echo "$name: FOUND an input that breaks it (base64 above)"
    return 1
  fi
}

fuzz() {
  local targets
  targets=$(find build/clang/tests/fuzz -maxdepth 1 -type f -executable -name 'fuzz_*' | sort)
  [[ -n $targets ]] || {
    echo "no fuzz target was built"
    return 1
  }
  export -f fuzz_one
  export work fuzz_seconds
  xargs -P "$jobs" -I{} bash -c 'fuzz_one {}' <<<"$targets"
}

# The lines by which ctest sums up, of each run.
sum_up() {
  local log
  for log in "$work"/logs/{dev,asan,clang,release}.ctest; do
    [[ -f $log ]] || continue
    printf '\n%s:\n' "$(basename "$log" .ctest)"
    sed -n '/tests passed,.*tests failed out of/,$p' "$log"
  done
}

step "packages" mpi_launch/install_packages.sh --tests || exit 1
tests/support/leftovers.sh record "$work/before" || failed+=("record of what was there")

# Unit tests and simulations are run once: sanitized, or in a quick check as users build.
unit_tests=OFF
[[ $extent == usual ]] || unit_tests=ON
step "build release" build release -DMAYFLY_UNIT_TESTS=$unit_tests &&
  step "test release" run_tests release
if [[ $extent != quick ]]; then
  step "build clang, sanitized" \
    build clang -DMAYFLY_FUZZ=ON -DMAYFLY_BENCH=OFF -DMAYFLY_ONE_MPI=ON && {
    # What measures means nothing when sanitized.
    step "test clang, sanitized" run_tests clang --tests-regex '^(unit|sim)_' \
      --exclude-regex '_(idle|allocation)_test$'
    step "fuzz" fuzz
  }
fi
if [[ $extent == thorough ]]; then
  step "build dev" build dev && step "test dev" run_tests dev --tests-regex '^(unit|sim)_'
  step "build asan" build asan && step "test asan" run_tests asan --tests-regex '^(unit|sim)_'
fi
step "nothing left behind" tests/support/leftovers.sh compare "$work/before"

sum_up
if ((${#failed[@]} > 0)); then
  printf '\nCheck FAILED after %s s in:' $SECONDS
  printf ' [%s]' "${failed[@]}"
  printf '\n'
  exit 1
fi
printf '\nCheck passed in %s s.\n' $SECONDS
