"""The page: what it shows, and that nothing on it is more than text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot import __version__
from imagebot.config.model import ForgeOptions, Target
from imagebot.config.secret import Vault
from imagebot.plan.model import Plan, Published
from imagebot.problem import Problem
from imagebot.run.passes import PassResult
from imagebot.serve.board import Board, Done, PassEnd, Snapshot, TargetState
from imagebot.serve.page import Page
from tests.publish.updates import make_update

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J{{ 7 * 7 }}'
UPDATE = make_update()


class Read(HTMLParser):
    """What a browser takes a page for: elements with their attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str]:
        return [value for _, name, value in self.attributes if name == "href"]


def render(snapshot: Snapshot, vault: Vault | None = None) -> Read:
    page, _ = Page((vault or Vault()).hide).render(snapshot, NOW)
    return Read(page)


def state(name: str = "gitops", **more: object) -> TargetState:
    given = {"name": name, "url": "https://git.example/acme/gitops.git", "branch": "main"}
    return TargetState(**{**given, **more})  # type: ignore[arg-type]


def shot(**more: Any) -> Snapshot:
    return Snapshot(turned=NOW, **more)


def problem(message: str = "no access", hint: str = "renew the token") -> Problem:
    return Problem(scope="target", subject="gitops", code="git", message=message, hint=hint)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_nothing_yet() -> None:
    shown = render(shot())
    assert f"imagebot {__version__}" in shown.text
    assert "There are no targets" in shown.text
    assert "Nothing was published" in shown.text
    assert "the first pass is not done" in shown.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (state(), "gitops main waiting never never"),
        (state(running=True), "gitops main first pass never never, one is running"),
        (
            state(last_pass=ago(61), last_good=ago(61), seconds=0.347, images=12),
            "gitops main good 61 s ago 61 s ago (took 0.35 s) 12",
        ),
        (
            state(last_pass=ago(300), last_good=ago(9000), problem_count=1, running=True),
            "gitops main failing 2 h ago 5 min ago (took 0.00 s, one is running) 0",
        ),
        (
            state(last_pass=ago(1), last_good=ago(400_000), paused="freeze"),
            "gitops main paused 5 days ago 1 s ago (took 0.00 s) 0 paused in bot.yaml: freeze",
        ),
    ],
)
def test_a_target(given: TargetState, expected: str) -> None:
    assert expected in render(shot(targets=(given,))).text


def test_problems_have_hints_and_come_first() -> None:
    broken = state("broken", problems=(problem(),) * 20, problem_count=1234, last_pass=NOW)
    shown = render(shot(targets=(state("fine"), broken), ready=True))
    assert shown.text.index("broken") < shown.text.index("fine")
    assert shown.text.count("no access hint: renew the token") == 5
    assert "and 1229 more problems" in shown.text
    assert "imagebot: 1 failing" in shown.text


def test_warnings_are_shown() -> None:
    shown = render(shot(targets=(state(warnings=("gitops is paused: freeze",)),)))
    assert "gitops is paused: freeze" in shown.text


def test_a_refused_configuration() -> None:
    shown = render(shot(refused="bot.yaml:1:1: unknown key"))
    assert "The changed configuration is refused" in shown.text
    assert "bot.yaml:1:1: unknown key" in shown.text


def test_what_was_published() -> None:
    done = Done(
        at=ago(3),
        target="gitops",
        text="gitops: all: committed",
        updates=("app:1 -> app:2",),
        update_count=7,
        url="https://github.com/acme/gitops/commit/1",
        latency=0.5,
    )
    shown = render(shot(done=(done,)))
    assert "3 s ago gitops gitops: all: committed app:1 -> app:2 and 6 more 0.50 s" in shown.text
    assert shown.links() == [done.url]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ssh://git@git.example/acme.git",
        "git@git.example:acme.git",
        "file:///etc/passwd",
        "https://user:secret@git.example/a",
        "",
        "//git.example/a",
        "https:// git.example/a",
    ],
)
def test_only_what_a_browser_may_open_is_a_link(url: str) -> None:
    done = Done(at=NOW, target="a", text="b", url=url)
    assert render(shot(targets=(state(url=url),), done=(done,))).links() == []


