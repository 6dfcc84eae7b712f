# Sourced by the scripts of this folder: what they say, what they install, and what a machine needs
# to reach its mirrors. The caller sets NAME (for messages) and DEBIAN_FRONTEND.
# shellcheck shell=bash

say() { printf '== %s\n' "$*"; }

fail() {
  echo "$NAME: $*" >&2
  exit 1
}

# Ends with status 3, "cannot be done here"; with CI=true that is a failure.
skip() {
  echo "$NAME: not run: $*" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 3
}

# require_programs "PROGRAM ..." "PACKAGE ...": installs the packages when a program is missing.
require_programs() {
  local missing
  missing=$(missing_programs "$1")
  if [ -z "$missing" ]; then return; fi
  if command -v apt-get > /dev/null; then
    say "installing $2"
    # shellcheck disable=SC2086
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends $2; } \
      > /dev/null 2>&1 || true
  fi
  missing=$(missing_programs "$1")
  if [ -n "$missing" ]; then skip "missing:$missing (apt-get install $2)"; fi
}

missing_programs() {
  local program
  for program in $1; do
    command -v "$program" > /dev/null || printf ' %s' "$program"
  done
}

# The file of certificate authorities that this machine adds to pip's own, if any.
certificates() {
  local file
  file=${PIP_CERT:-${SSL_CERT_FILE:-$(pip_setting cert)}}
  if [ -f "$file" ]; then echo "$file"; fi
}

# pip_settings CERTIFICATES: a pip.conf; CERTIFICATES is where the file of certificates will be.
pip_settings() {
  local name value
  echo "[global]"
  if [ -n "$1" ]; then echo "cert = $1"; fi
  for name in index-url extra-index-url trusted-host timeout; do
    value=$(pip_setting "$name")
    if [ -n "$value" ]; then echo "$name = $value"; fi
  done
}

# One setting of pip, from its variable or its files: pip_setting index-url
pip_setting() {
  local variable=PIP_${1^^}
  variable=${variable//-/_}
  if [ "$1" = timeout ]; then variable=PIP_DEFAULT_TIMEOUT; fi
  if [ -n "${!variable:-}" ]; then
    echo "${!variable}"
  else
    python3 -m pip config get "global.$1" 2> /dev/null || true
  fi
}

# How apt reaches its mirrors: proxies, certificates, checks.
apt_settings() {
  apt-config dump 2> /dev/null | grep -E '^Acquire::(http|https|Check-|Max-|Retries)' || true
}

# debian_sources SUITE: one line for each source of the suite that this machine has; none where it
# has none.
debian_sources() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "deb $DEBIAN_MIRROR $1 main"
    return
  fi
  # shellcheck disable=SC2016
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' 2> /dev/null | grep -E " $1(-[a-z]+)? main$" || true
}

# debian_tarball SUITE PACKAGES TARBALL: a minimal Debian root, made once and kept.
debian_tarball() {
  if [ -f "$3" ]; then return; fi
  local tree log mirror
  say "debootstrap $1 ($2)"
  tree=$(mktemp -d "$(dirname "$3")/debootstrap.XXXXXX")
  log=${3%.tar}.log
  mirror=$(debian_sources "$1" | awk -v suite="$1" '$3 == suite && !n++ { print $2 }')
  # shellcheck disable=SC2086
  debootstrap --variant=minbase --include="$2" "$1" "$tree" $mirror > "$log" 2>&1 ||
    fail "debootstrap failed, see $log"
  tar --create --file "$3.part" --numeric-owner --directory "$tree" .
  mv "$3.part" "$3"
  rm -rf "$tree"
}
