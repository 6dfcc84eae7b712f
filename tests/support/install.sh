#!/usr/bin/env bash
# Installs what the tests run against: Debian packages (as root, or with a sudo that asks for no
# password) and the npm packages of this folder, with the Node.js of the "dev" extra, which
# `make test` puts on PATH. Does nothing when everything is there. Where it may not install, it says
# in one line what is missing: the tests that need it are then skipped and counted, or, with
# CI=true, fail. Always ends with status 0.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

# A program that each package brings.
declare -A package_of=(
  [docker-registry]=docker-registry
  [git]=git
  [htpasswd]=apache2-utils
  [skopeo]=skopeo
  [ssh]=openssh-client
  [sshd]=openssh-server
)
PATH=$PATH:/usr/sbin
log=$(mktemp)
trap 'rm -f "$log"' EXIT

missing_packages() {
  for program in "${!package_of[@]}"; do
    command -v "$program" >/dev/null || echo "${package_of[$program]}"
  done | sort
}

as_root=none
if [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true 2>/dev/null; then
  as_root='sudo -n'
fi

wanted=$(missing_packages)
if [ -n "$wanted" ] && [ "$as_root" != none ] && command -v apt-get >/dev/null; then
  echo "installing" $wanted >&2
  install="env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted"
  # Package lists may be missing or old; they are fetched only if the packages are not found.
  $as_root $install >"$log" 2>&1 ||
    { $as_root apt-get update >>"$log" 2>&1 && $as_root $install >>"$log" 2>&1; } ||
    tail -n 5 "$log" >&2
fi
missing=$(missing_packages)

# A copy of the lockfile is left beside what was installed from it.
installed=node_modules/.support-lock.json
if ! cmp -s package-lock.json "$installed"; then
  if command -v npm >/dev/null; then
    echo "installing npm packages in tests/support" >&2
    npm ci --no-progress >"$log" 2>&1 && cp package-lock.json "$installed" || tail -n 5 "$log" >&2
    cmp -s package-lock.json "$installed" || missing="$missing emulate(npm)"
  else
    missing="$missing npm"
  fi
fi

if [ -n "$missing" ]; then
  echo "missing, so the tests that need them are skipped:" $missing >&2
fi
exit 0
