from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.model import CommitOptions
from imagebot.config.placeholders import SUBJECT, TITLE
from imagebot.plan.model import Update
from imagebot.publish.changes import Change
from imagebot.publish.message import (
    MAX_SUBJECT,
    MAX_TITLE,
    commit_message,
    is_commit_message,
    pull_request_title,
)
from imagebot.publish.text import plan_hash
from imagebot.publish.trailers import Digests, key_of
from tests.publish.hostile import HOSTILE, LIVE_LINE
from tests.publish.updates import make_update

OLD = "sha256:" + "0123456789abcdef" * 4
NEW = "sha256:" + "f" * 64
SEEN = "sha256:" + "a" * 64
API = make_update()
TEST = make_update("clusters/test/api.yaml", route="test", line=3)
WEB = make_update(
    "clusters/production/web.yaml", "nginx", "1.27.3", update_type="other", reason="adopted"
)
PINNED = make_update(
    "values.yaml", f"redis:7@{OLD}", None, digest=NEW, update_type="digest", line=1
)
ALONE = make_update("values.yaml", f"redis@{OLD}", None, digest=NEW, update_type="digest")
DEFAULT = CommitOptions()


def change_of(*updates: Update, mode: str = "commit", route: str = "test") -> Change:
    return Change(
        target="acme/gitops",
        base="main",
        branch="main" if mode == "commit" else "imagebot/x",
        mode="commit" if mode == "commit" else "pull-request",
        route=route,
        updates=updates,
    )


def message_of(*updates: Update, digests: Digests | None = None, **options: object) -> str:
    chosen = dataclasses.replace(DEFAULT, **options)  # type: ignore[arg-type]  # checked there
    return commit_message(change_of(*updates), chosen, digests or Digests())


def subject_of(*updates: Update, **options: object) -> str:
    return message_of(*updates, **options).splitlines()[0]  # type: ignore[arg-type]  # checked there


def many(count: int) -> tuple[Update, ...]:
    return tuple(make_update(f"{n}.yaml", f"app{n}:1", f"{n}.0") for n in range(count))


LONG = "registry.example.com/a/rather/long/path/of/folders/with/an"


@pytest.mark.parametrize(
    ("updates", "subject"),
    [
        ((API,), "Update ghcr.io/acme/api to 1.1.0"),
        ((API, TEST), "Update ghcr.io/acme/api to 1.1.0"),
        ((API, make_update("x.yaml", tag="2.0.0")), "Update ghcr.io/acme/api"),
        ((API, WEB), "Update api and nginx"),
        ((API, make_update(reference="ghcr.io/acme/web:1.0.0")), "Update api and web to 1.1.0"),
        ((API, WEB, PINNED), "Update api, nginx and redis"),
        ((API, make_update(reference="ghcr.io/other/api:1")), "Update 2 images to 1.1.0"),
        (many(4), "Update 4 images"),
        ((PINNED,), "Update the digest of redis:7"),
        ((ALONE,), "Update the digest of redis"),
        ((PINNED, dataclasses.replace(ALONE, route="x")), "Update the digest of redis"),
        (
            (PINNED, make_update(reference=f"nginx:1@{OLD}", tag=None, digest=NEW)),
            "Update the digests of redis and nginx",
        ),
        (
            (make_update(reference=f"{LONG}/image:1", tag="2.0.0"),),
            "Update image to 2.0.0",
        ),
        (
            (make_update(reference=f"{LONG}/{'x' * 80}:1", tag="2.0.0"),),
            "Update 1 image",
        ),
        (
            (make_update(reference="ghcr.io/acme/api:1", tag="t" * 100),),
            "Update ghcr.io/acme/api",
        ),
    ],
)
def test_subjects(updates: tuple[Update, ...], subject: str) -> None:
    assert subject_of(*updates) == subject
    title = pull_request_title(change_of(*updates, route="production"), DEFAULT)
    assert title == f"{subject} (production)"


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ({"prefix": "chore(deps): "}, "chore(deps): Update ghcr.io/acme/api to 1.1.0"),
        ({"suffix": "[skip ci]"}, "Update ghcr.io/acme/api to 1.1.0 [skip ci]"),
        ({"subject": "{images} {from} -> {to}"}, "api 1.0.0 -> 1.1.0"),
        ({"subject": "{count} {type} in {folder}"}, "1 minor in clusters/production"),
        ({"subject": "{route}@{branch} {{x}}"}, "test@main {x}"),
        ({"prefix": "[{folder}] ", "subject": "bump"}, "[clusters/production] bump"),
        ({"prefix": "x" * 40}, "x" * 40 + "Update ghcr.io/acme/api to 1.1.0"),
        ({"prefix": "x" * 40, "suffix": "[skip ci]"}, "x" * 40 + "Update api to 1.1.0 [skip ci]"),
        ({"subject": "y" * 200, "suffix": "[skip ci]"}, "y" * 61 + "… [skip ci]"),
        ({"subject": "{{summary}}"}, "{summary}"),
    ],
)
def test_a_subject_of_one_s_own(options: dict[str, object], subject: str) -> None:
    assert subject_of(API, **options) == subject
    assert len(subject) <= MAX_SUBJECT


