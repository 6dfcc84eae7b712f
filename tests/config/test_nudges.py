"""`nudges` of the bot's own file: what is read, and what is refused where."""

from __future__ import annotations

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.config.model_serve import Nudge
from imagebot.config.secret_source import SecretSource
from imagebot.errors import ConfigurationError

TARGET = "targets: [{url: 'https://git.example.com/a/b.git', branch: main}]\n"
TOKEN = "secret: {file: token}"


def load(nudge: str) -> Nudge:
    text = f"{TARGET}nudges:\n  - {nudge}\n"
    (found,) = load_bot_configuration(text, "conf/bot.yaml").nudges
    return found


def test_all_keys() -> None:
    text = (
        f"{{type: flux, url: 'https://f.example/hook/1', {TOKEN}, ca-file: ca.pem, targets: [a/b]}}"
    )
    assert load(text) == Nudge(
        type="flux",
        url="https://f.example/hook/1",
        ca_file="conf/ca.pem",
        secret=SecretSource("file", "conf/token"),
        targets=("a/b",),
    )


@pytest.mark.parametrize("name", ["web", "a.b", "team-a/web", "9/A_b.c", f"{'a' * 63}/web"])
def test_an_application_may_have_a_namespace(name: str) -> None:
    url = "https://argocd.example"
    found = load(f"{{type: argocd-refresh, url: '{url}', {TOKEN}, applications: ['{name}']}}")
    assert found.applications == (name,)


@pytest.mark.parametrize(
    "name",
    [
        *("/web", "team-a/", "/", "a/b/web", "team a/web", "team.a/web", "Team/web", "-a/web"),
        *("a-/web", f"{'a' * 64}/web", "team-a/we b", "a?b/web", "a%2Fb"),
    ],
)
def test_what_is_not_an_application(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(
            "{type: argocd-refresh, url: 'https://argocd.example', "
            f"{TOKEN}, applications: [web, '{name}']}}"
        )
    (issue,) = caught.value.issues
    assert "nudges[0].applications[1]: not the name of an Application" in str(issue)
    assert "NAMESPACE/NAME" in issue.hint


def test_the_path_is_not_in_its_name() -> None:
    assert str(load(f"{{type: flux, url: 'https://f.example:1/hook/1', {TOKEN}}}")) == (
        "flux at f.example:1"
    )


WRONG = [
    ("type: flux, url: 'https://a.example'", "needs a secret, or insecure: true"),
    (f"type: flux, url: 'ftp://a.example', {TOKEN}", "not a URL to call"),
    (f"type: flux, url: 'https://a:b@a.example', {TOKEN}", "must not hold a credential"),
    (f"type: flux, url: 'https://a.example', {TOKEN}, applications: [a]", "applications go with"),
    (f"type: flux, url: 'https://a.example', {TOKEN}, targets: [c]", "there is no target 'c'"),
    (f"type: argocd-refresh, url: 'https://a.example', {TOKEN}", "applications go with"),
    ("type: argocd-refresh, url: 'https://a.example', applications: [a]", "needs the token"),
    (
        f"type: argocd-refresh, url: 'http://a.example', {TOKEN}, applications: [a]",
        "in clear text",
    ),
    (f"type: argocd-webhook, url: 'https://a.example/?a=b', {TOKEN}", "has no query"),
    (
        f"type: argocd-refresh, url: 'https://a.example/#x', {TOKEN}, applications: [a]",
        "has no query",
    ),
]


@pytest.mark.parametrize(("nudge", "message"), WRONG)
def test_what_is_wrong(nudge: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(f"{{{nudge}}}")
    (issue,) = caught.value.issues
    assert message in str(issue)
    assert str(issue).startswith("conf/bot.yaml:3:")
