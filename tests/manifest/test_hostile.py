"""Hostile files: bounded time and memory, one clear reason each, no exception."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from imagebot.errors import RefusedEditError
from imagebot.manifest.edit import edit
from imagebot.manifest.images import findings as findings_module
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.images.findings import MAX_SLOW
from imagebot.manifest.images.options import ExtraField, ExtraFile, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.yaml.events import MAX_BYTES, MAX_EVENTS
from tests.support.work import count_steps, growth, is_linear

FILES = {
    "brackets": (b"image: " + b"[" * 200_000, "too-deep"),
    "brackets-closed": (b"image: " + b"[" * 100_000 + b"]" * 100_000, "too-deep"),
    "braces": (b"image: " + b"{a: " * 50_000, "too-deep"),
    "dashes": (b"image:\n" + b"- " * 100_000 + b"a\n", "too-deep"),
    "indentation": (
        b"".join(b" " * n + b"image:\n" for n in range(1_000)),
        "too-deep",
    ),
    "too-big": (b"image: app:1.0\n" + b"#" * MAX_BYTES, "too-big"),
    "too-many-nodes": (b"image:\n" + b"- a\n" * (MAX_EVENTS + 10), "too-big"),
    "control-characters": (b"image: app:1.0\x07\n", "not-yaml"),
    "null-bytes": (b"image: app:1.0\n\x00\x00", "not-yaml"),
    "utf-16": ("image: app:1.0\n".encode("utf-16"), "not-utf8"),
    "latin-1": ("image: app:1.0 # é\n".encode("latin-1"), "not-utf8"),
    "unfinished": (b'image: "app:1.0\n', "not-yaml"),
}


@pytest.mark.parametrize(("data", "code"), FILES.values(), ids=FILES.keys())
def test_one_clear_reason(data: bytes, code: str) -> None:
    found = scan("hostile.yaml", data)
    assert found.fields == ()
    assert [each.code for each in found.unread] == [code]
    assert found.unread[0].reason


def listed(path: str, data: bytes, options: ScanOptions) -> list[tuple[int, str, bool]]:
    found = scan(path, data, options)
    assert (found.fields, found.objects, found.pending) == ((), (), ())
    return [(each.line, each.code, each.expected) for each in found.unread]


IMAGE_PATTERN = ExtraFile(match=("**",), pattern=r"(?P<name>[a-z]+):(?P<tag>[0-9.]+)")


@pytest.mark.parametrize(
    ("path", "head", "options", "expected"),
    [
        ("a.yaml", b"image: app:1.0\n", ScanOptions(), False),
        ("a.yaml", b"kind: Service\n", ScanOptions(), True),
        (".gitlab-ci.yml", b"services: [a:1]\n", ScanOptions(), False),
        ("a.json", b"", ScanOptions(), True),
        ("a.yaml", b"image: app:1.0\n", ScanOptions(mentions=("app",)), False),
        ("a.yaml", b"image: app:1.0\n", ScanOptions(mentions=("web",)), True),
        ("a.yaml", b"x: app:1.0\n", ScanOptions(files=(IMAGE_PATTERN,)), False),
        ("a.yaml", b"image: {{ x }}\n", ScanOptions(chart=True), False),
    ],
)
def test_a_file_that_is_too_big_is_never_silent(
    path: str, head: bytes, options: ScanOptions, expected: bool
) -> None:
    """What lies beyond the part that is read may be an image."""
    data = (head + b"#" * (MAX_BYTES + 1))[: MAX_BYTES + 1]
    assert listed(path, data, options) == [(0, "too-big", expected)]
    assert all(each.code != "too-big" for each in scan(path, data[:-1], options).unread)


def test_a_text_that_is_too_big_is_listed_only_where_something_asks_for_it() -> None:
    marker = b"# imagebot: ignore\n" + b"#" * MAX_BYTES
    assert listed("Dockerfile", marker, ScanOptions()) == [(0, "too-big", False)]
    assert listed("Dockerfile", b"#" * (MAX_BYTES + 1), ScanOptions()) == []
    assert listed("readme.md", b"#" * (MAX_BYTES + 1), ScanOptions()) == []


def test_an_alias_bomb_is_not_expanded() -> None:
    lines = ["a0: &a0 {image: 'app:1.0'}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    found = scan("bomb.yaml", "\n".join(lines).encode())
    assert [str(field.reference) for field in found.fields] == ["app:1.0"]


def test_an_alias_of_itself_ends() -> None:
    found = scan("loop.yaml", b"a: &a {image: 'app:1.0', again: *a, list: [*a]}\n")
    assert len(found.fields) == 1


def test_aliases_are_not_gone_through_by_every_way() -> None:
    """Ten thousand million ways lead from `a10` to one text."""
    lines = ["apiVersion: v1", "kind: X", "a0: &a0 {r: acme/app, t: '1.0'}"]
    ways = [", ".join(f"k{k}: *a{n}" for k in range(10)) for n in range(10)]
    lines += [f"a{n}: &a{n} {{{way}}}" for n, way in enumerate(ways, 1)]
    stars = ".*" * 10
    options = ScanOptions(
        fields=(
            ExtraField(kind="*", path="*" + stars),
            ExtraField(kind="X", repository=f"a10{stars}.r", tag=f"a10{stars}.t"),
        )
    )
    found = scan("bomb.yaml", "\n".join(lines).encode(), options)
    assert {str(field.reference) for field in found.fields} == {"acme/app", "1.0", "acme/app:1.0"}
    assert len(found.fields) == 3


def test_a_merge_of_itself_ends() -> None:
    found = scan("loop.yaml", b"a: &a\n  <<: *a\n  b: {repository: x}\n  images: []\n")
    assert found.fields == ()


def test_a_chain_of_aliases_does_not_exhaust_the_stack() -> None:
    lines = ["apiVersion: v1", "kind: X", "status:", "  a0: &a0 {image: 'app:1.0'}"]
    lines += [f"  a{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, 3_000)]
    lines += ["spec: {x: *a2999}"]
    assert scan("chain.yaml", "\n".join(lines).encode()).unread == ()


def test_many_fields_that_share_a_text_are_bounded() -> None:
    lines = ["base: &base {repository: acme/app, tag: v1}"]
    lines += [f"c{n}: {{image: *base}}" for n in range(2_000)]
    found = scan("shared.yaml", "\n".join(lines).encode())
    assert len(found.fields) == 2_001
    assert found.fields[0].shared == 2_001
    made = edit(
        "shared.yaml",
        "\n".join(lines).encode(),
        [FieldEdit(field, "v2", None) for field in found.fields],
    )
    assert made == "\n".join(lines).replace("v1", "v2").encode()


def test_a_chain_of_aliases_below_an_image_does_not_either() -> None:
    lines = ["apiVersion: v1", "kind: X", "status:", "  a0: &a0 {image: 'app:1.0'}"]
    lines += [f"  a{n}: &a{n} {{image: *a{n - 1}}}" for n in range(1, 3_000)]
    lines += ["spec: {image: *a2999}"]
    assert scan("chain.yaml", "\n".join(lines).encode()).unread == ()


@pytest.mark.parametrize("item", [b"- a\n", b"- [a, b]\n", b"- {a: b}\n", b"- 'a'\n"])
def test_memory_is_bounded(item: bytes) -> None:
    """Peak memory of a process that reads nothing but the file, in KiB."""
    program = (
        "import re, sys\n"
        "from imagebot.manifest.scan import scan\n"
        "scan('wide.yaml', b'image:\\n' + eval(sys.argv[1]) * 1_500_000)\n"
        # Not ru_maxrss: that begins with what the process that started this one has used.
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    command = [sys.executable, "-c", program, repr(item)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 250 * 1024


# Lines that tell nothing, and lines that are nearly such: what begins them, is repeated, ends them.
STEPPED_OVER = {
    "lines": ("", "  a: b\n", ""),
    "blank lines": ("", "\n", ""),
    "comments": ("", "  # a\n", "  # a"),
    "blank lines in a block": ("  a:\n    b: c\n", "\n", "    !x\n"),
    "nested lines": ("  a:\n", "    b: c\n", "    !x\n"),
    "nested keys": ("", "  a:\n    b:\n", "  !x\n"),
    "keys": ("  a", "a", "\n"),
    "signs in a key": ("  a", "-", "\n"),
    "spaces": ("  a:", " ", "!\n"),
    "spaces before a comment": ("  a: b", " ", "#\n: :\n"),
    "dashes": ("  ", "- ", "!x\n"),
    "colons": ("  a: b", ":", "\n"),
    "colons in words": ("  a: b", ":b", ": c\n"),
    "colons in many lines": ("", f"  a: {'b:' * 150}b\n", ""),
    "anchors": ("  a: &", "b", "#\n"),
    "aliases": ("  a: *", "b", "#\n"),
    "quotes": ("  a: '", "''", "\n"),
    "other quotes": ("  a: ", '"', "'\n"),
    "escapes": ('  a: "', '\\"', "\n"),
    "escapes in many lines": ("", '  a: "' + '\\"' * 4_000 + '"\n', ""),
    "escapes in nested lines": ("  a:\n", '    a: "' + '\\"' * 4_000 + '"\n', ""),
    "a list": ("  a: [", "'b', ", "\n"),
    "quotes in lists": ("", "  a: [" + "'b'," * 300 + "]\n", ""),
    "closing brackets": ("  a: [", "] ", "!\n"),
    "closing braces": ("  a: {", "}", ": x\n"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pieces", STEPPED_OVER.values(), ids=STEPPED_OVER.keys())
@pytest.mark.parametrize("rest", ["", "image: a:1.0\n"])
def test_stepping_over_lines_costs_what_they_are_long(
    pieces: tuple[str, str, str], rest: str
) -> None:
    """In KiB. With the square of four mebibytes to look at, the time-out comes first."""
    head, piece, end = pieces
    text = f"a:\n{head}{piece * (4 * 1024 * 1024 // len(piece))}{end}{rest}"
    program = (
        "import re, sys\n"
        "from imagebot.manifest.yaml.outline import outline\n"
        "outline(sys.stdin.read())\n"
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=text)
    assert int(done.stdout) < 100 * 1024


def test_an_edit_of_a_file_that_grew_hostile_is_refused() -> None:
    before = b"image: app:1.0\n"
    (field,) = scan("a.yaml", before).fields
    for after in (before + b"x: " + b"[" * 200_000, before + b"#" * MAX_BYTES, before + b"\xff"):
        with pytest.raises(RefusedEditError):
            edit("a.yaml", after, [FieldEdit(field, "2.0", None)])


@pytest.mark.parametrize(("levels", "is_read"), [(1, True), (16, True), (17, False), (40, False)])
def test_embedded_documents_are_followed_to_a_limit(levels: int, is_read: bool) -> None:
    text = "image: app:1.0\n"
    for _ in range(levels):
        text = "a: |\n" + "".join(f"  {line}\n" for line in text.splitlines())
    found = scan("nested.yaml", f"image: app:2.0\n{text}b: |\n  x: y\n".encode())
    assert [str(each.reference) for each in found.fields] == ["app:2.0", "app:1.0"][: 1 + is_read]
    deep = [(each.line, each.code, each.expected) for each in found.unread]
    assert deep == ([] if is_read else [(18, "too-deep", False)])


def test_what_is_embedded_too_deeply_is_listed_once() -> None:
    text = "".join(f"b{n}: |\n  image: app:1.0\n" for n in range(5))
    for _ in range(16):
        text = "a: |\n" + "".join(f"  {line}\n" for line in text.splitlines())
    found = scan("nested.yaml", text.encode())
    assert found.fields == ()
    assert [(each.line, each.code) for each in found.unread] == [(17, "too-deep")]


OWN = "# imagebot: ignore"
FLUX = '# {"$imagepolicy": "a:b"}'
ITEM = "- apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - image: acme/app#n:1.0\n"
MAP = "apiVersion: v1\nkind: ConfigMap\ndata:\n"


def _numbered(line: str) -> Callable[[int], str]:
    return lambda count: "".join(line.replace("#n", str(number)) for number in range(count))


# What begins a file, what is repeated in it, and how often.
GROWING: dict[str, tuple[str, str, int]] = {
    "Flux's markers in a list": ("l:\n", f"- image: acme/app#n:1.0 {FLUX}\n", 60),
    "Flux's markers at tags": ("", f"---\na: b#n {FLUX.replace('a:b', 'a:b:tag')}\n", 60),
    "Flux's markers at nothing": ("image: a:1\n", f"{FLUX}\n\n", 400),
    "Flux's markers below blank lines": ("image: a:1\n", FLUX + "\n" * 50, 300),
    "Flux's markers in flow style": ("l: [\n", f"{{image: 'a:#n'}}, {FLUX}\n", 60),
    "own markers": ("l:\n", f"- image: acme/app#n:1.0 {OWN}\n", 60),
    "own markers above": ("l:\n", f"{OWN}\n- image: acme/app#n:1.0\n", 60),
    "own markers in each document": ("", f"---\nimage: acme/app#n:1.0 {OWN}\n", 50),
    "own markers at keys": ("l:\n", f"  k#n: {OWN}\n    image: acme/app#n:1.0\n", 40),
    "own markers at items": ("l:\n", f"- k: x {OWN}\n  image: acme/app#n:1.0\n", 40),
    "near misses": ("l:\n", "- image: acme/app#n:1.0 # Imagebot: ignore\n", 60),
    "markers at nothing": ("image: a:1\n", f"{OWN}\n\n", 300),
    "markers above markers": ("image: a:1\n", f"{OWN}\n", 300),
    "markers at aliases": ("x: &x {image: 'a:1'}\n", f"k#n: *x {OWN}\n", 150),
    "broken documents": (f"image: a:1 {OWN}\n", f"---\nx: [\nimage: b:1 {OWN}\n", 30),
    "one broken document": ("x: [\n", f"image: b:1 {OWN}\n", 150),
    "a template": ("{{ if x }}\n", f"image: b:1 {OWN}\n", 150),
    "documents of a template": ("", "image: {{ a }}\n{{ b }}\n---\n", 800),
    "documents without images": ("image: a:1\n", "---\na: b\n", 600),
    "blocks": (MAP, "  k#n: |\n    image: acme/app#n:1.0\n", 60),
    "broken blocks": (MAP, "  k#n: |\n    image: acme/é#n:1.0\n    x: [\n", 100),
    "texts in quotes": (MAP, "  k#n: 'image: acme/app#n:1.0'\n", 50),
    "a list of objects": ("kind: List\napiVersion: v1\nitems:\n", ITEM, 40),
    "one long line": ('{"é": [', '{"image": "a:1"},', 150),
    "images of one mapping": ("", "a#nImage: app:1.#n\n", 50),
    "digests beside images": ("", f"a#nImage: app:1.#n\nb#nDigest: {'0' * 64}\n", 50),
    "digests before tags": ("# é\n", 'k#n: {digest: "", tag: "1.0", repository: a}\n', 80),
    "markers in a text": ("FROM a:1\n", f"{OWN}\nFROM debian:12\n", 150),
    "images in a line of a text": (f"{OWN}\nFROM x:1 ", "a/b:1.0 ", 150),
    "placeholders in a line of a text": (f"{OWN}\nFROM ", "$A {b} <c> %D% ((e)) a/b:$ ${ ", 100),
    "markers that disagree in a text": ("", f"{OWN}\nFROM a:1 # imagebot: x\n\n", 100),
    "near misses in a text": (f"{OWN}\n", "# Imagebot: ignore\nFROM debian:12\n", 300),
    "remarks in a text": ("# imagebot: so it is\nFROM a:1\n", "# Imagebot: so it is\nx\n", 300),
    "quotes in a line of a text": ("FROM a:1\n", "'# imagebot: # Imagebot: ' ", 300),
    "quotes without an end in a text": ('FROM a:1\n"', "\\\" ' # imagebot: ", 300),
    "lines that are commented out": ("image: a:1\n", "# a: b # imagebot: ignore\n", 300),
    "signs in one value": ("image: a:1\n", "a#n: ' # imagebot: # imagebot: # imagebot:'\n", 150),
}


@pytest.mark.parametrize(("head", "line", "count"), GROWING.values(), ids=GROWING.keys())
def test_work_grows_with_the_size_of_a_file(head: str, line: str, count: int) -> None:
    path = "Dockerfile" if "FROM" in head + line else "hostile.yaml"
    end = "]}" if head.startswith("{") else "]" if head.endswith("l: [\n") else ""
    small, large = ((head + _numbered(line)(size) + end).encode() for size in (count, 8 * count))
    scan(path, small)
    assert is_linear(count_steps(lambda: scan(path, small)), count_steps(lambda: scan(path, large)))


# What is left to C code: patterns that would try again from each place of a line, or each line.
LONG = {
    "quotes in a line": "'# imagebot: # Imagebot: ' ",
    "quotes without an end": "\\\" ' # imagebot: ",
    "one quote": "x",
    "spaces": " ",
    "signs": "#",
    "slashes": "/",
    "names": "imagebot",
    "markers": "# imagebot: ",
    "near misses": "# Imagebot ",
    "commented out": "# a: b # imagebot: ignore\n",
    "endings": " # imagebot: a */ -->",
    "references": "a/b:1.0@sha256:",
    "variables": "${",
    "images": "a/b:1.0 ",
    "images in quotes": "'a/b:1.0',",
    "quotes": "\"'",
    "backslashes": "\\",
    "dashes": "- ",
    "escaped quotes": '\\"',
    **{f"placeholders, {each}": each for each in ("{{", "{a", "${${", "$(", "<%", "<a", "((a")},
    **{f"more placeholders, {each}": each for each in ("%a", "@@a", "#{a", "$[[", "A_", "/A_")},
    "variables in braces": "${x}",
    "braces": "{}",
    "images that are filled in": "$A/b ",
}


@pytest.mark.parametrize("piece", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("Dockerfile", "FROM a:1.0 # imagebot: ignore\n"),
        ("Dockerfile", 'FROM a:1.0 # imagebot: ignore\n"'),
        ("Dockerfile", "# imagebot: ignore\nFROM "),
        ("Dockerfile", "# imagebot: ignore\nFROM ${ "),
        ("hostile.yaml", "image: a:1.0\n#"),
        ("hostile.yaml", 'image: a:1.0\nx: "'),
    ],
)
def test_a_long_line_is_read_to_its_end(path: str, head: str, piece: str) -> None:
    """Eight times as long is eight times as much work; with its square it would be 64 times.

    From short ones upwards, so that what is wrong shows before a mebibyte takes for ever.
    """

    def read(size: int) -> None:
        found = scan(path, (head + piece * (size // len(piece))).encode())
        assert size < 1024 * 1024 or len(found.fields) + len(found.unread) <= 3

    read(2048)
    for size in (2048, 16 * 1024, 128 * 1024):
        assert growth(read, size, 8 * size, most=20) <= 20, size


@pytest.mark.parametrize(
    "line", ["image: a:1.0 # é\n---\n", "---\n# é\n{repository: a, tag: v1}\n"]
)
def test_work_grows_with_the_number_of_edits(line: str) -> None:
    def measure(count: int) -> int:
        data = (line * count).encode()
        edits = [FieldEdit(field, "2.0", None) for field in scan("a.yaml", data).fields]
        assert len(edits) == count
        return count_steps(lambda: edit("a.yaml", data, edits))

    measure(1)
    assert is_linear(measure(100), measure(800))


def test_a_block_in_a_block_in_a_block_is_read_once_for_each_level() -> None:
    lines = ["image: a:1.0", *["x: y"] * 5_000]
    for _ in range(10):
        lines = ["a: |", *(f"  {line}" for line in lines)]
    data = "\n".join(lines).encode()
    assert len(scan("nested.yaml", data).fields) == 1


def test_more_images_than_a_manifest_has_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_module, "MAX_FIELDS", 1_000)
    for line in ("---\nimage: a:1\n", "---\nimage: a:1 # imagebot: ignore\n"):
        assert len(scan("a.yaml", (line * 1_000).encode()).fields) == 1_000
        found = scan("a.yaml", (line * 1_001).encode())
        assert [(each.code, each.expected) for each in found.unread] == [("too-big", False)]
        assert (found.fields, found.objects, found.pending) == ((), (), ())


def test_the_slow_parser_reads_so_many_texts_of_a_file() -> None:
    few = "---\n{image: acme/a:1.0}\n" * 20
    assert len(scan("a.yaml", few.encode()).fields) == 20
    many = scan("a.yaml", ("---\n{image: acme/a:1.0}\n" * (MAX_SLOW + 2)).encode())
    assert len(many.fields) == MAX_SLOW
    assert [(each.line, each.code) for each in many.unread] == [
        (2 * MAX_SLOW + 2, "too-big"),
        (2 * MAX_SLOW + 4, "too-big"),
    ]
    block = _numbered("  k#n: |\n    {image: acme/a:1.0}\n")
    blocks = scan("a.yaml", f"{MAP}{block(MAX_SLOW + 2)}".encode())
    assert len(blocks.fields) == MAX_SLOW
    assert [(each.code, each.expected) for each in blocks.unread] == [("too-big", True)] * 2


def test_broken_documents_are_read_to_a_limit() -> None:
    broken = "---\nx: [\n" * 1_500
    data = f"image: a:1.0\n{broken}---\nimage: b:1.0\n---\nx: [\nimage: c:1.0 {OWN}\n"
    found = scan("a.yaml", data.encode())
    assert [str(field.reference) for field in found.fields] == ["a:1.0", "c:1.0"]
    codes = [each.code for each in found.unread]
    assert codes == ["not-yaml"] * 1_000 + ["too-big"]
    assert found.unread[-1].line == 2_002
