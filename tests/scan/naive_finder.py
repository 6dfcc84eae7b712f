"""Finds references in raw text as somebody would with grep: shares no code with imagebot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_HOST_PATH_TAG = re.compile(
    r"(?<![\w./:@$}-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/[a-z0-9._-]+)+"
    r":[A-Za-z0-9_][\w.-]*(?![\w/:{$])"
)
_DIGEST = re.compile(r"(?<![\w./$}-])[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}(?![0-9a-f])")
_IMAGE_LINE = re.compile(
    r"""^[ \t-]*["']?\w*[iI]mage["']?[ \t]*:[ \t]+"""
    r"""["']?(?:[a-z0-9._-]+/)*[a-z0-9._-]+:[\w.-]+["']?,?[ \t]*$"""
)
_PEOPLE = (".md", ".rst", ".adoc", ".txt", ".lock")
# Lines and objects of Argo CD Image Updater and of Flux's image controllers, and labels.
_OTHERS = re.compile(r"argocd-image-updater\.argoproj\.io|image\.toolkit\.fluxcd\.io")
_LABEL = "kubernetes.io/"


def is_for_people(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(_PEOPLE) or name in ("LICENSE", "renovate.json")


def find(text: str) -> Iterator[tuple[int, str]]:
    """The line and the text of everything that somebody would take for an image."""
    others = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("---", "apiVersion:")):
            others = _OTHERS.search(line) is not None
        if others or line.lstrip().startswith(("#", "//")) or _OTHERS.search(line):
            continue
        content = line.rstrip("\r").split(" #")[0]
        for pattern in (_HOST_PATH_TAG, _DIGEST, _IMAGE_LINE):
            for match in pattern.finditer(content):
                if "://" not in match.group() and not match.group().startswith(_LABEL):
                    yield number, match.group().strip()
