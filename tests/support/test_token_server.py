from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.support.plain_http import get
from tests.support.registry import PASSWORD, USERNAME, Registry
from tests.support.token_server import ANONYMOUS


def ask_token(registry: Registry, scope: str, password: str | None) -> httpx.Response:
    assert registry.tokens is not None
    return get(
        registry.tokens.realm,
        params={"service": "registry.test", "scope": scope},
        auth=(USERNAME, password) if password else None,
    )


def test_pull_with_a_token(token_registry: Registry, repository: str) -> None:
    token_registry.push_image(repository, "1.0")
    url = f"{token_registry.url}/v2/{repository}/tags/list"
    challenge = get(url)
    assert challenge.status_code == 401
    assert f'scope="repository:{repository}:pull"' in challenge.headers["WWW-Authenticate"]
    answer = ask_token(token_registry, f"repository:{repository}:pull", PASSWORD)
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert get(url, headers=bearer).json()["tags"] == ["1.0"]


def test_requests_are_counted(token_registry: Registry, repository: str) -> None:
    assert token_registry.tokens is not None
    token_registry.push_image(repository, "1.0")
    assert token_registry.tokens.requests == []
    ask_token(token_registry, f"repository:{repository}:pull", PASSWORD)
    (request,) = token_registry.tokens.requests
    assert (request.user, request.scopes) == (USERNAME, (f"repository:{repository}:pull",))


def test_wrong_password(token_registry: Registry) -> None:
    assert ask_token(token_registry, "repository:a:pull", "wrong").status_code == 401


def test_deny(token_registry: Registry) -> None:
    assert token_registry.tokens is not None
    token_registry.tokens.deny_with = 403
    assert ask_token(token_registry, "repository:a:pull", PASSWORD).status_code == 403


def test_rights_by_repository(start_registry: Callable[..., Registry]) -> None:
    registry = start_registry(
        auth="token", rights={ANONYMOUS: {"public/*": {"pull"}}, USERNAME: {"*": {"pull"}}}
    )
    for repository, password, status in (
        ("public/a", None, 200),
        ("private/a", None, 401),
        ("private/a", PASSWORD, 200),
    ):
        registry.push_image(repository, "1")
        token = ask_token(registry, f"repository:{repository}:pull", password).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        answer = get(f"{registry.url}/v2/{repository}/tags/list", headers=bearer)
        assert answer.status_code == status, (repository, password)


def test_expired_token(token_registry: Registry, repository: str) -> None:
    assert token_registry.tokens is not None
    token_registry.push_image(repository, "1.0")
    scope = [f"repository:{repository}:pull"]
    expired = token_registry.tokens.mint(USERNAME, scope, lifetime=-120)
    url = f"{token_registry.url}/v2/{repository}/tags/list"
    answer = get(url, headers={"Authorization": f"Bearer {expired}"})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_identity_token(token_registry: Registry) -> None:
    assert token_registry.tokens is not None
    token_registry.tokens.identity_tokens["refresh"] = USERNAME
    form = {"grant_type": "refresh_token", "scope": "repository:a:pull", "client_id": "test"}
    with httpx.Client(trust_env=False, verify=False) as client:
        right = client.post(token_registry.tokens.realm, data={**form, "refresh_token": "refresh"})
        wrong = client.post(token_registry.tokens.realm, data={**form, "refresh_token": "x"})
    assert (right.status_code, wrong.status_code) == (200, 401)
