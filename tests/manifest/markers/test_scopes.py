"""What markers govern: blocks, the parts of a reference, aliases; and near misses."""

from __future__ import annotations

import pytest

from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan


def markers(found: Scan) -> dict[str, str | None]:
    """What governs each image, by its name; `!` before it when the field is refused."""
    return {
        f"{'!' if field.refusal else ''}{field.reference.name}": (
            None if field.marker is None else field.marker.text
        )
        for field in found.fields
    }


def problems(found: Scan) -> list[int]:
    assert all(each.code == "marker" and not each.expected for each in found.unread)
    return [each.line for each in found.unread]


SCOPES = {
    "an indented list": (
        (
            "initContainers:\n- image: z:1\n# imagebot: ignore\ncontainers:\n"
            "  - name: x\n    image: a:1\n  - image: b:1\nsidecar:\n  image: c:1\n"
        ),
        {"z": None, "a": "ignore", "b": "ignore", "c": None},
    ),
    "a list at the column of its key": (
        (
            "spec:\n  # imagebot: ignore\n  containers:\n  - name: x\n    image: a:1\n"
            "  - image: b:1\n  initContainers:\n  - image: c:1\n"
        ),
        {"a": "ignore", "b": "ignore", "c": None},
    ),
    "the same on Windows": (
        (
            "spec:\r\n  # imagebot: ignore\r\n  containers:\r\n  - name: x\r\n    image: a:1\r\n"
            "  other:\r\n    image: c:1\r\n"
        ),
        {"a": "ignore", "c": None},
    ),
    "an item that begins with its image": (
        "containers:\n# imagebot: ignore\n- image: a:1\n  initImage: b:1\n- image: c:1\n",
        {"a": "ignore", "b": "ignore", "c": None},
    ),
    "a blank line inside": (
        "# imagebot: ignore\nweb:\n  name: x\n\n  image: a:1\nother: {image: 'c:1'}\n",
        {"a": "ignore", "c": None},
    ),
    "a comment inside, at another column": (
        "# imagebot: ignore\nweb:\n  image: a:1\n# not so\n  workerImage: b:1\n",
        {"a": "ignore", "b": "ignore"},
    ),
    "in a block scalar": (
        (
            "a: |\n  # imagebot: ignore\n  containers:\n  - name: x\n    image: a:1\n  b:\n"
            "    image: c:1\n"
        ),
        {"a": "ignore", "c": None},
    ),
    "many odd line breaks": (
        (
            "# \u2028\u2028\x85\u2028\nspec:\n  # imagebot: ignore\n  web:\n    image: a:1\n"
            "  other:\n    image: b:1\n"
        ),
        {"a": "ignore", "b": None},
    ),
    "carriage returns before it": (
        (
            "x: y\r\r\r\rspec:\n  # imagebot: ignore\n  web:\n    image: a:1\n  other:\n"
            "    image: b:1\n"
        ),
        {"a": "ignore", "b": None},
    ),
    "nothing but carriage returns": (
        "spec:\r  # imagebot: ignore\r  web:\r    image: a:1\r  other:\r    image: b:1\r",
        {"a": "ignore", "b": None},
    ),
    "an odd line break": (
        "a: 'x\u2028y'\n# imagebot: ignore\nweb:\n  image: a:1\n  b: {image: 'b:1'}\n",
        {"a": "ignore", "b": "ignore"},
    ),
}


@pytest.mark.parametrize(("text", "wanted"), SCOPES.values(), ids=SCOPES.keys())
def test_a_marker_above_a_block_governs_the_block(text: str, wanted: dict[str, str | None]) -> None:
    found = scan("values.yaml", text.encode())
    assert found.unread == ()
    assert markers(found) == wanted


