"""What README.md talks about: the repository acme/gitops, and the images that it names."""

from __future__ import annotations

import re
from pathlib import Path

from tests.readme.blocks import Block, blocks

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = list(blocks(README))
TEAM = "sre"

# Repository -> tags.
IMAGES = {
    "acme/api": ("1.4.2", "1.4.10", "1.5.0-rc.1", "1.5.0", "2.0.0", "main-41-3f2a9c1"),
    "acme/web": ("2.3.0-alpine", "2.3.1-alpine", "2.4.0"),
    "acme/postgres": ("16.4-alpine", "17.0-alpine"),
}

_HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
"""

_TEST = """\
      containers:
        - {name: api, image: ghcr.io/acme/api:main-41-3f2a9c1}
"""

_POSTGRES = """\
      containers:
        - {name: postgres, image: ghcr.io/acme/postgres:16.4-alpine}
"""

_KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [api.yaml, postgres.yaml]
images:
  - name: web
    newName: ghcr.io/acme/web
    newTag: 2.3.0-alpine
"""


def diff_block() -> Block:
    """The manifest diff that README opens with."""
    (found,) = [block for block in BLOCKS if block.language == "diff"]
    return found


def manifest(side: str) -> str:
    """A whole manifest around one side, "-" or "+", of that diff."""
    other = "+" if side == "-" else "-"
    lines = diff_block().text.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(other)]
    return _HEAD + "".join(re.sub(r"^[-+]", " ", line)[1:] for line in kept)


FILES = {
    "clusters/test/api.yaml": _HEAD + _TEST,
    "clusters/production/api.yaml": manifest("-"),
    "clusters/production/postgres.yaml": _HEAD + _POSTGRES,
    "clusters/production/kustomization.yaml": _KUSTOMIZATION,
}


def add(text: str, more: str) -> str:
    """A configuration with what a later block adds to it, each part below the same key."""
    parts = _sections(text)
    for key, body in _sections(more).items():
        parts[key] = add(parts[key], body) if parts.get(key) else body
    return "".join(f"{key}\n{body}" for key, body in parts.items())


def _sections(text: str) -> dict[str, str]:
    """The lines below each key of the first level, which may itself be below others."""
    level = re.match(" *", text)
    assert level is not None
    found = re.findall(rf"(?m)^({level[0]}\S.*)\n((?:{level[0]} .*\n)*)", text)
    return {str(key): str(body) for key, body in found}


def named_file(block: Block) -> str:
    """The file that the words before a block name last."""
    names = re.findall(r"`([\w.-]+\.ya?ml)`", block.before)
    assert names, f"line {block.line}: which file is this?"
    return str(names[-1])


def whole_file(name: str) -> str:
    """All that the README has of a file."""
    text = ""
    for block in BLOCKS:
        if block.language == "yaml" and named_file(block) == name:
            text = add(text, block.text)
    assert text, name
    return text
