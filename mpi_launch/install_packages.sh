#!/usr/bin/env bash
# Installs the Debian packages that building and running MayflyFS needs, and nothing if all are
# there. Usage: install_packages.sh [--tests]; --tests adds what the tests need.
set -euo pipefail

# Open MPI and MPICH live side by side: mpirun.openmpi, mpirun.mpich, mpicxx.openmpi, mpicxx.mpich.
packages=(
  g++ cmake ninja-build pkg-config python3
  libucx-dev ucx-utils liburing-dev libhwloc-dev
  libopenmpi-dev openmpi-bin libmpich-dev mpich
  libspdlog-dev libfmt-dev libxxhash-dev nlohmann-json3-dev libcli11-dev
  libgtest-dev fio
)
# From git on: what is run under the shim; then a Slurm, which the tests start for themselves.
test_packages=(
  clang-14 libclang-rt-14-dev clang-format iproute2 git rsync sqlite3 hdf5-tools
  libhdf5-openmpi-dev
  slurmctld slurmd slurm-client munge
)

case ${1:-} in
  "") ;;
  --tests) packages+=("${test_packages[@]}") ;;
  *)
    echo "usage: install_packages.sh [--tests]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is no Debian system: install the equivalents of: ${packages[*]}" >&2
  exit 1
fi

is_installed() {
  # Not a match for a package that was removed and has left its configuration.
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "All ${#packages[@]} packages are installed."
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  # Without a terminal nobody could type a password: --non-interactive fails at once instead.
  if ! command -v sudo >/dev/null || ! sudo --non-interactive true 2>/dev/null; then
    echo "These packages are missing, and neither root nor sudo without a password is at hand." >&2
    echo "Have them installed: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo --non-interactive)
fi

echo "Installing ${#missing[@]} packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -qq -y --no-install-recommends "${missing[@]}" </dev/null
for package in "${missing[@]}"; do
  is_installed "$package" || {
    echo "apt-get did not install $package." >&2
    exit 1
  }
done
echo "Installed."
