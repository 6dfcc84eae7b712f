"""What all forges have in common: limits are kept, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from imagebot.errors import ForgeError, ForgeUnreachableError
from imagebot.forge.base import BaseForge
from imagebot.forge.model import ForgeLimits, PullRequest


@dataclass
class SmallForge(BaseForge):
    """Takes little, and answers the next request that makes something with `fault`.

    The work is done all the same where `does` says so.
    """

    limits = ForgeLimits(title=10, body=20, comment=12, hides_comments=False)
    project = "acme/gitops"
    fault: ForgeError | None = None
    does: bool = True
    requests: list[PullRequest] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    sent: int = 0

    def disconnect(self) -> None:
        raise AssertionError("nobody disconnects here")

    def find(self, branch: str) -> PullRequest | None:
        return next((each for each in self.requests if each.branch == branch), None)

    def _create(self, branch: str, title: str, body: str, *, draft: bool) -> PullRequest:
        del draft
        made = PullRequest(number=1, url="u", title=title, body=body, branch=branch, base="main")
        self._send(lambda: self.requests.append(made))
        return made

    def _edit(self, number: int, title: str, body: str) -> PullRequest:
        return PullRequest(number=number, url="u", title=title, body=body, branch="x", base="main")

    def _comments(self, number: int) -> Iterable[str]:
        return (each for each in self.comments if number)

    def _add_comment(self, number: int, text: str) -> None:
        del number
        self._send(lambda: self.comments.append(f"{text}\n"))

    def _send(self, work: object) -> None:
        self.sent += 1
        fault, self.fault = self.fault, None
        if fault is None or self.does:
            assert callable(work)
            work()
        if fault is not None:
            raise fault


AWAY = ForgeUnreachableError("acme/gitops", "failed", status=502)
EXISTS = ForgeError("acme/gitops", "exists", status=409)
REFUSED = ForgeError("acme/gitops", "refused", status=400)


def test_what_is_too_long_is_cut_but_for_a_body() -> None:
    forge = SmallForge()
    made = forge.create(branch="x", title="T" * 11, body="B" * 20)
    assert made.title == f"{'T' * 9}…"
    assert forge.update(1, title="T" * 11, body="B").title == made.title
    for _ in range(2):
        forge.comment(1, "a comment that is long")
    assert forge.comments == ["a comment t…\n"]
    with pytest.raises(ForgeError, match="the body is too long: 21 of 20 characters"):
        forge.update(1, title="T", body="B" * 21)


@pytest.mark.parametrize("fault", [AWAY, EXISTS])
def test_what_was_made_in_spite_of_an_error_is_found(fault: ForgeError) -> None:
    forge = SmallForge(fault=fault)
    assert forge.create(branch="x", title="T", body="B") == forge.requests[0]
    assert (len(forge.requests), forge.sent) == (1, 1)


@pytest.mark.parametrize(("fault", "does"), [(AWAY, False), (EXISTS, False), (REFUSED, True)])
def test_any_other_error_is_one(fault: ForgeError, does: bool) -> None:
    forge = SmallForge(fault=fault, does=does)
    with pytest.raises(ForgeError) as caught:
        forge.create(branch="x", title="T", body="B")
    assert caught.value is fault
    assert forge.sent == 1


def test_a_comment_is_sent_once() -> None:
    forge = SmallForge(fault=AWAY)
    forge.comment(1, "hello")
    forge.comment(1, "hello")
    assert (forge.comments, forge.sent) == (["hello\n"], 1)
    lost = SmallForge(fault=AWAY, does=False)
    with pytest.raises(ForgeUnreachableError):
        lost.comment(1, "hello")
    assert lost.sent == 1
