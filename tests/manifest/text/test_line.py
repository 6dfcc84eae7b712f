"""Which images a marker governs on a line of a file that is not YAML, and which it does not."""

from __future__ import annotations

import pytest

from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit, Scan
from imagebot.manifest.images.options import ExtraFile, ScanOptions
from imagebot.manifest.scan import scan
from imagebot.manifest.text import read as read_module

DIGEST = "sha256:" + "a" * 64
MARKER = "# imagebot: careful"


def read(line: str) -> Scan:
    return scan("run.sh", f"{line} {MARKER}\n".encode())


def images(found: Scan) -> list[str]:
    return [str(field.reference) for field in found.fields]


READ = {
    "an instruction": ("FROM debian:12.5 AS base", ["debian:12.5"]),
    "behind a platform": ("FROM --platform=$BUILDPLATFORM golang:1.22", ["golang:1.22"]),
    "an option": ("COPY --from=ghcr.io/acme/tools:1.0 /a /b", ["ghcr.io/acme/tools:1.0"]),
    "a host in capitals": ("FROM MyReg.azurecr.io/a/b:1.0", ["MyReg.azurecr.io/a/b:1.0"]),
    "a port": ("FROM localhost:5000/a:1.0", ["localhost:5000/a:1.0"]),
    "a digest": (f"FROM app@{DIGEST}", [f"app@{DIGEST}"]),
    "a tag and a digest": (f"FROM app:1@{DIGEST}", [f"app:1@{DIGEST}"]),
    "a scheme": ("skopeo inspect docker://quay.io/a/b:1.0", ["quay.io/a/b:1.0"]),
    "a context of Bake": ('base = "docker-image://ghcr.io/x/y:1"', ["ghcr.io/x/y:1"]),
    "an image of containerd": ("a containerd://alpine:3.19", ["alpine:3.19"]),
    "a scheme of charts": ("helm pull oci://ghcr.io/a/b:1.0", ["ghcr.io/a/b:1.0"]),
    "ports first": ("docker run -d -p 8080:80 quay.io/a/b:1.0", ["quay.io/a/b:1.0"]),
    "a volume first": ("docker run -v /data:/data:ro quay.io/a/b:1.0", ["quay.io/a/b:1.0"]),
    "a folder first": ("docker run -v ./conf:/conf:ro quay.io/a/b:1.0", ["quay.io/a/b:1.0"]),
    "a time first": ("LABEL time=12:30 image=quay.io/a/b:1.0", ["quay.io/a/b:1.0"]),
    "an address first": (
        '- args: ["--listen=0.0.0.0:8080", "--img=quay.io/acme/v:1.0.0"]',
        ["quay.io/acme/v:1.0.0"],
    ),
    "a host first": ("run --listen=localhost:80 --to=db.acme.io:5432 a:1", ["a:1"]),
    "an owner first": ("COPY --chown=node:node --from=quay.io/a/b:1 /a /b", ["quay.io/a/b:1"]),
    "a user first": ("docker run -u node:staff quay.io/a/b:1", ["quay.io/a/b:1"]),
    "flow style": (
        'web: {ports: ["8080:80"], image: "quay.io/acme/a:1.0.0"}',
        ["quay.io/acme/a:1.0.0"],
    ),
    "JSON without blanks": ('{"ports":["80:80"],"image":"quay.io/a/b:1.0"}', ["quay.io/a/b:1.0"]),
    "JSON in a text": (r'X="{\"image\": \"quay.io/a/b:1.0\"}"', ["quay.io/a/b:1.0"]),
    "a key of JSON": ('"quay.io/a/b:1.0": "x"', ["quay.io/a/b:1.0"]),
    "several": ('images = ["quay.io/a/x:1.0", "y:2.0"]', ["quay.io/a/x:1.0", "y:2.0"]),
    "one twice": ("retag a/b:1.0 a/b:1.0", ["a/b:1.0", "a/b:1.0"]),
    "a list": ("IMAGES=a/b:1,c/d:2;e/f:3", ["a/b:1", "c/d:2", "e/f:3"]),
    "quotes in quotes": ("sh -c \"docker pull 'a/b:1'\"", ["a/b:1"]),
    "back quotes": ("X=`docker pull a/b:1`", ["a/b:1"]),
    "in a command": ("X=$(docker run a/b:1 version)", ["a/b:1"]),
    "in a call": ('pull("a/b:1")', ["a/b:1"]),
    "beside a placeholder": ("docker run -e X=${X} a/b:1 $Y", ["a/b:1"]),
    "beside an image with one": ("retag $REG/a:1 quay.io/a/b:1", ["quay.io/a/b:1"]),
    "between tags of a template": ("{{ if .x }} image: a/b:1 {{ end }}", ["a/b:1"]),
    "a capital tag": ("FROM a/b:RC_1", ["a/b:RC_1"]),
    "an assignment of make": ("IMAGE := a/b:1", ["a/b:1"]),
    "behind other letters": ("echo é 🚀 a/b:1 é", ["a/b:1"]),
    "a comment of C behind it": ("image a/b:1 // c/d:1", ["a/b:1"]),
}


