# imagebot as an image: `docker build .`, or `make image` where there is no container engine.
#
# BASE is any Debian-like image with Python 3.11 or newer; build tools are installed in the build
# stage only. Settings for mirrors are passed as build secrets, which never become part of a layer:
# pip.conf, ca.pem, apt.conf and apt.sources.list.
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN --mount=type=secret,id=apt.conf --mount=type=secret,id=apt.sources.list \
    set -eu; \
    if [ -f /run/secrets/apt.conf ]; then export APT_CONFIG=/run/secrets/apt.conf; fi; \
    export DEBIAN_FRONTEND=noninteractive; \
    if ! python3 -c 'import ensurepip' 2> /dev/null; then \
      apt-get -q update; \
      apt-get -q install -y --no-install-recommends python3-venv; \
    fi; \
    python3 -m venv /build/tools; \
    python3 -m venv --without-pip /opt/imagebot
COPY . /build/source
# The daemon is included. The dependencies are wheels, so no compiler is needed. Their tests, type stubs and command lines are
# removed. Bytecode is compiled here because the root will be read-only (measured: 0.5 s instead of
# 1.2 s to import everything), except for pygments' hundreds of lexers. With "unchecked", Python does
# not check every source file at every start.
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.pem \
    set -eu; \
    export PIP_CONFIG_FILE=/run/secrets/pip.conf PIP_DISABLE_PIP_VERSION_CHECK=1; \
    pip() { /build/tools/bin/python -m pip --quiet --no-cache-dir --no-input "$@"; }; \
    pip wheel --no-deps --wheel-dir /build/wheel /build/source; \
    pip --python /opt/imagebot/bin/python install --no-compile --only-binary :all: \
      --constraint /build/source/constraints.txt "$(echo /build/wheel/*.whl)[serve]"; \
    packages=$(/opt/imagebot/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
    find "$packages" -depth -type d \( -name tests -o -name test \) -exec rm -r {} +; \
    find "$packages" -type f \( -name '*.pyi' -o -name '*.c' -o -name '*.h' -o -name '*.pyx' \
      -o -name '*.pxd' -o -name direct_url.json \) -delete; \
    find /opt/imagebot/bin -type f ! -name imagebot -delete; \
    rm -rf /opt/imagebot/include; \
    /opt/imagebot/bin/python -m compileall -q --invalidation-mode unchecked-hash \
      -x '/pygments/(formatters|lexers|styles)/' "$packages"

FROM ${BASE}
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="imagebot" \
      org.opencontainers.image.description="Keeps the image references in GitOps repositories current, exact to the byte." \
      org.opencontainers.image.source="https://github.com/imagebot/imagebot" \
      org.opencontainers.image.documentation="https://github.com/imagebot/imagebot/tree/main/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# git's package depends on perl (50 MB) and contains servers and old commands (25 MB); imagebot uses
# none of them, so they are left out. The package database records the missing dependencies: an image
# built on this one must run `apt-get --fix-broken install` before it installs packages.
RUN --mount=type=secret,id=apt.conf --mount=type=secret,id=apt.sources.list \
    set -eu; \
    if [ -f /run/secrets/apt.conf ]; then export APT_CONFIG=/run/secrets/apt.conf; fi; \
    export DEBIAN_FRONTEND=noninteractive; \
    for path in bash-completion doc gitweb info lintian locale man; do \
      echo "path-exclude=/usr/share/$path/*"; \
    done > /etc/dpkg/dpkg.cfg.d/imagebot; \
    apt-get -q update; \
    apt-get -q install -y --no-install-recommends --download-only ca-certificates git openssh-client; \
    cd /var/cache/apt/archives; \
    rm -f perl_* perl-modules-* libperl5* liberror-perl_* libgdbm*_* git-man_*; \
    dpkg --force-depends --install ./*.deb; \
    find /usr/lib/git-core -type f -size +1000k ! -name git-remote-http -delete; \
    ln -s ../../bin/git /usr/lib/git-core/git; \
    rm -f /usr/bin/git-shell /usr/bin/scalar; \
    git --version; ssh -V; \
    rm -rf /etc/dpkg/dpkg.cfg.d/imagebot /root/.cache /tmp/* /var/cache/apt/* \
      /var/cache/debconf/*-old /var/lib/apt/lists/* /var/lib/dpkg/*-old /var/log/*
# Some bases have pip, and a standard library without bytecode.
RUN set -eu; \
    if python3 -m pip --version > /dev/null 2>&1; then \
      python3 -m pip uninstall --quiet --yes --root-user-action ignore pip setuptools wheel; \
    fi; \
    library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))'); \
    if ! ls "$library"/__pycache__/*.pyc > /dev/null 2>&1; then \
      python3 -m compileall -q \
        -x '/(ensurepip|idlelib|lib2to3|pydoc_data|site-packages|test|tkinter|turtledemo)/' "$library"; \
    fi; \
    groupadd --gid 65532 imagebot; \
    useradd --uid 65532 --gid 65532 --home-dir /var/cache/imagebot --no-create-home \
      --shell /usr/sbin/nologin --no-log-init imagebot 2> /dev/null; \
    rm -f /etc/group- /etc/gshadow- /etc/passwd- /etc/shadow- /etc/subgid- /etc/subuid-; \
    install -d -o 65532 -g 65532 -m 0700 /var/cache/imagebot
COPY --from=build /opt/imagebot /opt/imagebot
ENV PATH=/opt/imagebot/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LC_ALL=C.UTF-8 \
    HOME=/tmp \
    XDG_CACHE_HOME=/var/cache \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
VOLUME ["/var/cache/imagebot"]
WORKDIR /tmp
USER 65532:65532
HEALTHCHECK NONE
ENTRYPOINT ["imagebot"]
