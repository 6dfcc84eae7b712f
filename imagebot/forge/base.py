"""What every forge has in common: its limits are kept, and nothing is made twice.

Any forge may have done what it answers an error to, and another bot may be at work at the same
time. So a request that makes something is sent once, after looking whether its work is done
already, and its work is looked for again when the answer is an error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from imagebot.errors import ForgeError, ForgeUnreachableError
from imagebot.forge.model import ForgeLimits, PullRequest
from imagebot.text import shorten


class BaseForge(ABC):
    """A forge adds the requests themselves: the methods below that are abstract.

    They send what they are asked to once, and translate what goes wrong (`ForgeFailures`).
    """

    limits: ForgeLimits

    @property
    @abstractmethod
    def project(self) -> str: ...

    @abstractmethod
    def disconnect(self) -> None: ...

    @abstractmethod
    def find(self, branch: str) -> PullRequest | None: ...

    @abstractmethod
    def _create(self, branch: str, title: str, body: str, *, draft: bool) -> PullRequest:
        """Raises ForgeError with one of `_exists` where there is one already."""

    @abstractmethod
    def _edit(self, number: int, title: str, body: str) -> PullRequest: ...

    @abstractmethod
    def _comments(self, number: int) -> Iterable[str]:
        """The texts of comments, as far back as one of the bot's is looked for."""

    @abstractmethod
    def _add_comment(self, number: int, text: str) -> None: ...

    _exists: frozenset[int] = frozenset({409, 422})
    """The statuses that may say that there is such a pull request already."""

    def create(self, *, branch: str, title: str, body: str, draft: bool = False) -> PullRequest:
        existing = self.find(branch)
        if existing is not None:
            return existing
        try:
            return self._create(branch, self._title(title), self._body(body), draft=draft)
        except ForgeError as error:
            # Another bot was faster; or there was no good answer, and it may have been made.
            if error.status not in self._exists and not isinstance(error, ForgeUnreachableError):
                raise
            made = self.find(branch)
            if made is None:
                raise
            return made

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        return self._edit(number, self._title(title), self._body(body))

    def comment(self, number: int, text: str) -> None:
        text = shorten(text, self.limits.comment)
        if self._has_comment(number, text):
            return
        try:
            self._add_comment(number, text)
        except ForgeUnreachableError:
            if not self._has_comment(number, text):
                raise

    def _has_comment(self, number: int, text: str) -> bool:
        return any(each.strip() == text.strip() for each in self._comments(number))

    def _title(self, title: str) -> str:
        return shorten(title, self.limits.title)

    def _body(self, body: str) -> str:
        """The body itself: one that is cut would lose what the bot must remember.

        Raises ForgeError.
        """
        if len(body) > self.limits.body:
            reason = f"the body is too long: {len(body)} of {self.limits.body} characters"
            raise ForgeError(self.project, reason)
        return body
