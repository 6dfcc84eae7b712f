from __future__ import annotations

import pytest

from imagebot.manifest.images.options import ScanOptions
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
def test_a_marker_that_applies_to_nothing_is_reported(text: str) -> None:
    found = scan("values.yaml", text.encode())
    assert [field.marker for field in found.fields] == [None]
    assert [(each.code, each.expected) for each in found.unread] == [("marker", False)]


@pytest.mark.parametrize(
    "line",
    [
        'image: "${APP}" # imagebot: ignore',
        "# imagebot: ignore\n    image: ${APP}",
        "{image: app:dev, build: .} # imagebot: ignore",
    ],
)
def test_a_marker_may_ignore_what_is_not_read_anyway(line: str) -> None:
    text = f"services:\n  other:\n    image: other:1.0\n  app:\n    {line}\n"
    found = scan("compose.yaml", text.encode())
    assert [(str(field.reference), field.refusal) for field in found.fields] == [("other:1.0", "")]
    assert [each.expected for each in found.unread] == [True]


@pytest.mark.parametrize("said", ["careful", "{semver: ^1}"])
def test_a_marker_with_a_policy_applies_to_nothing_there(said: str) -> None:
    text = f"services:\n  app:\n    image: ${{APP}} # imagebot: {said}\n"
    found = scan("compose.yaml", text.encode())
    assert [(each.code, each.expected) for each in found.unread] == [
        ("variable", True),
        ("marker", False),
    ]


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


@pytest.mark.parametrize(
    ("comment", "kind"),
    [
        ("ignore because of OPS-1", "ignore"),
        ("ignore, see OPS-1", "ignore"),
        ("ignore: OPS-1", "ignore"),
        ("ignored", "policy"),
        ("", "policy"),
        ("two words", "policy"),
        ("{semver: ~1.4.0", "keys"),
    ],
)
def test_a_marker_is_never_dropped(comment: str, kind: str) -> None:
    (field,) = scan("values.yaml", f"image: app:1.0 # imagebot: {comment}\n".encode()).fields
    assert field.marker is not None
    assert (field.marker.kind, field.marker.text) == (kind, comment)


ENTRIES = b"""\
kind: Pod
apiVersion: v1
spec:
  containers:
  # imagebot: ignore
  - name: a

    image: app:1.0
  - name: b
    image: app:1.0
"""


def test_a_marker_above_a_list_item_applies_to_the_item() -> None:
    found = scan("pod.yaml", ENTRIES)
    assert found.unread == ()
    first, second = found.fields
    assert first.marker is not None
    assert first.marker.kind == "ignore"
    assert second.marker is None


def test_a_marker_that_applies_to_nothing_blocks_its_file() -> None:
    text = ENTRIES.replace(b"- name: a\n", b"- name: a\n    # imagebot: ignore\n    env: []\n")
    found = scan("pod.yaml", text.replace(b"  # imagebot: ignore\n  -", b"  -"))
    assert [(each.line, each.code, each.expected) for each in found.unread] == [
        (6, "marker", False)
    ]
    assert all("applies to no image" in field.refusal for field in found.fields)


def test_a_flux_marker_that_cannot_be_read_blocks_its_line() -> None:
    text = b'a: {image: app:1.0} # {"$imagepolicy": "flux-system:pod:tga"}\nb: {image: app:1.0}\n'
    found = scan("values.yaml", text)
    assert [each.code for each in found.unread] == ["marker"]
    assert ["cannot be read" in field.refusal for field in found.fields] == [True, False]


def test_a_template_of_a_chart_is_not_read_in_part() -> None:
    text = b"- image: {{ .Values.x }}\n- image: app:1.0\n"
    found = scan("chart/templates/pod.yaml", text, ScanOptions(chart=True))
    assert found.fields == ()
    assert [(each.code, each.expected) for each in found.unread] == [("helm-template", True)]
    plain = scan("chart/templates/pod.yaml", b"image: app:1.0\n", ScanOptions(chart=True))
    assert len(plain.fields) == 1


def test_a_digest_that_a_marker_governs_in_a_broken_document_is_found() -> None:
    digest = "sha256:" + "a" * 64
    text = f"image: [\n# imagebot: x\nFROM app@{digest}\n"
    (field,) = scan("values.yaml", text.encode()).fields
    assert str(field.reference) == f"app@{digest}"
