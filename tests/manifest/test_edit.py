from __future__ import annotations

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan

DIGEST = "sha256:" + "b" * 64

DEPLOYMENT = b"""\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/web:1.2.3 # the tag
        - {name: side, image: "redis:7.0"}
"""


def set_all(path: str, data: bytes, tag: str | None, digest: str | None = None) -> bytes:
    return edit(path, data, [FieldEdit(field, tag, digest) for field in scan(path, data).fields])


def test_only_the_tags_change() -> None:
    after = set_all("deploy.yaml", DEPLOYMENT, "9")
    assert after == DEPLOYMENT.replace(b"web:1.2.3", b"web:9").replace(b"redis:7.0", b"redis:9")


def test_a_digest_is_added_after_a_tag() -> None:
    after = set_all("deploy.yaml", DEPLOYMENT, None, DIGEST)
    assert b"web:1.2.3@" + DIGEST.encode() + b" # the tag" in after


def test_bytes_that_were_not_scanned_are_refused() -> None:
    fields = scan("deploy.yaml", DEPLOYMENT).fields
    changed = DEPLOYMENT.replace(b"1.2.3", b"1.2.4")
    with pytest.raises(RefusedEditError, match="has changed since it was read"):
        edit("deploy.yaml", changed, [FieldEdit(fields[0], "2", None)])