@pytest.mark.parametrize(
    ("updates", "values"),
    [
        ((API, WEB), "several tags|several tags|2|minor|clusters/production"),
        ((WEB,), "no tag|1.27.3|1|other|clusters/production"),
        ((API, PINNED), "several tags|several tags|2|minor|."),
        ((PINNED,), "7|7|1|digest|."),
        ((ALONE,), "no tag|no tag|1|digest|."),
        ((API, make_update("clusters/test/x/a.yaml", update_type="major")),
         "1.0.0|1.1.0|2|major|clusters"),
    ],
)  # fmt: skip
def test_values_of_placeholders(updates: tuple[Update, ...], values: str) -> None:
    assert subject_of(*updates, subject="{from}|{to}|{count}|{type}|{folder}") == values


def test_every_placeholder_has_a_value() -> None:
    every = "".join(f"{{{name}}}" for name in SUBJECT)
    assert subject_of(API, subject=every)
    change = change_of(API, mode="pull-request")
    every = "".join(f"{{{name}}}" for name in TITLE)
    options = dataclasses.replace(change.options, title=every)
    assert pull_request_title(dataclasses.replace(change, options=options), DEFAULT)


def test_a_suffix_is_for_the_target_s_own_branch() -> None:
    """In a pull request it would keep checks from running, and come back with a squash."""
    options = CommitOptions(suffix="[skip ci]", prefix="fix: ")
    change = change_of(API, mode="pull-request", route="production")
    message = commit_message(change, options, Digests())
    assert message.splitlines()[0] == "fix: Update ghcr.io/acme/api to 1.1.0"
    assert "skip" not in message
    title = pull_request_title(change, options)
    assert title == "fix: Update ghcr.io/acme/api to 1.1.0 (production)"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("{subject}", "fix: Update ghcr.io/acme/api to 1.1.0"),
        ("Deploy {images} {to} to {route}", "Deploy api 1.1.0 to production"),
        ("{summary}" * 30, "Update ghcr.io/acme/api to 1.1.0" * 30),
    ],
)
def test_titles_of_one_s_own(title: str, shown: str) -> None:
    change = change_of(API, mode="pull-request", route="production")
    change = dataclasses.replace(change, options=dataclasses.replace(change.options, title=title))
    made = pull_request_title(change, CommitOptions(prefix="fix: "))
    assert made == (shown if len(shown) <= MAX_TITLE else shown[: MAX_TITLE - 1] + "…")


def test_commit_message() -> None:
    digests = Digests(of={key: SEEN for key in [key_of(API)] if key})
    updates = (API, dataclasses.replace(WEB, route="other"), PINNED)
    assert message_of(*updates, digests=digests) == (
        "Update api, nginx and redis\n"
        "\n"
        "- clusters/production/api.yaml: ghcr.io/acme/api 1.0.0 -> 1.1.0 (minor)\n"
        "  policy careful: the newest of 12 that ^1.0 allows\n"
        "- clusters/production/web.yaml: nginx no tag -> 1.27.3 (other)\n"
        "  policy careful: adopted\n"
        "- values.yaml: redis 7 sha256:0123456789ab -> 7 sha256:ffffffffffff (digest)\n"
        "  policy careful: the newest of 12 that ^1.0 allows\n"
        "\n"
        f"Imagebot-Update: ghcr.io/acme/api 1.0.0 -> 1.1.0@{SEEN}\n"
        "Imagebot-Update: nginx - -> 1.27.3\n"
        f"Imagebot-Update: redis 7@{OLD} -> 7@{NEW}\n"
        "Imagebot-Policy: careful\n"
        "Imagebot-Route: production\n"
        "Imagebot-Route: other\n"
        f"Imagebot-Plan: {plan_hash(updates)}\n"
    )


def test_a_digest_that_is_not_known_is_said() -> None:
    key = key_of(API)
    assert key is not None
    message = message_of(API, PINNED, digests=Digests(failures={key: "ghcr.io: timed out"}))
    assert message.count("  digest unknown: ghcr.io: timed out\n") == 1
    assert "\nImagebot-Update: ghcr.io/acme/api 1.0.0 -> 1.1.0\n" in message


