#!/usr/bin/env bash
# Build the image without a container engine and without a registry to pull from, then run it the
# way deploy/ does: as its own user, with a read-only root, and here with no network but loopback.
#
#   tools/image.sh [--output FILE]     FILE: also write the image there (an OCI archive)
#
# Needs root, and Debian's buildah and debootstrap, which it installs when it may. Without them it
# says what is missing and ends with status 3 (skipped), or 1 with CI=true.
#
# Environment: BASE (an image to build on, instead of one that debootstrap makes), SUITE (bookworm),
# DEBIAN_MIRROR, and what pip reads: PIP_INDEX_URL, PIP_CERT, …
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=tools/machine.sh
. tools/machine.sh

readonly NAME="make image"
readonly IMAGE=localhost/imagebot
readonly SUITE=${SUITE:-bookworm}
readonly CACHE=$PWD/.cache/image
readonly canary="canary-$RANDOM$RANDOM$RANDOM"
export BUILDAH_ISOLATION=chroot DEBIAN_FRONTEND=noninteractive

output=
case "$#:${1:-}" in
  0:) ;;
  2:--output) output=$2 ;;
  *) echo "usage: tools/image.sh [--output FILE]" >&2; exit 2 ;;
esac

main() {
  require
  mkdir -p "$CACHE"
  trap clean_up EXIT
  secrets=$(mktemp -d)
  mounted=$(mktemp -d)
  chmod 0755 "$mounted"
  build_machine "$secrets"
  if [ -z "${BASE:-}" ]; then
    BASE=localhost/base
    make_base
  fi
  build
  base=$(buildah_ from --pull-never "$BASE")
  container=$(buildah_ from --pull-never "$IMAGE")
  base_root=$(buildah_ mount "$base")
  root=$(buildah_ mount "$container")
  check_contents "$root"
  check_runs "$root"
  check_reads "$root"
  report "$root"
  if [ -n "$output" ]; then
    buildah_ push --quiet "$IMAGE" "oci-archive:$output:imagebot"
    say "$output: $(megabytes "$output") compressed"
  fi
}

clean_up() {
  local each
  for each in "${container:-}" "${base:-}"; do
    if [ -n "$each" ]; then buildah_ rm "$each" > /dev/null; fi
  done
  rm -rf "${secrets:-}" "${mounted:-}"
}

require() {
  if [ "$(id -u)" != 0 ]; then skip "it needs root (buildah's chroot isolation does)"; fi
  require_programs "buildah debootstrap ip unshare setpriv" \
    "buildah debootstrap iproute2 util-linux"
}

# A store of its own, so that nothing else on the machine is touched or reused.
buildah_() {
  buildah --storage-driver vfs --root "$CACHE/storage" --runroot "$CACHE/run" "$@"
}

# What this machine needs to reach its mirrors, as the Dockerfile's secrets.
build_machine() {
  local name found inside=
  found=$(certificates)
  if [ -n "$found" ]; then
    cp "$found" "$1/ca.pem"
    inside=/run/secrets/ca.pem
  fi
  pip_settings "$inside" > "$1/pip.conf"
  debian_sources "$SUITE" > "$1/apt.sources.list"
  {
    apt_settings
    if [ -s "$1/apt.sources.list" ]; then
      echo 'Dir::Etc::SourceList "/run/secrets/apt.sources.list";'
      echo 'Dir::Etc::SourceParts "/dev/null";'
    fi
    echo "// $canary"
  } > "$1/apt.conf"
  # Nothing of a secret may be in the image: check_contents looks for this.
  for name in pip.conf ca.pem apt.sources.list; do echo "# $canary" >> "$1/$name"; done
}

