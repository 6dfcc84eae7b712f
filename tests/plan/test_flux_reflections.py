"""`digestReflectionPolicy` with every kind of marker, with a digest in the file and without one.

It decides about `status.latestRef.digest` of the ImagePolicy (Flux's image-reflector-controller,
`updateImageRefs`), and Flux writes what is there over every marked value (image-automation-
controller, `UpdateWithSetters`): a whole reference, its tag, its digest. With `Never`, the default,
that digest is empty. So Flux takes the digest out of a marked reference, and empties a `:digest`.
imagebot keeps it and moves it with the tag: whoever pinned an image did not do so by mistake.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.plan.test_flux_trees import (
    NEW,
    OLD,
    WEB,
    changed,
    drafting_one,
    kustomize,
    mark,
    objects_with,
)

WHOLE = '# {"$imagepolicy": "flux-system:web"}'


def whole(version: str) -> str:
    return f"image: {WEB}:{version} {WHOLE}\n"


def helm(version: str) -> str:
    return f"image: {{repository: {WEB},\n  tag: {version} {mark('tag')}\n}}\n"


def tag(version: str) -> str:
    return kustomize(f"newTag: {version} {mark('tag')}")


def digest(version: str) -> str:
    return kustomize(f"digest: {version.partition('@')[2]} {mark('digest')}")


def both(version: str) -> str:
    part, _, pin = version.partition("@")
    return kustomize(f"newTag: {part} {mark('tag')}", f'digest: "{pin}" {mark("digest")}')


def named(version: str) -> str:
    part, _, pin = version.partition("@")
    lines = [f"newName: {WEB} {mark('name')}", f"newTag: {part} {mark('tag')}"]
    return kustomize(*lines, *([f"digest: {pin} {mark('digest')}"] if pin else []))


def bare(version: str) -> str:
    return f"dig: {version.partition('@')[2]} {mark('digest')}\n"


T2, T4 = "1.2.0", "1.4.0"
P2, P4, STALE = f"{T2}@{OLD}", f"{T4}@{NEW}", f"{T4}@{OLD}"

# What is marked, what it says, and what it says after Never, IfNotPresent and Always.
TABLE = [
    # The tag moves.
    (whole, T2, T4, P4, P4),
    (whole, P2, P4, P4, P4),
    (tag, T2, T4, T4, T4),
    (helm, T2, T4, T4, T4),
    (helm, P2, P4, P4, P4),
    (both, T2, T4, P4, P4),
    (both, P2, P4, P4, P4),
    (named, T2, T4, T4, T4),
    (named, P2, P4, P4, P4),
    (digest, P2, P4, P4, P4),
    (bare, P2, P4, P4, P4),
    # The tag is the newest; its digest is missing, right, or that of an earlier push.
    (whole, T4, T4, P4, P4),
    (whole, P4, P4, P4, P4),
    (whole, STALE, STALE, STALE, P4),
    (tag, T4, T4, T4, T4),
    (helm, T4, T4, T4, T4),
    (helm, STALE, STALE, STALE, P4),
    (both, T4, T4, P4, P4),
    (both, STALE, STALE, STALE, P4),
    (named, STALE, STALE, STALE, P4),
]
CASES = [
    pytest.param(
        marked, before, reflection, after, id=f"{marked.__name__}-{before[:12]}-{reflection}"
    )
    for marked, before, *afters in TABLE
    for reflection, after in zip(("Never", "IfNotPresent", "Always"), afters, strict=True)
]


@pytest.mark.parametrize(("marked", "before", "reflection", "after"), CASES)
def test_reflections(
    marked: Callable[[str], str], before: str, reflection: str, after: str
) -> None:
    drafted = drafting_one(objects_with(reflection), marked(before))
    if marked(after) == marked(before):
        assert (drafted.changes, drafted.plan.problems) == ((), ())
    else:
        assert changed(drafted) == marked(after)
