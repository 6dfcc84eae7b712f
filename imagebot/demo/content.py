"""The content of the sandbox: the images of a small shop and the GitOps repository that runs them.

`{registry}` stands for the host and port of the sandbox's registry.
"""

from __future__ import annotations

# Repository -> tags, in the order they are pushed.
IMAGES = {
    "shop/api": ("1.4.1", "1.4.2", "1.5.0-rc.1", "2.0.0", "main-41-3f2a9c1", "main-42-b81d04e"),
    "shop/web": ("2.3.0-alpine", "2.3.1-alpine", "2.3.1", "latest"),
    "shop/cache": ("7.2.4-r9", "7.2.4-r10", "7.4.0-r1"),
}

# Pushed between the two passes.
PUSHED_LATER = (("shop/api", "main-43-77c0d5a"), ("shop/api", "1.4.3"))

CONFIGURATION = """\
# What imagebot may change here, and how. `imagebot config check` checks this file.
policies:
  every-push:                        # the newest build of the main branch
    pattern: '^main-(?P<build>[0-9]+)-[0-9a-f]{7}$'
    extract: $build
    order: numerical
  careful: {max: minor}              # the shape of the tag stays, and so does its major version
  api: {semver: ^1.4}

routes:
  - name: test
    files: [clusters/test/**]
    publish: commit
    images:
      - {match: "**/shop/api", policy: every-push}
      - {match: "**", policy: careful}
  - name: production
    files: [clusters/production/**]
    publish: pull-request
    pull-request: {group: all, labels: [images]}
    images:
      - {match: "**/shop/api", policy: api}
      - {match: "**", policy: careful}
"""

TEST_API = """\
# The test cluster runs every build.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    spec:
      containers:
        - name: api            # the public API
          image: "{registry}/shop/api:main-41-3f2a9c1"
          ports: [{containerPort: 8080}]
        - name: cache
          image: {registry}/shop/cache:7.2.4-r9
"""

PRODUCTION_API = """\
apiVersion: apps/v1
kind: Deployment
metadata:
    name:      api
    namespace: shop
spec:
    replicas: 3
    template:
        spec:
            containers:
            -   name: api
                image: '{registry}/shop/api:1.4.1'   # moves by pull request only
            -   name: cache
                image: {registry}/shop/cache:7.2.4-r9
"""

PRODUCTION_WEB = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../base/web]
images:
  - name: web
    newName: {registry}/shop/web
    newTag: 2.3.0-alpine
"""

BASE_WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: web, image: web}]
"""

FILES = {
    "README.md": "# The GitOps repository of a small shop\n",
    "imagebot.yaml": CONFIGURATION,
    "base/web/web.yaml": BASE_WEB,
    "clusters/test/api.yaml": TEST_API,
    "clusters/production/api.yaml": PRODUCTION_API,
    "clusters/production/kustomization.yaml": PRODUCTION_WEB,
}

BOT = """\
# The bot's own file: where, with which credentials (none here), and within which limits.
targets:
  - name: shop
    url: {remote}
    branch: main
    forge: {kind: sandbox, folder: {forge}}
    limits: {commit: [clusters/test/**], max-updates: 20}
# A manifest alone makes imagebot ask no registry on this machine: this file has to name it.
registries:
  "{registry}": {}
cache-dir: {cache}
"""

SERVE = """\
# The registry announces pushes at /hooks/registry, and proves with the secret that it is itself.
serve:
  listen: {listen}
  hooks:
    registry:
      type: distribution
      secret: {file: {secret}}
      images: ["{registry}/shop/*"]
"""


def repository_files(registry: str) -> dict[str, bytes]:
    """The files of the first commit."""
    return {path: _fill(text, registry=registry) for path, text in FILES.items()}


def bot_file(*, remote: str, forge: str, registry: str, cache: str) -> bytes:
    """The bot's own file, without what `imagebot serve` needs."""
    return _fill(BOT, remote=remote, forge=forge, registry=registry, cache=cache)


def serve_section(*, listen: str, secret: str, registry: str) -> bytes:
    """What the bot's file has for `imagebot serve`; `secret` is the file that has it."""
    return _fill(SERVE, listen=listen, secret=secret, registry=registry)


def _fill(text: str, **values: str) -> bytes:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text.encode()
