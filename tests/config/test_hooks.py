"""`serve.hooks`: the claims of OIDC tokens."""

from __future__ import annotations

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.errors import ConfigurationError
from tests.config.shown import show

OIDC = (
    "serve: {hooks: {ci: {type: oidc, issuer: 'https://ci.example.com', audience: a, claims: C}}}"
)


def test_a_claim_has_one_glob_or_several() -> None:
    text = OIDC.replace("C}", "{repository: acme/*, ref: [refs/heads/main, 'refs/tags/**']}}")
    served = load_bot_configuration(text, "bot.yaml").serve
    assert served is not None
    assert served.hooks["ci"].claims == {
        "repository": ("acme/*",),
        "ref": ("refs/heads/main", "refs/tags/**"),
    }


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ("{repository: 'acme/['}", "repository: the glob 'acme/[' has an open bracket"),
        ("{repository: [a, '{b']}", "repository[1]: the glob '{b' has an open brace"),
        ("{repository: []}", "repository: must not be empty"),
        ("{repository: 5}", "repository: must be text, not a number"),
        ("{repository: {a: b}}", "repository: must be text, not a mapping"),
    ],
)
def test_a_claim_that_accepts_nothing_is_refused(claims: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_bot_configuration(OIDC.replace("C}", claims + "}"), "bot.yaml")
    [issue] = caught.value.issues
    assert f"serve.hooks.ci.claims.{message}" in show(issue)