@pytest.mark.parametrize(("line", "expected"), READ.values(), ids=READ.keys())
def test_what_is_read(line: str, expected: list[str]) -> None:
    found = read(line)
    assert images(found) == expected
    assert found.unread == ()
    assert {field.marker.text for field in found.fields if field.marker} == {"careful"}


FILLED_IN = {
    "a variable": ("FROM $REGISTRY/acme/app:1.0.0", "$REGISTRY/acme/app:1.0.0"),
    "in braces": ("FROM ${REG}/a:1", "${REG}/a:1"),
    "in quotes": ('image = "${var.registry}/a/b:1.0"', "${var.registry}/a/b:1.0"),
    "without a slash": ("FROM ${REG}acme/app:1", "${REG}acme/app:1"),
    "in a variable": ("FROM ${A:-${B}}/acme/app:1", "${A:-${B}}/acme/app:1"),
    "of make": ("pull $(REG)/a:1", "$(REG)/a:1"),
    "of make, without a slash": ("pull $(REG)acme/a:1", "$(REG)acme/a:1"),
    "quotes around it": ('docker run "$REG"/acme/app:1', '$REG"/acme/app:1'),
    "quotes up to the slash": ('docker run "$REG/"acme/app:1', '$REG/"acme/app:1'),
    "quotes behind it": ("docker run ${REG}/'acme/app:1'", "${REG}/'acme/app:1"),
    "JSON": ('{"image":"$REG/acme/app:1"}', "$REG/acme/app:1"),
    "the tag": ("FROM debian:$VERSION", "debian:$VERSION"),
    "all of it": ("image: {{ .image }}:{{ .tag }}", "{{ .image }}:{{ .tag }}"),
    "behind a tag": ("FROM acme/app:1.0${SUFFIX}", "acme/app:1.0${SUFFIX}"),
    "of a template": ("image: {{ .reg }}acme/app:1", "{{ .reg }}acme/app:1"),
    "pointed": ("FROM <registry>/acme/app:1.0.0", "<registry>/acme/app:1.0.0"),
    "of Windows": ("FROM %REGISTRY%/acme/app:1.0", "%REGISTRY%/acme/app:1.0"),
    "of a format": ('image = format("%s/acme/app:1.0", reg)', "%s/acme/app:1.0"),
    "of a format with names": ("image: '%(reg)s/acme/app:1' % x", "%(reg)s/acme/app:1"),
    "of CUE": (r'image: "\(reg)/acme/app:1"', r"\(reg)/acme/app:1"),
    "of a format in braces": ('"{}/acme/app:1".format(reg)', "{}/acme/app:1"),
    "a name in braces": ('"{reg}acme/app:1"', "{reg}acme/app:1"),
    "of Ruby": ("FROM <%= reg %>/acme/app:1.0.0", "<%= reg %>/acme/app:1.0.0"),
    "in hashes": ("FROM #{REG}#/acme/app:1.0", "#{REG}#/acme/app:1.0"),
    "in at signs": ("FROM @@REG@@/acme/app:1.0", "@@REG@@/acme/app:1.0"),
    "in parentheses": ("FROM ((reg))acme/app:1.0", "((reg))acme/app:1.0"),
    "a name for sed": ("FROM REGISTRY_HOST/app:1.0", "REGISTRY_HOST/app:1.0"),
    "a name between lines": ("FROM __REGISTRY__/acme/app:1.0", "__REGISTRY__/acme/app:1.0"),
}


