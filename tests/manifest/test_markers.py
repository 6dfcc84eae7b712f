from __future__ import annotations

import pytest

from imagebot.manifest.scan import scan

ACCEPTED = {
    "behind the value": ("image: app:1.0 # imagebot: careful\n", "policy", "careful", 1),
    "above": ("# imagebot: careful\nimage: app:1.0\n", "policy", "careful", 1),
    "above, indented elsewhere": ("a:\n    # imagebot: x\n  image: app:1\n", "policy", "x", 2),
    "keys": ("image: app:1.0 # imagebot: {semver: ^1}\n", "keys", "{semver: ^1}", 1),
    "ignore": ("image: app:1.0 # imagebot: ignore\n", "ignore", "ignore", 1),
    "no blanks": ("image: app:1.0 #imagebot:careful\n", "policy", "careful", 1),
    "a comment behind": ("image: app:1.0 # imagebot: careful # why\n", "policy", "careful", 1),
    "windows lines": ("image: app:1.0 # imagebot: careful\r\n", "policy", "careful", 1),
    "on the repository": (
        "image:\n  repository: a/b # imagebot: careful\n  tag: v1\n",
        *("policy", "careful", 2),
    ),
    "on the tag": (
        "image:\n  repository: a/b\n  tag: v1 # imagebot: careful\n",
        *("policy", "careful", 3),
    ),
    "above the entry": (
        "image:\n  # imagebot: careful\n  repository: a/b\n  tag: v1\n",
        *("policy", "careful", 2),
    ),
    "in a block": ("a: |\n  image: app:1.0 # imagebot: careful\n", "policy", "careful", 2),
    "in flow style": ("a: {image: 'app:1.0'} # imagebot: careful\n", "policy", "careful", 1),
}


@pytest.mark.parametrize(("text", "kind", "policy", "line"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_marker_governs_its_line_or_the_next(
    text: str, kind: str, policy: str, line: int
) -> None:
    found = scan("values.yaml", text.encode())
    assert found.unread == ()
    (field,) = found.fields
    assert field.marker is not None
    assert (field.marker.kind, field.marker.text, field.marker.line) == (kind, policy, line)
    assert field.marker.syntax == "imagebot"


DANGLING = {
    "two lines above": "# imagebot: careful\n\nimage: app:1.0\n",
    "below": "image: app:1.0\n# imagebot: careful\n",
    "on another line": "a: b # imagebot: careful\nimage: app:1.0\n",
}


@pytest.mark.parametrize("text", DANGLING.values(), ids=DANGLING.keys())
def test_a_marker_that_governs_nothing_is_reported(text: str) -> None:
    found = scan("values.yaml", text.encode())
    assert [field.marker for field in found.fields] == [None]
    assert [(each.code, each.expected) for each in found.unread] == [("marker", False)]


TEXT = {
    "in a value": "a: '# imagebot: careful'\nimage: app:1.0\n",
    "in a script": "a: |\n  echo # imagebot: careful\n  exit {\nimage: app:1.0\n",
    "part of a word": "a: b#imagebot:careful\nimage: app:1.0\n",
}


@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT.keys())
def test_what_only_looks_like_a_marker_is_none(text: str) -> None:
    found = scan("values.yaml", text.encode())
    assert [field.marker for field in found.fields] == [None]
    assert found.unread == ()
