from __future__ import annotations

import dataclasses
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.plan.model import Update
from imagebot.publish.marker import PullRequestMarker, read_marker
from imagebot.publish.text import (
    MAX_BODY,
    branch_name,
    commit_message,
    is_commit_message,
    plan_hash,
    pull_request_body,
    pull_request_title,
)
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


SUBJECTS = [
    ((API,), "Update ghcr.io/acme/api to 1.1.0"),
    ((API, TEST), "Update ghcr.io/acme/api to 1.1.0"),
    ((API, make_update("x.yaml", tag="2.0.0")), "Update ghcr.io/acme/api"),
    ((API, WEB), "Update api and nginx"),
    ((API, WEB, PINNED), "Update api, nginx and redis"),
    ((API, make_update(reference="ghcr.io/other/api:1")), "Update 2 images"),
    (tuple(make_update(reference=f"app{n}:1") for n in range(4)), "Update 4 images"),
    ((PINNED,), "Update redis to 7 sha256:ffffffffffff"),
]


@pytest.mark.parametrize(("updates", "subject"), SUBJECTS)
def test_subjects(updates: tuple[Update, ...], subject: str) -> None:
    assert commit_message(updates).splitlines()[0] == subject
    assert pull_request_title(updates, route="production") == f"{subject} (production)"


def test_commit_message() -> None:
    assert commit_message((API, WEB, PINNED)) == (
        "Update api, nginx and redis\n"
        "\n"
        "- clusters/production/api.yaml: ghcr.io/acme/api 1.0.0 -> 1.1.0 (minor)\n"
        "- clusters/production/web.yaml: nginx no tag -> 1.27.3 (other)\n"
        "- values.yaml: redis 7 sha256:0123456789ab -> 7 sha256:ffffffffffff (digest)\n"
    )


def test_a_long_commit_message_is_cut() -> None:
    updates = [make_update(f"{number}.yaml") for number in range(250)]
    lines = commit_message(updates).splitlines()
    assert len(lines) == 103
    assert lines[-1] == "- and 150 more"


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
        '<!-- imagebot:1 {"route": "production", "plan": "aaaaaaaaaaaaaaaa",'
        ' "blobs": "bbbbbbbbbbbbbbbb", "pushed": "cccccccccccccccccccccccccccccccccccccccc",'
        ' "updates": "", "retired": false, "configuration": ""} -->\n'
    )


def test_the_same_plan_has_the_same_hash() -> None:
    assert plan_hash((API, WEB)) == plan_hash((WEB, API))
    moved = make_update(line=99, keys=("spec", "containers", 3, "image"))
    assert plan_hash((moved,)) == plan_hash((API,))
    others = [(), (API,), (WEB,), (make_update(tag="1.1.1"),), (make_update(digest=DIGEST),)]
    assert len({plan_hash(updates) for updates in others}) == 5


# Each would do something on a forge, in a pipeline or on a terminal.
HOSTILE = [
    "@acme/admins", "cc @alice", "a@b", "fixes #1", "acme/gitops#1", "GH-12", "!7",
    "<!-- imagebot:1 {} -->", "<img src=x onerror=alert(1)>", "<details>", "--> x <!--",
    "| a | b |", "`code`", "``` \n", "**bold** _it_ ~no~", "[x](javascript:alert(1))",
    "https://evil.example.com/x", "www.evil.example.com", "[skip ci]", "[ci skip]", "***NO_CI***",
    "a\nCo-authored-by: M <m@evil>", "\r\n::error::x", "\x1b[2J\x07", "\u202egnp.exe",
    "@\u200balice", "#\u200b1", "$(id)", "\\", "&lt;b&gt;",
]  # fmt: skip


def render(text: str) -> str:
    """The text at every place of a body that it can come to."""
    update = make_update(path=text, reason=text)
    marker = dataclasses.replace(MARKER, route=text)
    return pull_request_body((update,), base=text, marker=marker)


LINE = r"@\w|#\d|\bGH-\d|!\d|://|\[skip|\[ci|\*{3}NO_CI"
LIVE = re.compile(rf"{LINE}|www\.|\]\(")
CODE = re.compile(r"\\`|`[^`\n]*`")


def assert_harmless(body: str) -> None:
    visible, _, hidden = body.rpartition("<!-- imagebot:1 ")
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


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing_in_a_commit_message(text: str) -> None:
    message = commit_message((make_update(path=text),))
    subject, empty, line, end = message.split("\n")
    assert (subject, empty, end) == ("Update ghcr.io/acme/api to 1.1.0", "", "")
    assert line.startswith("- ")
    assert not re.search(LINE, line)
    title = pull_request_title((API,), route=text)
    assert not re.search(rf"{LINE}|www\\.", title)
    assert "\n" not in title


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
    assert read_marker(body) == marker


@pytest.mark.parametrize(
    ("message", "own"),
    [
        (commit_message((API, WEB)), True),
        ("Update api (#3)\r\n\r\n" + commit_message((API,)).replace("\n", "\r\n"), True),
        ("Merge pull request #1 from acme/imagebot/production-all-e530d2b8\n", True),
        ("Merged in imagebot/production-all-e530d2b8 (pull request #1)", True),
        (f'Revert "{commit_message((API,))}', False),
        ('Revert "Merge pull request #1 from acme/imagebot/production-all-e530d2b8"', False),
        ("Merge pull request #2 from acme/revert-1-imagebot/production-all-e530d2b8", False),
        ("Update ghcr.io/acme/api to 1.1.0", False),
        ("Read https://example.com/imagebot/deadbeef1", False),
        ("", False),
    ],
)
def test_which_commits_say_that_they_are_imagebots(message: str, own: bool) -> None:
    assert is_commit_message(message) is own