# Debian with python3 and no sources of packages: the tarball is kept, it takes most of the time.
make_base() {
  local tarball=$CACHE/base-$SUITE.tar tree container
  if [ ! -f "$tarball" ]; then
    debian_tarball "$SUITE" python3 "$CACHE/minimal-$SUITE.tar"
    tree=$(mktemp -d "$CACHE/base.XXXXXX")
    tar --extract --file "$CACHE/minimal-$SUITE.tar" --directory "$tree"
    update_base "$tree"
    trim_base "$tree"
    tar --create --file "$tarball.part" --numeric-owner --directory "$tree" .
    mv "$tarball.part" "$tarball"
    rm -rf "$tree" "$CACHE/minimal-$SUITE.tar"
  fi
  container=$(buildah_ from scratch)
  buildah_ add --quiet "$container" "$tarball" / > /dev/null
  buildah_ config --cmd /bin/sh "$container"
  buildah_ commit --quiet --rm "$container" "$BASE" > /dev/null
}

# A base is as new as its security updates.
update_base() {
  install -d "$1/run/secrets"
  cp "$secrets"/apt.* "$1/run/secrets/"
  APT_CONFIG=/run/secrets/apt.conf chroot "$1" sh -euc '
    apt-get -q update
    apt-get -q upgrade -y' > "$CACHE/update.log" 2>&1 ||
    fail "the base cannot be updated, see $CACHE/update.log"
  rm -r "$1/run/secrets"
}

# What official slim images leave out too.
trim_base() {
  : > "$1/etc/apt/sources.list"
  rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/cache/debconf/*-old "$1"/var/log/*
  rm -rf "$1"/usr/share/{doc,man,info,lintian,linda}/* "$1"/usr/share/i18n
  find "$1/usr/share/locale" -mindepth 1 -maxdepth 1 ! -name locale.alias -exec rm -r {} +
}

build() {
  say "build on $BASE"
  local secret arguments=()
  for secret in pip.conf ca.pem apt.conf apt.sources.list; do
    arguments+=(--secret "id=$secret,src=$secrets/$secret")
  done
  buildah_ bud --pull-never --format docker "${arguments[@]}" \
    --build-arg "BASE=$BASE" \
    --build-arg "VERSION=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' imagebot/__init__.py)" \
    --build-arg "REVISION=$(git rev-parse HEAD 2> /dev/null || true)" \
    --tag "$IMAGE" . > "$CACHE/build.log" 2>&1 ||
    { tail -n 40 "$CACHE/build.log" >&2; fail "the build failed, see $CACHE/build.log"; }
  # What the last build left, now that nothing has its name.
  buildah_ rmi --prune > /dev/null
}

# What must not be in the image, and what must.
check_contents() {
  say "contents"
  local name
  for name in cc gcc make pip pip3 perl-modules; do
    if [ -n "$(find "$1"/{bin,usr/bin,usr/local/bin} -name "$name" 2> /dev/null)" ]; then
      fail "$name is in the image"
    fi
  done
  if [ -n "$(find "$1/opt" "$1/usr" -type d -path '*-packages/pip')" ]; then
    fail "pip is in the image"
  fi
  for name in var/lib/apt/lists var/cache/apt root/.cache tmp var/log; do
    if [ -n "$(ls -A "$1/$name" 2> /dev/null)" ]; then fail "/$name is not empty"; fi
  done
  if grep --recursive --quiet --text --fixed-strings "$canary" "$1" 2> /dev/null; then
    fail "a secret of the build is in the image"
  fi
  if buildah_ inspect --type image "$IMAGE" | grep --quiet --fixed-strings "$canary"; then
    fail "a secret of the build is in the image's configuration"
  fi
  for name in policies/*.yaml; do
    [ -f "$(echo "$1"/opt/imagebot/lib/python3*/site-packages/imagebot/presets)/${name##*/}" ] ||
      fail "$name is not in the image"
  done
}

