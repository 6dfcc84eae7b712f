"""Generates repositories of manifests such as GitOps repositories have, one file in each folder."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path


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
