"""What a forge answers instead of what it was asked for, as errors that say what to do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlsplit

from imagebot.errors import ForgeAuthError, ForgeError, ForgeRateLimitError, ForgeUnreachableError
from imagebot.http.tls import explain_distrust
from imagebot.redaction import NOTHING, Redaction
from imagebot.text import excerpt
from imagebot.values import dataclass

_MAX_SHOWN = 400
_TRUST = "set SSL_CERT_FILE to a bundle that contains the authority of the forge"
_LATER = "the next pass tries again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeFailures:
    """Errors about `project` on the forge called `name`, whose API is at `api_url`.

    `origin` says which credential the token is of, `rights` what a token needs, `address` what to
    do where something else than the API answers. `redaction` hides the token.
    """

    name: str
    project: str
    api_url: str
    rights: str
    address: str
    origin: str = ""
    redaction: Redaction = field(default=NOTHING, repr=False)

    def of_status(self, status: int, text: str, headers: Mapping[str, str]) -> ForgeError:
        """The error for an answer of the API with a status of 400 or more; headers in lower case.

        `text` is what the answer's body says.
        """
        said = self._shown(text)
        if status == 401:
            return self._auth(
                f"the token was refused{self._used}: {said}",
                "check that the target's token is right and has not expired",
                status,
            )
        if status == 429 or (status == 403 and _is_rate_limit(text, headers)):
            return self._rate_limit(said, status, headers)
        if status == 403:
            return self._auth(f"not allowed{self._used}: {said}", self.rights, status)
        if status == 404:
            reason = "no such project, or the token may not see it"
            hint = f"check the target's URL; {self.rights}"
            return ForgeError(self.project, reason, status=status, hint=hint)
        if status >= 500:
            reason = f"the forge failed with status {status}: {said}"
            return ForgeUnreachableError(self.project, reason, status=status, hint=_LATER)
        reason = f"the forge refused the request with status {status}: {said}"
        return ForgeError(self.project, reason, status=status)

    def no_connection(self, error: OSError) -> ForgeError:
        """The error where there is no connection, name, TLS or answer in time."""
        distrust = explain_distrust(error, trust=_TRUST)
        if distrust is not None:
            host = urlsplit(self.api_url).netloc
            reason = f"the certificate of {host} is not trusted: {distrust.reason}"
            return ForgeUnreachableError(self.project, reason, hint=distrust.hint)
        reason = f"the forge cannot be reached: {self._shown(str(error))}"
        return ForgeUnreachableError(self.project, reason, hint=_LATER)

    def not_api(self, error: Exception) -> ForgeError:
        """The error for an answer that is none of the API: a page, or another shape."""
        reason = f"the answer is not one of {self.name}'s API"
        # Of these, only those who know the client's code make anything.
        if not isinstance(error, TypeError | KeyError | AttributeError | AssertionError):
            reason += f": {self._shown(str(error))}"
        hint = (
            f"{self.address}; or check the target's URL, because a renamed project answers like "
            "this, too"
        )
        return ForgeError(self.project, reason, hint=hint)

    def may_only_read(self) -> ForgeAuthError:
        reason = f"the token may read the project, but not write to it{self._used}"
        return ForgeAuthError(self.project, reason, hint=self.rights)

    @property
    def _used(self) -> str:
        return f" ({self.origin})" if self.origin else ""

    def _auth(self, reason: str, hint: str, status: int) -> ForgeAuthError:
        return ForgeAuthError(self.project, reason, status=status, hint=hint)

    def _rate_limit(
        self, said: str, status: int, headers: Mapping[str, str]
    ) -> ForgeRateLimitError:
        wait = _retry_after(headers)
        pause = "a pause" if wait is None else f"a pause of {wait:.0f} s"
        return ForgeRateLimitError(
            self.project,
            f"the forge asks for {pause}: {said}",
            status=status,
            retry_after=wait,
            hint="the next pass continues; if this repeats, run passes less often",
        )

    def _shown(self, text: str) -> str:
        return excerpt(self.redaction.hide(text).strip(), _MAX_SHOWN)


def _is_rate_limit(said: str, headers: Mapping[str, str]) -> bool:
    # The three ways GitHub says it: https://docs.github.com/en/rest/using-the-rest-api/rate-limits
    return (
        "rate limit" in said.lower()
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    wait = headers.get("retry-after", "")
    if wait.isdecimal():
        return float(wait)
    reset = headers.get("x-ratelimit-reset", "")
    return max(0.0, float(reset) - time.time()) if reset.isdecimal() else None