def test_sign_off_and_further_trailers() -> None:
    options = CommitOptions(
        sign_off=True, committer_name="Deploy Bot", committer_email="deploy@example.com"
    )
    change = dataclasses.replace(change_of(API), trailers=("Imagebot-Again: ghcr.io/acme/api 2",))
    assert commit_message(change, options, Digests()).splitlines()[-2:] == [
        "Imagebot-Again: ghcr.io/acme/api 2",
        "Signed-off-by: Deploy Bot <deploy@example.com>",
    ]
    assert "Signed-off-by: imagebot <" in message_of(API, sign_off=True)


def test_a_long_message_is_cut_and_its_trailers_stay() -> None:
    lines = message_of(*many(1200)).splitlines()
    assert lines.count("- and 200 more") == 1
    assert len([line for line in lines if line.startswith("- ")]) == 1001
    assert len([line for line in lines if line.startswith("Imagebot-Update: ")]) == 1000
    assert lines[-1].startswith("Imagebot-Plan: ")


def test_a_trailer_for_each_reference_and_not_for_each_file() -> None:
    assert message_of(API, TEST).count("Imagebot-Update: ") == 1
    assert message_of(API, TEST).count("\n- ") == 2


def parsed(message: str, tmp_path: Path) -> list[str]:
    """The trailers as git reads them."""
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=message.encode(),
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    return done.stdout.decode().splitlines()


@pytest.mark.parametrize("count", [1, 3, 1200])
def test_git_reads_the_trailers(count: int, tmp_path: Path) -> None:
    message = message_of(*many(count), sign_off=True)
    _, _, block = message.rpartition("\n\n")
    assert parsed(message, tmp_path) == block.splitlines()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing_in_a_message(text: str, tmp_path: Path) -> None:
    update = make_update(path=text, reason=text, route=text)
    message = message_of(update)
    body = message.partition("\n")[2].replace("api 1.0.0 -> 1.1.0", "")
    assert not re.search(LIVE_LINE, body)
    lines = message.splitlines()
    assert (lines[0], lines[1], lines[4]) == ("Update ghcr.io/acme/api to 1.1.0", "", "")
    assert lines[2].startswith("- ")
    assert lines[3].startswith("  policy careful: ")
    assert [line.partition(":")[0] for line in lines[5:]] == [
        "Imagebot-Update", "Imagebot-Policy", "Imagebot-Route", "Imagebot-Plan",
    ]  # fmt: skip
    assert [line.partition(":")[0] for line in parsed(message, tmp_path)] == [
        "Imagebot-Update", "Imagebot-Policy", "Imagebot-Route", "Imagebot-Plan",
    ]  # fmt: skip
    title = pull_request_title(change_of(API, route=text), DEFAULT)
    assert not re.search(rf"{LIVE_LINE}|www\\.", title)
    assert "\n" not in title


@given(st.text(max_size=60), st.sampled_from(["", "chore: ", "{folder}: "]))
def test_any_text_leaves_the_form_of_a_message(text: str, prefix: str) -> None:
    message = message_of(make_update(path=text or "x", reason=text), prefix=prefix)
    lines = message.split("\n")
    assert len(lines) == 10
    assert 0 < len(lines[0]) <= MAX_SUBJECT
    assert is_commit_message(message)


def with_subject(subject: str, message: str) -> str:
    return subject + "\n" + message.partition("\n")[2]


SQUASHED = (
    "Deploy (#7)\n\n* Update api\n\n- a.yaml and more\n\n"
    f"    Imagebot-Update: ghcr.io/acme/api 1.0.0 -> 1.1.0@{SEEN}\n\n"
    "---------\n\nCo-authored-by: Alice <alice@example.com>\n"
)


@pytest.mark.parametrize(
    ("message", "own"),
    [
        (message_of(API, WEB), True),
        (message_of(API, prefix="fix: ", subject="x"), True),
        ("Update api (#3)\r\n\r\n" + message_of(API).replace("\n", "\r\n"), True),
        # As they were before there were trailers.
        ("Update api\n\n- a.yaml: ghcr.io/acme/api 1.0.0 -> 1.1.0 (minor)\n", True),
        (SQUASHED, True),
        ("Merge pull request #1 from acme/imagebot/production-all-e530d2b8\n", True),
        ("Merged in imagebot/production-all-e530d2b8 (pull request #1)", True),
        (f'Revert "{message_of(API)}', False),
        ('Revert "Merge pull request #1 from acme/imagebot/production-all-e530d2b8"', False),
        ("Merge pull request #2 from acme/revert-1-imagebot/production-all-e530d2b8", False),
        ("Update ghcr.io/acme/api to 1.1.0", False),
        ("Read https://example.com/imagebot/deadbeef1", False),
        ("Explain what Imagebot-Update: is", False),
        ("", False),
    ],
)
def test_which_commits_say_that_they_are_imagebots(message: str, own: bool) -> None:
    assert is_commit_message(message) is own
