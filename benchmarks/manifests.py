"""How fast manifests are found, read and edited: `python benchmarks/manifests.py [--quick]`.

Two repositories of 10,000 manifests are generated, one file in each folder as GitOps repositories
have it: in `some` three files in ten have images, in `every` all do. The figures are the medians
of several runs in fresh processes on warm files, as seconds on the clock and of processor time;
memory is the peak of the parent and of the largest child. `written` adds replacing the files on
disk, each flushed: what that costs is the disk's.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

FILES = 10_000
RUNS = 5
NEEDED = (
    "multiprocessing.popen_fork",
    "imagebot.cli.workspace",
    "imagebot.edits",
    "imagebot.given",
    "imagebot.inventory",
    "imagebot.rewrite",
    "imagebot.scan_cache",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the files, one run, no limits"
    )
    parser.add_argument("--work", nargs=3, metavar=("WHAT", "ROOT", "CACHE"), help="internal")
    arguments = parser.parse_args()
    if arguments.work:
        with ExitStack() as resources:
            work(resources, *arguments.work)
        return
    files, runs = (FILES // 10, 1) if arguments.quick else (FILES, RUNS)
    with tempfile.TemporaryDirectory() as folder:
        some, every = Path(folder, "some"), Path(folder, "every")
        for root, share in ((some, 0.3), (every, 1.0)):
            size = generate(root, files, share)
            print(f"{root.name}: {files} files, {size / 1e6:.1f} MB")
        many = files * 95 // 1_000
        for what, root, limit in (
            ("inventory", some, 1.0),
            ("inventory", every, 2.5),
            ("inventory-one-process", some, None),
            ("inventory-one-process", every, None),
            ("warm", some, 0.1),
            ("warm", every, None),
            ("edit-10", every, 0.15),
            (f"edit-{many}", every, 0.7),
            (f"edit-{many}-written", every, None),
        ):
            report(what, root, None if arguments.quick else limit, runs)


def report(what: str, root: Path, limit: float | None, runs: int) -> None:
    results = [run_once(what, root) for _ in range(runs)]
    seconds = statistics.median(result["seconds"] for result in results)
    cpu = statistics.median(result["cpu"] for result in results)
    memory = max(result["memory"] for result in results)
    verdict = "" if limit is None else f"  limit {limit} s: {'ok' if seconds < limit else 'MISSED'}"
    print(
        f"{what:>22} {root.name:>6}: {seconds:6.3f} s  {cpu:6.3f} s cpu  {memory:4.0f} MB"
        f"  {results[0]['what']}{verdict}"
    )


def run_once(what: str, root: Path) -> dict[str, float]:
    cache = root.parent / f"{root.name}.scans"
    command = [sys.executable, __file__, "--work", what, str(root), str(cache)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def work(resources: ExitStack, what: str, root: str, cache: str) -> None:
    """One measurement, in a process of its own; prints its result as JSON."""
    import resource

    name, _, rest = what.partition("-")
    if name == "inventory":
        run: Callable[[], str] = lambda: inventory(root)  # noqa: E731
        if rest:
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    elif name == "warm":
        with warm_inventory(root, cache) as fill:
            fill()
        run = resources.enter_context(warm_inventory(root, cache))
    else:
        number, _, written = rest.partition("-")
        prepare_edit(root, int(number))
        write = bool(written) or int(number) == 10
        run = lambda: edit(root, int(number), write=write)  # noqa: E731
    import_everything()
    start, start_cpu = time.perf_counter(), os.times()
    told = run()
    seconds = time.perf_counter() - start
    cpu = sum(os.times()[:4]) - sum(start_cpu[:4])
    peaks = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": max(peaks), "what": told}))


def import_everything() -> None:
    """The figures are those of a process that runs already."""
    for name in NEEDED:
        importlib.import_module(name)
    from imagebot.manifest.events import prepare
    from imagebot.manifest.scan import scan
    from imagebot.processes import collect_seldom

    collect_seldom()
    prepare()
    scan("a.yaml", b"image: [app:1.0]\n")


def inventory(root: str) -> str:
    from imagebot.cli.workspace import open_workspace
    from imagebot.inventory import take_inventory

    workspace = open_workspace(root)
    found = take_inventory(workspace, workspace.configuration)
    return f"{len(found.paths)} files, {len(found.fields)} fields, {len(found.unread)} unread"


@contextmanager
def warm_inventory(root: str, cache: str) -> Iterator[Callable[[], str]]:
    """As a pass over a target does it: Git names the blobs, and only unknown ones are read.

    What is fetched from the remote is no part of it: publish.py measures that.
    """
    from imagebot.config.builtin import default_configuration
    from imagebot.git.checkout import open_checkout
    from imagebot.git.credentials import access_for
    from imagebot.inventory import take_inventory
    from imagebot.scan_cache import load_scan_cache
    from imagebot.target import CheckoutSource

    configuration = default_configuration()
    with open_checkout(Path(cache), root, "main", access_for(None, os.environ)) as checkout:
        checkout.refresh()

        def run() -> str:
            scans = load_scan_cache(Path(cache, "scans"))
            source = CheckoutSource(checkout, configuration.files)
            found = take_inventory(source, configuration, scans)
            scans.save()
            return f"{len(found.paths)} files, {len(found.fields)} fields"

        yield run


IMAGE = "registry.example.com/bench/the-image"


def prepare_edit(root: str, count: int) -> None:
    """Put an image of its own into `count` files, spread over the repository."""
    paths = sorted(Path(root).glob("*/*/deployment.yaml"))
    for path in paths[:: max(1, len(paths) // count)][:count]:
        text = path.read_text()
        if IMAGE not in text:
            before, sign, rest = text.partition("          image: ")
            path.write_text(f"{before}{sign}{IMAGE}:1.0.0\n{rest.partition(chr(10))[2]}")


def edit(root: str, count: int, *, write: bool) -> str:
    """Find one image, which is known by name, everywhere; give it another tag, proven."""
    from imagebot.assign import heed_markers
    from imagebot.cli.workspace import open_workspace
    from imagebot.edits import make_edits
    from imagebot.given import plan_references
    from imagebot.inventory import find_named
    from imagebot.reference import parse_reference
    from imagebot.rewrite import write_changes

    wanted = parse_reference(f"{IMAGE}:1.0.{time.time_ns()}")
    workspace = open_workspace(root)
    found = find_named(workspace, workspace.configuration, [wanted.repository])
    assigned = heed_markers(found.fields, workspace.configuration, flux=found.flux)
    plan = plan_references(assigned, [wanted], found.unread)
    edited = make_edits(workspace, plan.updates)
    if write:
        plan = write_changes(workspace.root, edited.changes, plan)
    assert not plan.problems
    assert not edited.problems
    assert len(plan.updates) >= count * 0.95
    return f"{len(plan.updates)} edits in {len(edited.changes)} files"


def generate(root: Path, files: int, share: float) -> int:
    """Write a repository; returns its size in bytes."""
    chance = random.Random(20260401)
    size = 0
    for number in range(files):
        make = MAKERS_WITH if chance.random() < share else MAKERS_WITHOUT
        kind = chance.choices(list(make), [weight for _, weight in make.values()])[0]
        text = make[kind][0](chance, number)
        folder = root / f"team-{number % 40:02}" / f"app-{number:05}"
        folder.mkdir(parents=True)
        (folder / f"{kind}.yaml").write_text(text)
        size += len(text)
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    subprocess.run([*git, *who, "commit", "-q", "-m", "Generated"], check=True)
    return size


def deployment(chance: random.Random, number: int, kind: str = "Deployment") -> str:
    return f"""\
