from __future__ import annotations

import dataclasses
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.text import (
    MAX_BODY,
    branch_name,
    plan_hash,
    pull_request_body,
)
from tests.publish.hostile import HOSTILE, LIVE_LINE
from tests.publish.updates import make_update

DIGEST = "sha256:" + "0123456789abcdef" * 4
MARKER = PullRequestMarker(route="production", plan="a" * 16, blobs="b" * 16, pushed="c" * 40)
API = make_update()
TEST = make_update("clusters/test/api.yaml", route="test", line=3)
WEB = make_update(
    "clusters/production/web.yaml", "nginx", "1.27.3", update_type="other", reason="adopted"
)
PINNED = make_update(
    "values.yaml",
    f"redis:7@{DIGEST}",
    None,
    digest="sha256:" + "f" * 64,
    update_type="digest",
    line=1,
)


@pytest.mark.parametrize(
    ("route", "group", "name"),
    [
        ("production", "all", "imagebot/production-all-e530d2b8"),
        ("Prod & test", "docker.io/library/nginx", "imagebot/prod-test-docker-io-library-nginx-"),
        ("$(touch x)", "`id`;#", "imagebot/touch-x-id-"),
        ("日本", "…", "imagebot/"),
        ("x" * 300, "y" * 300, "imagebot/" + "x" * 40 + "-" + "y" * 40 + "-"),
    ],
)
def test_branch_names(route: str, group: str, name: str) -> None:
    assert branch_name(base="main", route=route, group=group).startswith(name)


@given(st.text(), st.text(), st.text())
def test_branch_names_are_safe_everywhere(base: str, route: str, group: str) -> None:
    name = branch_name(base=base, route=route, group=group)
    assert re.fullmatch(r"imagebot/[a-z0-9-]+", name)
    assert len(name) < 120
    checked = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False)
    assert checked.returncode == 0
    assert name == branch_name(base=base, route=route, group=group)


def test_branch_names_differ_where_their_words_do_not() -> None:
    names = {
        branch_name(base=base, route=route, group=group)
        for base in ("main", "dev")
        for route, group in (("a-b", "c"), ("a", "b-c"), ("A-b", "c"))
    }
    assert len(names) == 6


def test_pull_request_body() -> None:
    assert pull_request_body((API, WEB, PINNED), base="main", marker=MARKER) == (
        "imagebot proposes 3 updates for `main`, route `production`.\n"
        "\n"
        "| File | Image | From | To | Type | Why |\n"
        "|---|---|---|---|---|---|\n"
        "| `clusters/production/api.yaml:7` | `ghcr.io/acme/api` | `1.0.0` | `1.1.0` | minor"
        " | the newest of 12 that ^1.0 allows |\n"
        "| `clusters/production/web.yaml:7` | `nginx` | `no tag` | `1.27.3` | other | adopted |\n"
        "| `values.yaml:1` | `redis` | `7 sha256:0123456789ab` | `7 sha256:ffffffffffff` | digest"
        " | the newest of 12 that ^1.0 allows |\n"
        "\n"
        "Merge this to deploy these updates. Close this to reject these versions: imagebot will not"
        " propose them again, but will propose newer ones. imagebot keeps this branch up to date as"
        " long as nobody else commits to it, and never overwrites other people's commits.\n"
        "\n"
        '<!-- imagebot:2 {"route":"production","plan":"aaaaaaaaaaaaaaaa",'
        '"blobs":"bbbbbbbbbbbbbbbb","pushed":"cccccccccccccccccccccccccccccccccccccccc",'
        '"updates":""} -->\n'
    )


def test_the_same_plan_has_the_same_hash() -> None:
    assert plan_hash((API, WEB)) == plan_hash((WEB, API))
    moved = make_update(line=99, keys=("spec", "containers", 3, "image"))
    assert plan_hash((moved,)) == plan_hash((API,))
    others = [(), (API,), (WEB,), (make_update(tag="1.1.1"),), (make_update(digest=DIGEST),)]
    assert len({plan_hash(updates) for updates in others}) == 5


def render(text: str) -> str:
    """The text at every place of a body that it can come to."""
    update = make_update(path=text, reason=text)
    marker = dataclasses.replace(MARKER, route=text)
    return pull_request_body((update,), base=text, marker=marker)


LIVE = re.compile(rf"{LIVE_LINE}|www\.|\]\(")
CODE = re.compile(r"\\`|`[^`\n]*`")


def assert_harmless(body: str) -> None:
    visible, _, hidden = body.rpartition("<!-- imagebot:2 ")
    assert "<!--" not in visible
    assert hidden.count("-->") == 1
    assert hidden.endswith("} -->\n")
    # What is code does nothing, so long as it ends where it should.
    prose = CODE.sub(" ", visible)
    assert "`" not in prose
    assert not re.search(r"(?<!\\)[<>]", prose.replace("&lt;", "").replace("&gt;", ""))
    assert not LIVE.search(prose)
    rows = [line for line in visible.splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert [row.count("|") for row in rows] == [7, 7, 7]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", body)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing_in_a_pull_request(text: str) -> None:
    body = render(text)
    assert_harmless(body)
    marker = read_marker(body)
    assert marker is not None
    assert marker == dataclasses.replace(MARKER, route=text)


@given(st.text(alphabet="@#!`|<>-[]()*_\\ \n\r\x1b\u200b\u202eaG1:/w.", max_size=40))
def test_no_text_does_anything_in_a_pull_request(text: str) -> None:
    assert_harmless(render(text))


@pytest.mark.parametrize("letter", ["x", "ü", "😀", "|", "`", "@a", "<"])
def test_a_long_body_is_cut_between_rows(letter: str) -> None:
    updates = [
        make_update(f"{number}/{letter * 200}", reason=letter * 900) for number in range(900)
    ]
    marker = dataclasses.replace(MARKER, updates=tuple(update.id for update in updates))
    body = pull_request_body(updates, base="main", marker=marker)
    assert 0.7 * MAX_BODY < len(body.encode()) <= MAX_BODY < 65_536
    rows = [line for line in body.splitlines() if line.startswith("| `")]
    assert f"… and {900 - len(rows)} more: the commit has them all." in body
    assert all(row.endswith(" |") for row in rows)
    kept = dataclasses.replace(marker, updates=marker.updates[:100], left=800)
    assert read_marker(body) == kept