@pytest.mark.parametrize(("line", "shown"), FILLED_IN.values(), ids=FILLED_IN.keys())
def test_what_another_tool_fills_in_is_expected(line: str, shown: str) -> None:
    found = read(line)
    assert images(found) == []
    (unread,) = found.unread
    assert (unread.line, unread.code, unread.expected) == (1, "variable", True)
    assert unread.reason == f"{shown!r} is filled in by another tool"


def test_the_line_that_is_filled_in_is_reported_not_that_of_the_marker() -> None:
    found = scan("Dockerfile", b"# imagebot: careful\nFROM $REG/a:1\nFROM b:1\n")
    assert [(each.line, each.code) for each in found.unread] == [(2, "variable")]


NOT_READ = {
    "an address in brackets": "FROM [::1]:5000/acme/v6:1.0.0",
    "a name of Amazon": "x arn:aws:ecr:us-east-1:123:repository/foo:1.0",
    "a URL": "curl https://quay.io/acme/app:1.0",
    "ports": "docker run -p 8080:80 -p 127.0.0.1:81:81 -p 53:53/udp x",
    "a port that is filled in": "docker run -p $PORT:80 x",
    "no tag": "FROM debian",
    "a variable alone": "FROM $IMAGE",
    "a default": "${IMAGE-quay.io/acme/app:1.0}",
    "a default that is set": "${IMAGE:=quay.io/acme/app:1.0}",
    "a default of a template": '{{ default "acme/app:1.0" .image }}',
    "a template without an end": '{{ default "acme/app:1.0"',
    "a command": "$(acme/app:1.0 x)",
    "an element": "x[reg]acme/app:1.0",
    "an index behind it": "acme/app:1.0[x]",
    "a call before it": "f(reg)acme/app:1.0",
    "back quotes before it": "`reg`acme/app:1.0",
    "text before it": "'quay.io/'acme/app:1.0",
    "text behind it": "acme/app:1.0'-x'",
    "joined": 'image = reg + "acme/app:1.0"',
    "joined to what follows": 'image = "acme/app:1.0" + suffix',
    "an escape": r'X="\nacme/app:1.0"',
    "a path of Windows": r"C:\acme\app:1.0",
    "an at sign": "x @acme/app:1.0",
    "other letters": "x éacme/app:1.0",
    "a capital name": "FROM acme/App:1.0",
    "a marker's words": "run /* imagebot: ignore, it is acme/app:1.0 */",
    "an owner": "USER app:staff",
}


@pytest.mark.parametrize("line", NOT_READ.values(), ids=NOT_READ.keys())
def test_no_part_of_a_word_is_read(line: str) -> None:
    found = read(line)
    assert images(found) == []
    assert [(each.line, each.code, each.expected) for each in found.unread] == [
        (1, "marker", False)
    ]
    assert "no image with a tag" in found.unread[0].reason