def hostile(text: str) -> Snapshot:
    done = Done(at=NOW, target=text, text=text, updates=(text,), update_count=1, url=text)
    target = state(
        text,
        url=f"https://git.example/{text}",
        branch=text,
        paused=text,
        problems=(problem(text, text),),
        problem_count=1,
        warnings=(text,),
    )
    return shot(targets=(target,), done=(done,), refused=text)


@given(st.one_of(st.just(HOSTILE), st.text(min_size=1, max_size=100)))
def test_whatever_others_write_is_text(text: str) -> None:
    plain, shown = render(hostile("x")), render(hostile(text))
    assert [each for each in shown.elements if each != "a"] == [
        each for each in plain.elements if each != "a"
    ]
    assert not [name for _, name, _ in shown.attributes if name.startswith("on")]
    assert not any(ord(letter) < 0x20 and letter != "\n" for letter in shown.text)


def test_templates_of_others_are_not_filled_in() -> None:
    assert "49" not in render(hostile("{{ 7 * 7 }}")).text


def test_secrets_are_hidden_everywhere() -> None:
    vault = Vault()
    vault.keep("canary-0123456789", origin="x")
    page, _ = Page(vault.hide).render(hostile("a canary-0123456789 b"), NOW)
    assert "canary" not in page
    assert "***" in page


def test_it_is_bounded() -> None:
    snapshot = hostile("x" * 1_000_000)
    many = shot(targets=snapshot.targets * 5_000, done=snapshot.done * 50)
    page, _ = Page(Vault().hide).render(
        shot(targets=snapshot.targets, done=snapshot.done, refused=snapshot.refused), NOW
    )
    assert len(page) < 20_000
    few = hostile("x")
    page, _ = Page(Vault().hide).render(shot(targets=few.targets * 5_000, done=many.done), NOW)
    assert "and 4500 more" in page


def test_the_policy_allows_the_one_style_and_nothing_else() -> None:
    page, policy = Page(Vault().hide).render(hostile("x"), NOW)
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert Read(page).elements.count("style") == 1
    assert not [name for _, name, _ in Read(page).attributes if name == "style"]
    assert Page(Vault().hide).render(shot(), NOW)[1] == policy


class TestBoard:
    def done_of(self, target: Target, entry: Published) -> Done:
        board = Board()
        board.follow((target,))
        result = PassResult(Plan(updates=(UPDATE,), warnings=("w",)), (entry,))
        board.end(target.name, result, PassEnd(at=NOW, seconds=0.1, latency=0.2))
        (done,) = board.snapshot().done
        assert board.snapshot().targets[0].warnings == ("w",)
        return done

    COMMITTED = Published(
        target="t", route="r", status="committed", updates=(UPDATE.id,), commit="1" * 40
    )

    @pytest.mark.parametrize(
        ("url", "forge", "link"),
        [
            ("https://github.com/acme/gitops.git", "", "https://github.com/acme/gitops/commit/"),
            ("git@github.com:acme/gitops.git", "", "https://github.com/acme/gitops/commit/"),
            ("https://ghe.example:8443/a/b", "github", "https://ghe.example:8443/a/b/commit/"),
            ("https://git.example/acme/gitops.git", "", ""),
        ],
    )
    def test_the_page_of_a_commit(self, url: str, forge: str, link: str) -> None:
        options = ForgeOptions(kind=forge)  # type: ignore[arg-type]
        target = Target(name="t", url=url, branch="main", forge=options)
        done = self.done_of(target, self.COMMITTED)
        assert done.url == (link + "1" * 40 if link else "")
        assert (done.latency, done.update_count) == (0.2, 1)
        assert done.updates == ("ghcr.io/acme/api:1.0.0 -> ghcr.io/acme/api:1.1.0",)

    def test_a_target_that_cannot_be_read_has_the_images_that_it_had(self) -> None:
        board = Board()
        board.follow((Target(name="t", url="https://git.example/a.git", branch="main"),))
        for plan in (Plan(updates=(UPDATE,)), Plan(problems=(problem(),))):
            board.end("t", PassResult(plan), PassEnd(at=NOW, seconds=0.1))
        (shown,) = board.snapshot().targets
        assert (shown.images, shown.problem_count) == (1, 1)

    def test_the_page_of_a_pull_request(self) -> None:
        target = Target(name="t", url="https://github.com/acme/gitops.git", branch="main")
        url = "https://github.com/acme/gitops/pull/7"
        entry = Published(target="t", route="r", status="opened", number=7, url=url, commit="1")
        assert self.done_of(target, entry).url == url
