#!/bin/bash
# Installs the Debian packages that the build needs and this machine lacks; does nothing otherwise.
# Usage: bootstrap.sh [check|fuzz]   adds the tools of `make check` or `make fuzz`
# Room: tools. Caller: the Makefile and .ci/run, before anything is built.
set -euo pipefail

packages=(
  cmake g++ make ninja-build ccache mold pkg-config python3
  libcaf-dev libzmq3-dev cppzmq-dev libcapnp-dev capnproto libdnnl-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libxxhash-dev zlib1g-dev
  catch2
)
case "${1:-}" in
  "") ;;
  check) packages+=(clang-format-14 clang-tidy-14) ;;
  fuzz) packages+=(clang libclang-rt-14-dev) ;;
  *) echo "bootstrap.sh: unknown argument '$1', expected check or fuzz" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "bootstrap: this is not Debian or a relative of it; nothing is installed, and CMake will say what is missing." >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  # The status may be preceded by other architectures' lines; one installed line is enough.
  dpkg-query -W -f='${db:Status-Abbrev}\n' "$package" 2>/dev/null | grep -q '^.i' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=(sudo)
  else
    echo "bootstrap: missing packages, and no way to become root. HINT: as root, apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi

echo "bootstrap: installing ${missing[*]}"
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt update || true; apt install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "bootstrap: apt-get could not install ${missing[*]}. HINT: see the lines above; the package mirror must be reachable." >&2
  exit 1
fi
