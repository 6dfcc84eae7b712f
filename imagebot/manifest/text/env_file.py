"""Files of which Kustomize makes ConfigMaps: lines `KEY=REFERENCE`.

Kustomize takes everything behind the `=` as the value, so only a value that is nothing but a
reference counts, perhaps in quotes. A key says seldom what its value is: a reference must have a
host, or a key with `image` in it, and a tag or a digest.
"""

from __future__ import annotations

from imagebot.reference import REPOSITORY_NAME

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]*"
_IMAGE_KEY = r"[A-Za-z0-9_.-]*(?i:image)[A-Za-z0-9_.-]*"
_ANY_NAME = rf"{REPOSITORY_NAME}|[a-z0-9][a-z0-9._/-]*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"@(?P<digest>sha256:[0-9a-f]{64})"
_VERSIONS = (rf":(?P<tag>{_TAG})(?:{_DIGEST})?", _DIGEST)

# For RE2. Names that are longer come first: the first pattern that matches at a place counts.
PATTERNS = tuple(
    rf"^[ \t]*{key}=[\"']?(?P<name>{name}){version}[\"']?[ \t]*\r?$"
    for key, name in ((_KEY, REPOSITORY_NAME), (_IMAGE_KEY, _ANY_NAME))
    for version in _VERSIONS
)
