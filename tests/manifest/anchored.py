"""Documents with anchors on values of every kind, aliases and merge keys, for hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

KEYS = (
    *("a", "b", "main", "spec", "metadata", "template", "containers", "values", "items"),
    *("image", "images", "apiImage", "imageTag", "imageName", "image_version", "name"),
    *("repository", "registry", "tag", "digest", "version", "reference", "namespace", "chart"),
    *("global", "hub", "source", "from", "package", "env", "pullPolicy", "imagePullSecrets"),
)
SCALARS = (
    *("acme/app:1.0", "ghcr.io/acme/app", "acme", "1.0", "v1", "latest", "text", "true"),
    *('"acme/b:1.0"', "'v2'", "'it''s'", '"a\\"b"', "oci://ghcr.io/acme/c", "", "~"),
)
HEADS = (
    *("", "", "apiVersion: v1\nkind: Pod\n", "apiVersion: apps/v1\nkind: Deployment\n"),
    *("apiVersion: x/v1\nkind: Widget\n", "kind: List\napiVersion: v1\n"),
)
COMMENTS = ("", "", "", " # note", " # *a0", " # image: acme/x:1.0")
BLANKS = ("", "", "", "\n", "# a line\n", "      # image: acme/y:1.0\n")
SHARED = (
    "x: &a0\n  repository: acme/web\n  tag: v1\n",
    "x: &a0 # y\n  name: acme/web\n  version: v1\n",
    *("x:\n  - &a0\n    image: acme/web:v1\n", "x: &a0\n  - image: acme/web:v1\n", "x: &a0 v1\n"),
    "x: &a0 {image: acme/web, version: v1}\n",
    "x:\n  y: &a0\n    z:\n      image: acme/web:v1\n",
)
USES = (
    *("uses:\n  image:\n    main: *a0\n", "uses:\n  image:\n    - *a0\n    - text\n"),
    *("webImage:\n  main: *a0\n", "webImage:\n  a: 1\n  b: *a0\n"),
    *("uses:\n  image: {main: *a0}\n", "uses:\n  image:\n    a: 1\n    b: *a0 # z\n"),
    *("uses:\n  image:\n    repository: acme/d\n    version: *a0\n", "uses:\n  containers: *a0\n"),
)
# Few names, so that some are given to several values.
NAMES = tuple(f"a{number}" for number in range(4))


class _Writer:
    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.out: list[str] = []

    def one(self, choices: tuple[str, ...]) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def number(self, most: int) -> int:
        return int(self.draw(st.integers(0, most)))

    def anchor(self) -> str:
        return f"&{self.one(NAMES)} " if self.number(4) == 0 else ""

    def scalar(self) -> str:
        if self.number(5) == 0:
            return f"*{self.one(NAMES)}" if self.number(1) else "*a0"
        return self.anchor() + self.one(SCALARS)

    def flow(self, depth: int) -> str:
        kind = self.number(5) if depth else 0
        if kind < 2:
            text = self.scalar()
            return f"{text} " if text and ":" not in text else '"acme/flow:1.0"'
        lead = self.anchor()
        if kind < 4:
            keys = dict.fromkeys(self.one(KEYS) for _ in range(1 + self.number(2)))
            return lead + "{" + ", ".join(f"{key}: {self.flow(depth - 1)}" for key in keys) + "}"
        return lead + "[" + ", ".join(self.flow(depth - 1) for _ in range(self.number(2))) + "]"

    def mapping(self, indent: int, depth: int, lead: str = "") -> None:
        """Entries at `indent`; `lead` is what stands before the first one on its line."""
        keys = dict.fromkeys(self.one(KEYS) for _ in range(1 + self.number(3)))
        if self.number(6) == 0:
            merged = f"*{self.one(NAMES)}"
            self.out.append(f"{lead or ' ' * indent}<<: {merged}\n")
            lead = ""
        for key in keys:
            if not lead:
                self.out.append(self.one(BLANKS))
            self.entry(lead or " " * indent, f"{key}:", indent, depth)
            lead = ""

    def entry(self, lead: str, key: str, indent: int, depth: int) -> None:
        kind = self.number(12) if depth else self.number(5)
        if kind < 5:
            self.out.append(f"{lead}{key} {self.scalar()}".rstrip() + self.one(COMMENTS) + "\n")
        elif kind == 5:
            self.out.append(f"{lead}{key} {self.flow(2)}{self.one(COMMENTS)}\n")
        else:
            anchor = self.anchor()
            self.out.append(f"{lead}{key} {anchor}".rstrip() + self.one(COMMENTS) + "\n")
            if kind < 10:
                self.mapping(indent + 2 + self.number(1), depth - 1)
            elif kind < 12:
                self.sequence(indent + 2 * self.number(1), depth - 1)
            else:
                # A literal block instead of what would come below.
                self.out[-1] = f"{lead}{key} {anchor}|\n"
                text = self.one(("text", "a: b", "image: x:1"))
                self.out.append(" " * (indent + 2) + text + "\n")

    def sequence(self, indent: int, depth: int) -> None:
        for _ in range(1 + self.number(2)):
            lead = " " * indent + "- "
            kind = self.number(3) if depth else self.number(1)
            if kind == 0:
                self.out.append(f"{lead}{self.scalar() or 'text'}{self.one(COMMENTS)}\n")
            elif kind == 1:
                self.out.append(f"{lead}{self.flow(2)}{self.one(COMMENTS)}\n")
            else:
                self.mapping(indent + 2, depth - 1, lead)


@st.composite
def files(draw: Any) -> bytes:
    """One to three documents, with Unix or Windows line ends; libyaml may refuse some of them."""
    writer = _Writer(draw)
    count = draw(st.integers(1, 3))
    for number in range(count):
        if number:
            writer.out.append("---\n")
        head = writer.one(HEADS)
        writer.out.append(head)
        if writer.number(1):
            writer.out.append(writer.one(SHARED))
        writer.mapping(0, writer.number(3))
        if writer.number(1):
            writer.out.append(writer.one(USES))
    text = "".join(writer.out)
    if draw(st.integers(0, 3)) == 0:
        text = text.replace("\n", "\r\n")
    return text.encode()