---
# Owned by team {number % 40}; see the runbook before scaling this by hand.
apiVersion: apps/v1
kind: {kind}
metadata:
  name: app-{number}
  namespace: team-{number % 40}
{labels(number, 2)}
  annotations:
    description: "Serves the public interface of application {number}, with retries"
spec:
  replicas: {chance.randint(1, 5)}
  selector:
    matchLabels: {{app: app-{number}}}
  template:
    metadata:
{labels(number, 6)}
    spec:
      serviceAccountName: app-{number}
      securityContext: {{runAsNonRoot: true, fsGroup: 2000}}
{"".join(container(chance, number, index) for index in range(chance.randint(1, 3)))}\
      volumes:
        - name: config
          configMap: {{name: app-{number}}}
        - name: scratch
          emptyDir: {{}}
{service(chance, number) if chance.random() < 0.5 else ""}"""


def container(chance: random.Random, number: int, index: int) -> str:
    head = "      containers:\n" if index == 0 else ""
    name = chance.choice(NAMES)
    quote = chance.choice(["", "", "", '"'])
    tag = f"{chance.randint(0, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 20)}"
    return f"""{head}\
        - name: {name.rpartition("/")[2]}-{index}
          image: {quote}{name}:{tag}{quote}
          imagePullPolicy: IfNotPresent
          args:
            - --listen=:8080
            - --log-level={chance.choice(["info", "debug"])}
          ports:
            - {{name: http, containerPort: 8080, protocol: TCP}}
          env:
{"".join(variable(number, each) for each in range(chance.randint(4, 24)))}\
          livenessProbe:
            httpGet: {{path: /healthz, port: http}}
            initialDelaySeconds: 10
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 512Mi}}
          volumeMounts:
            - {{name: config, mountPath: /etc/app, readOnly: true}}
"""


def variable(number: int, index: int) -> str:
    if index % 4 == 3:
        return f"""\
            - name: SECRET_{index}
              valueFrom:
                secretKeyRef: {{name: app-{number}, key: key-{index}}}
"""
    return (
        f'            - name: SETTING_{index}\n              value: "value {index} of {number}"\n'
    )


def release(chance: random.Random, number: int) -> str:
    name = chance.choice(NAMES)
    return f"""\
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: app-{number}
  namespace: team-{number % 40}