NOTHING = {
    "a blank line below it": "spec:\n  # imagebot: ignore\n\n  web:\n    image: a:1\n",
    "a blank line, then much": "a:\n# imagebot: ignore\n\n  b:\n    image: a:1\n",
    "a comment below it": "a:\n# imagebot: ignore\n# why\n  b:\n    image: a:1\n",
    "the end of a document": "# imagebot: ignore\n---\n  image: a:1\n",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_what_no_block_begins_below_applies_to_nothing(text: str) -> None:
    found = scan("values.yaml", text.encode())
    assert markers(found) == {"!a": None}
    assert problems(found) == [text[: text.index("# imagebot")].count("\n") + 1]


CONTRADICTIONS = {
    "on the parts of a reference": (
        (
            "image:\n  repository: a # imagebot: ignore\n  tag: v1 # imagebot: {semver: ^1}\n"
            "other: {image: 'b:1'}\n"
        ),
        (2, 3),
    ),
    "above a line and on it": (
        "# imagebot: ignore\nimage: a:1 # imagebot: careful\nother: {image: 'b:1'}\n",
        (1, 2),
    ),
    "above a block and in it": (
        (
            "# imagebot: careful\nimage:\n  repository: a\n  # imagebot: ignore\n  tag: v1\n"
            "other: {image: 'b:1'}\n"
        ),
        (1, 4),
    ),
}


@pytest.mark.parametrize(("text", "lines"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_markers_that_contradict_each_other_keep_the_field(
    text: str, lines: tuple[int, int]
) -> None:
    found = scan("values.yaml", text.encode())
    assert markers(found) == {"!a": None, "b": None}
    assert problems(found) == [lines[1]]
    assert f"values.yaml:{lines[0]}" in found.unread[0].reason
    assert f"lines {lines[0]} and {lines[1]} disagree" in found.fields[0].refusal


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        ("careful", "careful", "careful"),
        ("{semver: ^1}", "{semver: ^1}", "{semver: ^1}"),
        ("ignore, see 1", "ignore", "ignore, see 1"),
    ],
)
def test_markers_that_say_the_same_are_one(one: str, other: str, text: str) -> None:
    lines = f"image:\n  repository: a # imagebot: {one}\n  tag: v1 # imagebot: {other}\n"
    found = scan("values.yaml", lines.encode())
    assert (markers(found), found.unread) == ({"a": text}, ())


def test_a_second_marker_in_a_comment_is_not_dropped() -> None:
    text = "image: a:1 # imagebot: careful # imagebot: ignore\n"
    assert markers(scan("values.yaml", text.encode())) == {"a": "careful # imagebot: ignore"}


def test_a_marker_after_a_value_that_reads_like_one_is_seen() -> None:
    text = "a: {image: 'a:1', b: ' # imagebot: x'} # imagebot: ignore\n"
    assert markers(scan("values.yaml", text.encode())) == {"a": "ignore"}


NEAR = {
    "behind other words": "# pinned by SRE, imagebot: ignore",
    "without a colon": "# imagebot ignore",
    "another case": "# Imagebot: ignore",
    "capitals": "# IMAGEBOT: careful",
    "a blank before the colon": "# imagebot : ignore",
    "an equals sign": "# imagebot = ignore",
    "two signs": "## imagebot: ignore",
    "in brackets": "# pinned (imagebot: careful)",
    "keys behind words": "# OPS-1 imagebot: {semver: ^1}",
    "behind a comma": "# pinned, imagebot ignore",
}


@pytest.mark.parametrize("comment", NEAR.values(), ids=NEAR.keys())
@pytest.mark.parametrize("above", [True, False])
def test_a_near_miss_is_reported_and_blocks_its_field(comment: str, above: bool) -> None:
    written = f"{comment}\nimage: a:1\n" if above else f"image: a:1 {comment}\n"
    found = scan("values.yaml", f"{written}other:\n  image: b:1\n".encode())
    assert markers(found) == {"!a": None, "b": None}
    assert problems(found) == [1]
    assert "`# imagebot: ignore`" in found.unread[0].reason


PATTERN = ExtraFile(match=("**",), pattern=r"FROM (?P<name>\S+):(?P<tag>\S+)")
NEAR_IN_TEXT = (
    *(comment for comment in NEAR.values() if "## " not in comment),
    "// Imagebot: ignore",
    "-- imagebot ignore",
    "/* pinned, imagebot: ignore */",
    "<!-- IMAGEBOT: ignore -->",
)


@pytest.mark.parametrize("comment", NEAR_IN_TEXT)
@pytest.mark.parametrize("above", [True, False])
def test_a_near_miss_in_a_text_is_one_too(comment: str, above: bool) -> None:
    written = f"{comment}\nFROM a:1\n" if above else f"FROM a:1 {comment}\n"
    found = scan("Dockerfile", f"{written}FROM b:1\n".encode(), ScanOptions(files=(PATTERN,)))
    assert markers(found) == {"!a": None, "b": None}
    assert problems(found) == [1]
    assert "`# imagebot: ignore`" in found.unread[0].reason


def test_a_near_miss_beside_markers_in_a_text_is_one_too() -> None:
    text = "# imagebot: careful\nFROM a:1\n\n# Imagebot: ignore\nFROM b:1\n"
    found = scan("Dockerfile", text.encode())
    assert (markers(found), problems(found)) == ({"a": "careful"}, [4])
    template = scan("a.yaml", f"x: {{{{ y }}}}\n{{{{ z }}}}\n{text}".encode())
    assert markers(template) == {"a": "careful"}
    assert [(each.line, each.code) for each in template.unread] == [(4, "template"), (6, "marker")]


@pytest.mark.parametrize(
    "line",
    [
        "RUN curl https://example.com/imagebot:1.0",
        "RUN pull oci://imagebot:1.0",
        "RUN x --imagebot=ignored",
        "RUN x --platform=amd64 imagebot:1.0",
        "# built for imagebot-ci",
    ],
)
def test_what_is_not_a_near_miss_in_a_text(line: str) -> None:
    found = scan("Dockerfile", f"{line}\nFROM a:1\n".encode(), ScanOptions(files=(PATTERN,)))
    assert (markers(found), found.unread) == ({"a": None}, ())


def test_a_near_miss_that_applies_to_nothing_blocks_nothing() -> None:
    found = scan("values.yaml", b"# Imagebot: ignore\n\nimage: a:1\n")
    assert (markers(found), problems(found)) == ({"a": None}, [1])


PROSE = [
    "# updated by imagebot",
    "# imagebot keeps this current",
    "# imagebot ignores this file",
    "# the image of imagebot: see below",
    "# was ghcr.io/acme/imagebot:1.2.3",
    "# docker run imagebot:1.2.3",
    "# to be edited by imagebot-ci",
    "# Managed by ImageBot.",
]


@pytest.mark.parametrize("comment", PROSE)
def test_prose_is_not_a_near_miss(comment: str) -> None:
    found = scan("values.yaml", f"{comment}\nimage: a:1 {comment}\n".encode())
    assert (markers(found), found.unread) == ({"a": None}, ())


def test_a_near_miss_within_a_value_is_none() -> None:
    text = "image: a:1\nargs: ['# imagebot ignore']\nscript: |\n  x # Imagebot: ignore\n"
    found = scan("values.yaml", text.encode())
    assert (markers(found), found.unread) == ({"a": None}, ())


ANCHOR = "x: {web: &i 'a:1'}\n"
ALIASES = {
    "one alias": (f"{ANCHOR}b:\n  image: *i # imagebot: ignore\n", ["ignore"]),
    "all aliases": (
        f"{ANCHOR}b:\n  image: *i # imagebot: ignore\nc:\n  image: *i # imagebot: ignore\n",
        ["ignore", "ignore"],
    ),
    "above the alias": (f"{ANCHOR}b:\n  # imagebot: ignore\n  image: *i\n", ["ignore"]),
    "the block of the alias": (
        f"{ANCHOR}# imagebot: ignore\nb:\n  name: x\n  image: *i\n",
        ["ignore"],
    ),
    "the anchor": ("b:\n  image: &i a:1 # imagebot: x\nc:\n  image: *i\n", ["x", "x"]),
    "both": ("b:\n  image: &i a:1 # imagebot: x\nc:\n  image: *i # imagebot: x\n", ["x", "x"]),
    "a part": (
        "x: {t: &t v1}\nimage:\n  repository: a\n  tag: *t # imagebot: x\n",
        ["x"],
    ),
    "another part": (
        "x: {r: &r a}\nimage:\n  repository: *r # imagebot: x\n  tag: v1\n",
        ["x"],
    ),
    "a mapping": (
        "x: {y: &m {repository: a, tag: v1}}\nimage: *m # imagebot: x\n",
        ["x"],
    ),
    "a merged mapping": (
        "x: {y: &m {images: 1, image: 'a:1'}}\nz:\n  <<: *m # imagebot: x\n",
        None,
    ),
    "an item": ("x: {y: &i 'a:1'}\nimages:\n- *i # imagebot: x\n", ["x"]),
}


@pytest.mark.parametrize(("text", "wanted"), ALIASES.values(), ids=ALIASES.keys())
def test_a_marker_at_an_alias_governs_its_field(text: str, wanted: list[str] | None) -> None:
    found = scan("values.yaml", text.encode())
    if wanted is None:
        # The mapping is another field, which has no marker.
        assert all(field.refusal for field in found.fields)
        assert len(problems(found)) == 1
        return
    assert found.unread == ()
    assert not any(field.refusal for field in found.fields)
    assert [field.marker and field.marker.text for field in found.fields] == wanted


DISAGREEING = {
    "the alias and its anchor": (
        "b:\n  image: &i a:1\nc:\n  image: *i # imagebot: ignore\nd: {image: 'z:1'}\n",
        [4],
        {"a"},
    ),
    "two aliases": (
        f"{ANCHOR}b:\n  image: *i # imagebot: x\nc:\n  image: *i\nd: {{image: 'z:1'}}\n",
        [3],
        {"a"},
    ),
    "two aliases that say different things": (
        (
            f"{ANCHOR}b:\n  image: *i # imagebot: x\nc:\n  image: *i # imagebot: y\n"
            "d: {image: 'z:1'}\n"
        ),
        [5],
        {"a"},
    ),
    "an alias of a whole container": (
        (
            "b:\n- &c\n  name: x\n  image: a:1\nc:\n- *c # imagebot: ignore\n"
            "# imagebot: x\nd: {image: 'z:1'}\n"
        ),
        # What the marker at the alias means is not sure, so nothing in its reach is changed.
        [6, 6],
        {"a", "z"},
    ),
    "an alias of a container in a block": (
        "b:\n- &c\n  name: x\n  image: a:1\n# imagebot: ignore\nc:\n- *c\n- image: z:1\n",
        [7],
        {"a"},
    ),
}


@pytest.mark.parametrize(("text", "lines", "refused"), DISAGREEING.values(), ids=DISAGREEING.keys())
def test_fields_of_one_text_that_disagree_are_refused(
    text: str, lines: list[int], refused: set[str]
) -> None:
    found = scan("values.yaml", text.encode())
    assert problems(found) == lines
    assert {field.reference.name for field in found.fields} == {"a", "z"}
    assert {field.reference.name for field in found.fields if field.refusal} == refused
    # Every field of the shared text, not just one of them.
    assert all(field.refusal for field in found.fields if field.reference.name == "a")


def test_many_markers_at_aliases_of_one_text_are_read() -> None:
    lines = [
        "x: {t: &t v1}",
        *(
            f"k{n}:\n  # imagebot: ignore\n  image:\n    repository: a/b\n    tag: *t"
            for n in range(5_000)
        ),
    ]
    found = scan("values.yaml", "\n".join(lines).encode())
    assert len(found.fields) == 5_000
    assert all(field.marker is not None for field in found.fields)


def test_markers_that_contradict_each_other_in_a_text_are_refused() -> None:
    text = b"# imagebot: ignore\nFROM a:1 # imagebot: careful\n"
    for options in (ScanOptions(), ScanOptions(files=(PATTERN,))):
        found = scan("Dockerfile", text, options)
        assert (markers(found), problems(found)) == ({"!a": None}, [2])
        assert found.fields[0].refusal == "the markers on lines 1 and 2 disagree"


def test_a_flux_marker_after_carriage_returns_applies_to_the_item_below() -> None:
    text = '# c\rimages:\r# {"$imagepolicy": "a:b"}\r- ghcr.io/acme/a:1\r'
    found = scan("values.yaml", text.encode())
    (field,) = found.fields
    assert (field.marker and field.marker.text, field.refusal, found.unread) == ("a:b", "", ())


COMMENTED_OUT = {
    "a key": "    #   image: ghcr.io/acme/side:1.0.0 # imagebot: ignore",
    "an item": "# - name: x # imagebot: api",
    "no blank": "#- ghcr.io/acme/side:1.0.0 # imagebot: api",
    "a key of a block": "#image: # imagebot: api",
    "a quoted key": '# "a b": x:1 # imagebot: api',
    "two signs": "## image: x:1 # imagebot: api",
    "a near miss": "# image: x:1 # Imagebot: ignore",
    "Flux": '#   image: x:1 # {"$imagepolicy": "flux-system:web"}',
    "Flux, an item": '# - x:1 # {"$imagepolicy": "flux-system:web"}',
    "Flux, a near miss": "# image: x:1 # $imagepolicy: flux-system:web",
}


@pytest.mark.parametrize("comment", COMMENTED_OUT.values(), ids=COMMENTED_OUT.keys())
@pytest.mark.parametrize("before", ["", "# imagebot: careful\nspec:\n  image: b:1\n"])
def test_a_marker_is_commented_out_with_its_line(comment: str, before: str) -> None:
    found = scan("values.yaml", f"{before}{comment}\nimage: a:1\n".encode())
    assert found.unread == ()
    assert markers(found) == ({"b": "careful"} if before else {}) | {"a": None}


def test_a_marker_is_commented_out_with_its_line_in_a_text() -> None:
    text = "# image: x:1 # imagebot: ignore\nFROM a:1 # imagebot: careful\n"
    found = scan("Dockerfile", text.encode())
    assert (markers(found), found.unread) == ({"a": "careful"}, ())


NOT_COMMENTED_OUT = {
    "prose": "# pinned by SRE # imagebot: ignore",
    "a remark": "# TODO: pin this # imagebot: ignore",
    "a reason": "# Reason: OPS-1 # imagebot: ignore",
    "a near miss before it": "# Imagebot: careful # imagebot: ignore",
    "no sign of its own": "# image: x, imagebot: ignore",
    "Flux behind prose": '# text {"$imagepolicy": "a:b"}',
    "Flux behind prose, with a sign": '# text # {"$imagepolicy": "a:b"}',
    "Flux without a sign of its own": '# image: x {"$imagepolicy": "a:b"}',
}


@pytest.mark.parametrize("comment", NOT_COMMENTED_OUT.values(), ids=NOT_COMMENTED_OUT.keys())
def test_a_marker_after_prose_is_still_a_problem(comment: str) -> None:
    found = scan("values.yaml", f"{comment}\nimage: a:1\n".encode())
    assert markers(found) == {"!a": None}
    assert problems(found) == [1]


def test_a_marker_after_a_value_and_a_comment_is_one() -> None:
    found = scan("values.yaml", b"image: a:1 # was: b:1 # imagebot: ignore\n")
    assert (markers(found), found.unread) == ({"a": "ignore"}, ())


WITHOUT_IMAGES = {
    "a workflow": (
        ".github/workflows/bot.yaml",
        "# imagebot: updates images every hour\non: {schedule: [{cron: '0 * * * *'}]}\njobs: {}\n",
    ),
    "a configuration": (
        ".pre-commit-config.yaml",
        "repos:\n- repo: local # imagebot: checks its own config\n  hooks: []\n",
    ),
    "a near miss": ("a.yaml", "# ImageBot: updates images every hour\na: b\n"),
    "two signs": ("a.yaml", "## imagebot: updates images every hour\na: b\n"),
    "a heading": ("a.yaml", "# imagebot:\na: b\n"),
    "a template": ("a.yaml", "# imagebot: runs in here\na: {{ b }}\n{{ c }}\n"),
    "a Makefile": ("Makefile", "# imagebot: run it here\nrun:\n\timagebot run .\n"),
    "a Makefile, a near miss": (
        "Makefile",
        "## ImageBot: run it here\n# imagebot: so it is\nrun:\n",
    ),
    "behind a command": ("run.sh", "imagebot run . # imagebot: every hour\n"),
}


@pytest.mark.parametrize(("path", "text"), WITHOUT_IMAGES.values(), ids=WITHOUT_IMAGES.keys())
def test_words_about_imagebot_where_no_image_is_are_prose(path: str, text: str) -> None:
    found = scan(path, text.encode())
    assert found.fields == ()
    assert [each for each in found.unread if not each.expected] == []


STILL_MARKERS = ["ignore", "ignore this file", "careful", "{semver: ^1}", "x y, imagebot: ignore"]


@pytest.mark.parametrize("said", STILL_MARKERS)
@pytest.mark.parametrize(
    ("path", "line"),
    [("a.yaml", "a: image"), ("Makefile", "run:"), ("a.yaml", "# Imagebot: x\na: b")],
)
def test_a_marker_where_no_image_is_applies_to_nothing(path: str, line: str, said: str) -> None:
    found = scan(path, f"# imagebot: {said}\n{line}\n".encode())
    assert problems(found)[0] == 1


@pytest.mark.parametrize("sign", ["# imagebot:", "# ImageBot:"])
def test_words_about_imagebot_block_only_what_they_are_attached_to(sign: str) -> None:
    words = f"{sign} updates images every hour\n"
    above = scan("values.yaml", f"{words}\nimage: a:1\n".encode())
    assert (markers(above), problems(above)) == ({"a": None}, [1])
    at = scan("values.yaml", f"{words}image: a:1\nother: {{image: 'b:1'}}\n".encode())
    assert markers(at) == (
        {"a": "updates images every hour", "b": None}
        if "imagebot" in sign
        else {"!a": None, "b": None}
    )


def test_words_about_imagebot_at_an_image_in_a_text_are_not_prose() -> None:
    found = scan(
        "Dockerfile", b"# imagebot: updates this\nFROM a:1\n# ImageBot: and this\nFROM b:1\n"
    )
    assert markers(found) == {"a": "updates this"}
    assert problems(found) == [3]
    pattern = ScanOptions(files=(PATTERN,))
    found = scan("Dockerfile", b"# ImageBot: updates this\nFROM a:1\n", pattern)
    assert (markers(found), problems(found)) == ({"!a": None}, [1])


def test_markers_that_disagree_in_a_text_are_not_prose() -> None:
    found = scan("Makefile", b"# imagebot: careful\nrun: # imagebot: ignore\n")
    assert problems(found) == [2]


QUOTED = [
    "sed -i 's/x/y # imagebot: ignore/' a.yaml",
    'sed -i "s/\\"x/y # imagebot: ignore/" a.yaml',
    "sed -i 's/\"x/y # imagebot: ignore/' a.yaml",
    "sed -i 's/x/y # Imagebot: ignore/' a.yaml",
    "echo 'a' '# imagebot: ignore' \"b\"",
]


@pytest.mark.parametrize("line", QUOTED)
@pytest.mark.parametrize("path", ["run.sh", "Makefile"])
def test_what_is_in_quotes_in_a_text_is_not_a_marker(path: str, line: str) -> None:
    found = scan(path, f"# imagebot: careful\ndocker pull a:1\n{line}\ndocker pull b:1\n".encode())
    assert (markers(found), found.unread) == ({"a": "careful"}, ())


NOT_QUOTED = [
    "docker pull 'a:1' # imagebot: careful",
    "docker pull 'a:1' # don't touch # imagebot: careful, don't",
    "docker pull a:1 it\\'s # imagebot: careful",
    "docker pull a:1 it's # imagebot: careful",
    "docker pull a:1 // don't # imagebot: careful, don't",
]


@pytest.mark.parametrize("line", NOT_QUOTED)
def test_a_marker_after_quotes_in_a_text_is_one(line: str) -> None:
    (field,) = scan("run.sh", f"{line}\n".encode()).fields
    assert field.marker is not None
    assert field.marker.text.startswith("careful")


AT_BLOCKS = {
    "a key": (
        "web:\n  image: # imagebot: api\n    repository: a\n    tag: v1\n  other: {image: 'c:1'}\n",
        {"a": "api", "c": None},
    ),
    "a key with an anchor and a tag": (
        "web: &x !!map # imagebot: api\n  image: a:1\nother:\n  image: c:1\n",
        {"a": "api", "c": None},
    ),
    "a key above a list at its column": (
        "s:\n  pods: # imagebot: api\n  - image: a:1\n  - image: b:1\n  x: {image: 'c:1'}\n",
        {"a": "api", "b": "api", "c": None},
    ),
    "on Windows": (
        "web: # imagebot: api\r\n  image: a:1\r\nother:\r\n  image: c:1\r\n",
        {"a": "api", "c": None},
    ),
    "an item": (
        "l:\n- name: web # imagebot: api\n  image: a:1\n  x: {image: 'b:1'}\n- image: c:1\n",
        {"a": "api", "b": "api", "c": None},
    ),
    "a bare item": (
        "containers:\n- # imagebot: api\n  name: web\n  image: a:1\n- image: c:1\n",
        {"a": "api", "c": None},
    ),
    "a bare item that begins with its image": (
        "containers:\n  - # imagebot: api\n    image: a:1\n    initImage: b:1\n  - image: c:1\n",
        {"a": "api", "b": "api", "c": None},
    ),
    "a key at the beginning of an item": (
        "pods:\n- web: # imagebot: api\n    image: a:1\n  image: c:1\n",
        {"a": "api", "c": None},
    ),
    "a key of a list at the beginning of an item": (
        "pods:\n- containers: # imagebot: api\n  - image: a:1\n  image: c:1\n- image: d:1\n",
        {"a": "api", "c": None, "d": None},
    ),
    "an image at the beginning of an item": (
        "containers:\n- image: a:1 # imagebot: api\n  initImage: c:1\n",
        {"a": "api", "c": None},
    ),
    "a part at the beginning of an item": (
        "x:\n- repository: a # imagebot: api\n  tag: v1\n  side: {image: 'c:1'}\n",
        {"a": "api", "c": None},
    ),
    "in a block scalar": (
        "a: |\n  web: # imagebot: api\n    image: a:1\n  b:\n    image: c:1\n",
        {"a": "api", "c": None},
    ),
    "the same as within": (
        "web: # imagebot: api\n  image: a:1 # imagebot: api\nother:\n  image: c:1\n",
        {"a": "api", "c": None},
    ),
}


@pytest.mark.parametrize(("text", "wanted"), AT_BLOCKS.values(), ids=AT_BLOCKS.keys())
def test_a_marker_where_a_block_begins_governs_it(text: str, wanted: dict[str, str | None]) -> None:
    found = scan("values.yaml", text.encode())
    assert (markers(found), found.unread) == (wanted, ())


AT_NO_BLOCKS = {
    "a key without a value": "web: # imagebot: api\nimage: a:1\n",
    "a value": "web: b # imagebot: api\nimage: a:1\n",
    "a value that ends like a key": "web: 'b:' # imagebot: api\nimage: a:1\n",
    "an item that is no more": "l:\n- b # imagebot: api\n- image: a:1\n",
    "a blank line below": "- # imagebot: api\n\n- image: a:1\n",
}


@pytest.mark.parametrize("text", AT_NO_BLOCKS.values(), ids=AT_NO_BLOCKS.keys())
def test_a_marker_where_no_block_with_an_image_begins_applies_to_nothing(text: str) -> None:
    found = scan("values.yaml", text.encode())
    assert markers(found) == {"!a": None}
    assert problems(found) == [text[: text.index("# imagebot")].count("\n") + 1]


def test_markers_where_a_block_begins_and_in_it_contradict_each_other() -> None:
    text = "web: # imagebot: api\n  image: a:1 # imagebot: ignore\n  workerImage: b:1\n"
    found = scan("values.yaml", text.encode())
    assert (markers(found), problems(found)) == ({"!a": None, "b": "api"}, [2])


def test_a_near_miss_where_a_block_begins_blocks_it() -> None:
    found = scan("values.yaml", b"web: # Imagebot: ignore\n  image: a:1\nx: {image: 'b:1'}\n")
    assert (markers(found), problems(found)) == ({"!a": None, "b": None}, [1])


@pytest.mark.parametrize("sign", ["##", "### "])
def test_a_near_miss_with_many_signs_says_so(sign: str) -> None:
    (unread,) = scan("values.yaml", f"{sign} imagebot: api\nimage: a:1\n".encode()).unread
    assert "more than one `#`" in unread.reason


def test_other_near_misses_do_not_mention_signs() -> None:
    (unread,) = scan("values.yaml", b"# Imagebot: api\nimage: a:1\n").unread
    assert "more than one" not in unread.reason


BETWEEN = {
    "a comment": ("# imagebot: api\n# why\nimage: a:1\n", "a comment separates this"),
    "another marker": (
        "# imagebot: api\n# imagebot: x\nimage: a:1\n",
        "a comment separates this",
    ),
    "on Windows": (
        "# imagebot: api\r\n  # why\r\nimage: a:1\r\n",
        "a comment separates this",
    ),
    "a blank line": ("# imagebot: api\n\nimage: a:1\n", "a blank line separates this"),
    "nothing": ("image: a:1\n# imagebot: api\n", "applies to no image: put it on"),
    "comments to the end": (
        "image: a:1\n# imagebot: api\n# why\n\n",
        "applies to no image: put it on",
    ),
    "an item that is empty": (
        "- # imagebot: api\n\n- image: a:1\n",
        "applies to no image: put it on",
    ),
    "no image": ("# imagebot: api\na: b\nimage: a:1\n", "applies to no image: put it on"),
}


@pytest.mark.parametrize(("text", "reason"), BETWEEN.values(), ids=BETWEEN.keys())
def test_what_keeps_a_marker_from_applying_is_reported(text: str, reason: str) -> None:
    found = scan("values.yaml", text.encode())
    assert reason in found.unread[0].reason
    assert len(found.unread) == 1


def test_a_marker_after_a_value_with_a_line_like_a_comment_is_not_commented_out() -> None:
    found = scan("values.yaml", b"a: 'x\n  # key: v' # imagebot: ignore\nimage: a:1\n")
    assert (markers(found), problems(found)) == ({"!a": None}, [2])
