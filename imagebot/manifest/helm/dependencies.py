"""Dependencies of a chart as Helm hashes them for its `Chart.lock`.

Rules: `Dependency` in pkg/chart/dependency.go, `HashReq` and `HashV2Req` in
internal/resolver/resolver.go of Helm v3.18. A lock file has one entry for each dependency, in their
order, and the digest of both. Helm 2 hashed the dependencies alone, and Helm 3 takes that still.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from imagebot.manifest.yaml.tree import Mapping, Node, is_null, is_scalar
from imagebot.manifest.yaml.tree import Sequence as NodeSequence
from imagebot.values import dataclass

_ALIASES = ("@", "alias:")
# What Go's encoding of JSON escapes besides what every one does.
_ESCAPED = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}

ImportValue: TypeAlias = str | tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of `dependencies`, of a chart or of its lock file, with everything that is hashed.

    An item of `import_values` is a text, or the pairs of a mapping in the order of their keys.
    """

    name: str
    version: str
    repository: str
    condition: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = False
    import_values: tuple[ImportValue, ...] = ()
    alias: str = ""


Digest: TypeAlias = Callable[[Sequence[Dependency], Sequence[Dependency]], str]
"""Of the dependencies and of the entries of the lock file: `sha256:…`."""


def read_dependencies(root: Mapping) -> tuple[Dependency, ...]:
    """The `dependencies` of a `Chart.yaml`, a `requirements.yaml` or a lock file."""
    entries = root.sequence("dependencies") or ()
    return tuple(_dependency(each) for each in entries if isinstance(each, Mapping))


def digest_of_both(required: Sequence[Dependency], locked: Sequence[Dependency]) -> str:
    """Helm 3's digest. A repository that is the name of one (`@acme`) counts as its URL, which the
    lock file has."""
    resolved = [
        replace(each, repository=lock.repository) if each.repository.startswith(_ALIASES) else each
        for each, lock in zip(required, locked, strict=True)
    ]
    return _digest([[_fields(each) for each in resolved], [_fields(each) for each in locked]])


def digest_of_required(required: Sequence[Dependency], _: Sequence[Dependency]) -> str:
    """Helm 2's digest."""
    return _digest({"dependencies": [_fields(each) for each in required]})


def _dependency(entry: Mapping) -> Dependency:
    return Dependency(
        name=entry.text("name"),
        version=entry.text("version"),
        repository=entry.text("repository"),
        condition=entry.text("condition"),
        tags=tuple(_text(each) for each in entry.sequence("tags") or ()),
        enabled=entry.text("enabled") == "true",
        import_values=tuple(_import_value(each) for each in entry.sequence("import-values") or ()),
        alias=entry.text("alias"),
    )


def _text(node: Node) -> str:
    return node.value if is_scalar(node) and not is_null(node) else ""


def _import_value(node: Node) -> ImportValue:
    if isinstance(node, Mapping):
        return tuple(sorted((key, _text(value)) for key, (_, value) in node.items()))
    # A list cannot be imported: its digest is then another one, and the lock file is not edited.
    return "" if isinstance(node, NodeSequence) else _text(node)


def _fields(each: Dependency) -> dict[str, object]:
    """The members that Helm writes: in this order, and most of them only if they say something."""
    imported = [dict(item) if isinstance(item, tuple) else item for item in each.import_values]
    fields: dict[str, object] = {
        "name": each.name,
        "version": each.version,
        "repository": each.repository,
        "condition": each.condition,
        "tags": list(each.tags),
        "enabled": each.enabled,
        "import-values": imported,
        "alias": each.alias,
    }
    always = ("name", "repository")
    return {key: value for key, value in fields.items() if value or key in always}


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escaped in _ESCAPED.items():
        text = text.replace(character, escaped)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"