spec:
  interval: 30m
  chart:
    spec:
      chart: app-template
      version: 3.{chance.randint(0, 9)}.1
      sourceRef:
        kind: HelmRepository
        name: bjw-s
        namespace: flux-system
  install:
    remediation: {{retries: 3}}
  values:
    controllers:
      app-{number}:
        annotations: {{reloader.stakater.com/auto: "true"}}
        containers:
          app:
            image:
              repository: {name}
              tag: {chance.randint(0, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 20)}
            env:
{"".join(f"              SETTING_{i}: value {i} of {number}{chr(10)}" for i in range(20))}\
            probes:
              liveness: &probes
                enabled: true
                custom: true
                spec:
                  httpGet: {{path: /health, port: &port 8080}}
                  periodSeconds: 10
              readiness: *probes
            resources:
              requests: {{cpu: 10m}}
              limits: {{memory: 256Mi}}
    service:
      app: {{controller: app-{number}, ports: {{http: {{port: *port}}}}}}
    ingress:
      app:
        className: internal
        hosts:
          - host: app-{number}.example.com
            paths: [{{path: /, service: {{identifier: app, port: http}}}}]
{persistence(chance, number)}"""


def persistence(chance: random.Random, number: int) -> str:
    lines = ["    persistence:\n"]
    lines += [
        f"      volume-{index}:\n        existingClaim: app-{number}-{index}\n"
        f"        globalMounts:\n          - path: /data/{index}\n            readOnly: false\n"
        for index in range(chance.randint(2, 40))
    ]
    return "".join(lines)


def values(chance: random.Random, number: int) -> str:
    parts = [f"# Values of application {number}\nglobal:\n  imagePullSecrets: []\n"]
    parts += [
        f"""\
component{index}:
  enabled: true
  # -- Where the image comes from
  image:
    registry: ghcr.io
    repository: {chance.choice(NAMES).partition("/")[2]}
    tag: "{chance.randint(0, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 20)}"
    pullPolicy: IfNotPresent
  replicaCount: {chance.randint(1, 4)}
  service: {{type: ClusterIP, port: 80}}
  resources: {{}}
  extraEnv:
{"".join(variable(number, each)[8:].replace(chr(10) + " " * 8, chr(10)) for each in range(8))}\
  nodeSelector: {{}}
  tolerations: []
"""
        for index in range(chance.randint(1, 4))
    ]
    return "".join(parts)


def kustomization(chance: random.Random, number: int) -> str:
    entries = "".join(
        f"  - name: {name}\n    newTag: v{chance.randint(0, 9)}.{chance.randint(0, 30)}\n"
        for name in chance.sample(NAMES, 3)
    )
    return f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: team-{number % 40}
resources:
  - ../../base
  - service.yaml
images:
{entries}"""


def service(chance: random.Random, number: int) -> str:
    return f"""\
---
apiVersion: v1
kind: Service
metadata:
  name: app-{number}
{labels(number, 2)}
spec:
  type: {chance.choice(["ClusterIP", "LoadBalancer"])}
  selector: {{app: app-{number}}}
  ports:
    - {{name: http, port: 80, targetPort: http}}
"""


def config_map(chance: random.Random, number: int) -> str:
    panels = "".join(
        f'          {{"id": {i}, "title": "Requests {i}", "type": "graph", "datasource": "main",'
        f' "targets": [{{"expr": "sum(rate(http_requests_total{{app=\\"{number}\\"}}[5m]))"}}]}},\n'
        for i in range(chance.randint(5, 45))
    )
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: dashboard-{number}
data:
  dashboard.json: |
    {{
      "panels": [
{panels}          {{"id": 0}}
      ]
    }}
"""


def definition(chance: random.Random, number: int) -> str:
    properties = "".join(
        f"""\
              field{i}:
                description: |-
                  Field {i} of the specification of resource {number}, which the controller reads
                  whenever it reconciles. See the documentation of the interface for details.
                type: string
"""
        for i in range(chance.randint(10, 90))
    )
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: resource{number}s.example.com
spec:
  group: example.com
  names: {{kind: Resource{number}, plural: resource{number}s}}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
{properties}"""


def labels(number: int, indent: int) -> str:
    lead = " " * indent
    return (
        f"{lead}labels:\n{lead}  app: app-{number}\n{lead}  app.kubernetes.io/part-of: platform\n"
        f"{lead}  app.kubernetes.io/managed-by: flux"
    )


NAMES = [
    f"{registry}/{owner}/{name}"
    for registry in ("ghcr.io", "quay.io", "docker.io", "registry.example.com:5000")
    for owner in ("acme", "platform", "home-operations")
    for name in ("api", "web", "worker", "gateway", "proxy", "exporter", "migrate")
]
Maker = Callable[[random.Random, int], str]
MAKERS_WITH: dict[str, tuple[Maker, float]] = {
    "deployment": (deployment, 5),
    "statefulset": (lambda c, n: deployment(c, n, "StatefulSet"), 1),
    "helmrelease": (release, 3),
    "values": (values, 1),
    "kustomization": (kustomization, 1),
}
MAKERS_WITHOUT: dict[str, tuple[Maker, float]] = {
    "service": (service, 4),
    "configmap": (config_map, 2),
    "crd": (definition, 1),
}

if __name__ == "__main__":
    main()