# Run a command in the image as deploy/ does: the image's user and environment, no privileges, a
# read-only root, folders in memory for what is mounted there, and loopback as the only network.
# The folder $mounted of this machine is at /mnt.
run_in() {
  local root=$1 environment
  shift
  mapfile -t environment < <(buildah_ inspect --type image \
    --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' "$IMAGE" | grep "=")
  # shellcheck disable=SC2016
  unshare --net --mount --pid --fork --kill-child sh -euc '
    root=$0
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t tmpfs -o uid=65532,gid=65532,mode=0700 tmpfs "$root/var/cache/imagebot"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$1" "$root/mnt"
    shift
    ip link set lo up
    exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups= "$root" env -i "$@"
  ' "$root" "$mounted" "${environment[@]}" "$@"
}

check_runs() {
  local entrypoint user
  entrypoint=$(inspect_ '{{.OCIv1.Config.Entrypoint}}')
  user=$(inspect_ '{{.OCIv1.Config.User}}')
  [ "$entrypoint" = "[imagebot]" ] || fail "the entry point is $entrypoint"
  [ "$user" = 65532:65532 ] || fail "the user is $user"
  say "imagebot --version"
  run_in "$1" imagebot --version
  say "the user, its folders, git and ssh"
  # shellcheck disable=SC2016
  run_in "$1" sh -euc '
    test "$(id -u):$(id -g)" = 65532:65532
    grep -q "^CapEff:[[:space:]]*0*$" /proc/self/status
    ! touch /opt/imagebot/x /etc/x /x 2> /dev/null
    touch /tmp/x /var/cache/imagebot/x
    git init --quiet --bare /tmp/target
    git ls-remote --quiet file:///tmp/target
    git -C /tmp/target remote add origin https://127.0.0.1:9/none
    git -C /tmp/target fetch origin 2>&1 | grep -q "Failed to connect"
    ssh -o BatchMode=yes 127.0.0.1 -p 9 true 2>&1 | grep -q "Connection refused"'
  say "imagebot serve"
  # shellcheck disable=SC2016
  run_in "$1" sh -euc '
    echo "targets: [{url: file:///tmp/none, branch: main}]" > /tmp/bot.yaml
    imagebot serve -c /tmp/bot.yaml 2> /tmp/log &
    /opt/imagebot/bin/python -c "
import time, urllib.request
for _ in range(100):
    try:
        for path in (\"readyz\", \"metrics\", \"\"):
            urllib.request.urlopen(f\"http://127.0.0.1:8080/{path}\", timeout=10).read()
        break
    except OSError:
        time.sleep(0.1)
else:
    raise SystemExit(open(\"/tmp/log\").read())
"
    kill $!
    wait $!'
  say "imagebot demo"
  run_in "$1" imagebot demo
}

# The tests of the reader, with the image's interpreter and packages: what finds images must do so
# on the Python that users get. Only the tests and what they run on come from here.
check_reads() {
  local version
  version=$(run_in "$1" /opt/imagebot/bin/python -c \
    'import platform; print(platform.python_version())')
  say "the tests of the reader on its Python $version"
  tar --create --exclude node_modules tests docs pyproject.toml | tar --extract --directory "$mounted"
  .venv/bin/pip install --quiet --constraint constraints.txt --target "$mounted/packages" \
    --python-version "${version%.*}" --only-binary :all: \
    cryptography hypothesis jsonschema PyJWT pytest pytest-timeout
  run_in "$1" /opt/imagebot/bin/python -c '
import sys
sys.path += ["/mnt", "/mnt/packages"]
import pytest
sys.exit(pytest.main(sys.argv[1:]))' -p no:cacheprovider -c /mnt/pyproject.toml \
    /mnt/tests/manifest > "$CACHE/reader.log" 2>&1 ||
    { tail -n 40 "$CACHE/reader.log" >&2; fail "the reader fails in the image"; }
  tail -n 1 "$CACHE/reader.log"
}

inspect_() { buildah_ inspect --type image --format "$1" "$IMAGE"; }

report() {
  say "size of the image: $(megabytes "$1"), of which the base: $(megabytes "$base_root")"
  {
    du --summarize --bytes "$1"/opt/imagebot/lib/python3*/site-packages/*
    du --summarize --bytes "$1"/usr/lib/{git-core,python3*,*-linux-gnu} "$1"/usr/{bin,sbin,share} \
      "$1"/usr/local "$1"/var "$1"/etc
  } | sort --reverse --numeric-sort |
    awk -v root="$1" 'NR <= 15 { size = $1; sub(/^[0-9]+\t/, ""); sub(root, ""); printf "%7.1f MB  %s\n", size / 1e6, $0 }'
}

megabytes() { du --summarize --bytes "$1" | awk '{ printf "%.0f MB", $1 / 1e6 }'; }

main
