#!/usr/bin/env bash
# The two commands of the README in a minimal Debian root, where nothing else is installed: `make
# demo`, then `make test`, of the commit that is checked out.
#
#   tools/pristine.sh SUITE [PYTEST_ARGUMENT...]     SUITE: bookworm (Debian 12), trixie (13), ...
#
# Needs root, and Debian's debootstrap, which it installs when it may. Without them it says what is
# missing and ends with status 3 (skipped), or 1 with CI=true. The root is removed at the end; what
# debootstrap made is kept in .cache/pristine.
#
# Environment: DEBIAN_MIRROR, and what pip and npm read: PIP_INDEX_URL, PIP_CERT, ...
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/machine.sh
. tools/machine.sh

readonly NAME=tools/pristine.sh
readonly PACKAGES=python3,python3-venv,git,make,ca-certificates
readonly CACHE=$PWD/.cache/pristine
readonly CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
export DEBIAN_FRONTEND=noninteractive

if [ $# = 0 ] || [[ $1 = -* ]]; then
  echo "usage: tools/pristine.sh SUITE [PYTEST_ARGUMENT...]" >&2
  exit 2
fi
readonly SUITE=$1
shift

main() {
  if [ "$(id -u)" != 0 ]; then skip "it needs root (debootstrap and chroot do)"; fi
  require_programs "debootstrap unshare" "debootstrap util-linux"
  mkdir -p "$CACHE"
  debian_tarball "$SUITE" "$PACKAGES" "$CACHE/$SUITE.tar"
  root=$(mktemp -d "$CACHE/root.XXXXXX")
  trap 'rm -rf --one-file-system "${root:?}"' EXIT
  tar --extract --file "$CACHE/$SUITE.tar" --directory "$root"
  settings
  git clone -q . "$root/srv/imagebot"
  say "$SUITE: $(in_root python3 --version), make demo"
  quietly in_root make demo
  say "$SUITE: make test ${*:-(everything)}"
  quietly in_root make test PYTEST_ARGS="$*"
}

# What this machine needs to reach its mirrors; names are resolved as here.
settings() {
  local found
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  apt_settings > "$root/etc/apt/apt.conf.d/machine"
  found=$(certificates)
  if [ -n "$found" ]; then cat "$found" >> "$root$CERTIFICATES"; fi
  pip_settings "$CERTIFICATES" > "$root/etc/pip.conf"
  if [ -f ~/.npmrc ]; then cp ~/.npmrc "$root/root/"; fi
}

# Run a command in the root's checkout. Mounts and processes end with it: both are in namespaces
# of their own.
in_root() {
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child sh -euc '
    root=$0
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" env -i --chdir=/srv/imagebot "$@"
  ' "$root" HOME=/root LANG=C.UTF-8 CI="${CI:-}" DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_EXTRA_CA_CERTS="$CERTIFICATES" "$@"
}

# The end of what a command says: a line when all is well, more when it failed.
quietly() {
  local log=$CACHE/$SUITE.out
  if "$@" > "$log" 2>&1 < /dev/null; then
    tail -n 1 "$log"
  else
    tail -n 60 "$log" >&2
    fail "$SUITE: '${*:2}' failed"
  fi
}

main "$@"