def test_words_of_a_marker_in_another_comment_are_not_an_image() -> None:
    found = scan("main.tf", b'image = "a:1" /* imagebot: ignore, see b:2 */\n')
    assert images(found) == ["a:1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_all_images_of_a_line_are_changed_to_the_byte(end: str, mark: bytes) -> None:
    line = f'é 🚀 X=["oci://quay.io/é/y:1", "a/b:1.0", oci://c/d:1.0 ] {MARKER} é'
    before = mark + f"# ü{end}{line}{end}a/b:1.0{end}".encode()
    found = scan("run.sh", before)
    assert images(found) == ["a/b:1.0", "c/d:1.0"]
    assert [field.line for field in found.fields] == [2, 2]
    made = edit("run.sh", before, [FieldEdit(field, "2.0", None) for field in found.fields])
    after = line.replace("1.0", "2.0")
    assert made == mark + f"# ü{end}{after}{end}a/b:1.0{end}".encode()


def test_one_image_of_a_line_is_changed_and_one_given_a_digest() -> None:
    before = f"pull a/b:1 a/b:1 a/b:1 {MARKER}\n".encode()
    first, second, _ = scan("run.sh", before).fields
    edits = [FieldEdit(second, "2", None), FieldEdit(first, None, DIGEST)]
    assert edit("run.sh", before, edits) == f"pull a/b:1@{DIGEST} a/b:2 a/b:1 {MARKER}\n".encode()


def test_all_images_of_a_line_of_a_template_are_read() -> None:
    found = scan("a.yaml", f"{{{{ x }}}}\n{{{{ y }}}}\nimage: [a:1, 'b:1'] {MARKER}\n".encode())
    assert images(found) == ["a:1", "b:1"]


def test_a_near_miss_blocks_all_images_of_its_line() -> None:
    found = scan("run.sh", f"# Imagebot: ignore\npull a:1 b:1 {MARKER}\n".encode())
    assert [bool(field.refusal) for field in found.fields] == [True, True]


DISAGREEING = "# imagebot: shape\nFROM a:1 b:1 # imagebot: ignore\nFROM c:1\n"


@pytest.mark.parametrize(("path", "head"), [("Dockerfile", ""), ("a.yaml", "{{ x }}\n{{ y }}\n")])
def test_markers_that_disagree_are_reported_as_in_yaml(path: str, head: str) -> None:
    found = scan(path, f"{head}{DISAGREEING}".encode())
    first = head.count("\n") + 1
    refusal = f"the markers on lines {first} and {first + 1} disagree"
    assert [(field.marker, field.refusal) for field in found.fields] == [(None, refusal)] * 2
    (told,) = [each for each in found.unread if each.code == "marker"]
    assert (told.line, told.expected) == (first + 1, False)
    other = scan("b.yaml", b"# imagebot: shape\nimage: a:1 # imagebot: ignore\n")
    (in_yaml,) = other.unread
    moved = in_yaml.reason.replace("b.yaml:1", f"{path}:{first}")
    assert told.reason == moved.replace("on line 2", f"on line {first + 1}")


def test_markers_that_agree_are_one() -> None:
    found = scan("Dockerfile", b"# imagebot: ignore\nFROM a:1 # imagebot: ignore, why\n")
    assert (images(found), found.unread) == (["a:1"], ())
    assert found.fields[0].refusal == ""


def test_more_images_than_a_file_has_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_module, "MAX_FIELDS", 10)
    assert len(read("a/b:1 " * 10).fields) == 10
    template = "{{ x }}\n{{ y }}\n"
    for path, head in (("run.sh", ""), ("a.yaml", template)):
        for text in ("a/b:1 " * 11 + MARKER, f"a/b:1 {MARKER}\n" * 11):
            found = scan(path, f"{head}{text}\n".encode())
            assert found.fields == ()
            assert [each.code for each in found.unread if not each.expected] == ["too-big"]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('docker run "acme/app:1.0 # x" acme/web:1.0', ["acme/app:1.0", "acme/web:1.0"]),
        ('docker run acme/web:1.0 -e X="a #b" acme/app:1.0', ["acme/web:1.0", "acme/app:1.0"]),
        ("docker run -e X='a # b' acme/app:1.0 # acme/old:1.0", ["acme/app:1.0"]),
    ],
)
def test_a_sign_in_quotes_begins_no_comment(line: str, named: list[str]) -> None:
    assert images(read(line)) == named


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Dockerfile", "# FROM acme/app:1.0 # imagebot: ignore"),
        ("main.tf", '#image = "acme/app:1.0" # imagebot: shape'),
        ("main.tf", '// image = "acme/app:1.0" # imagebot: ignore'),
    ],
)
def test_a_marker_of_a_line_that_is_commented_out_is_none(path: str, line: str) -> None:
    assert scan(path, f"{line}\n".encode()) == Scan()


def test_a_pattern_obeys_markers_in_a_script_of_a_manifest() -> None:
    text = "data:\n  run.sh: |\n    docker run acme/app:1.0 # imagebot: ignore\n  image: a:1\n"
    extra = ExtraFile(match=("*.yaml",), pattern=r"run (?P<name>[a-z/]+):(?P<tag>[\w.]+)")
    found = scan("a.yaml", text.encode(), ScanOptions(files=(extra,)))
    assert [each.marker and each.marker.kind for each in found.fields] == ["ignore", None]
