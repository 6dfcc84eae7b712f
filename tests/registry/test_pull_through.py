"""A cache that lists only what was pulled through it, and its origin, a real registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from imagebot.config.model import RegistryOptions
from imagebot.errors import RegistryAuthError
from imagebot.plan.resolve import answer
from imagebot.policy.build import build_policy
from imagebot.policy.model import Decision
from imagebot.reference import Repository, parse_reference
from imagebot.registry.client import RegistryClient
from imagebot.registry.credentials import Credentials
from imagebot.registry.memo import Memo, PassMemo
from tests.support.here import HERE
from tests.support.registry import Registry
from tests.support.scripted_http import Answer, Request, ScriptedServer

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def holding(digests: dict[str, str]) -> Callable[[Request], Answer]:
    """A cache's manifests, by tag; everything else is an error."""

    def serve(request: Request) -> Answer:
        tag = request.path.rpartition("/")[2]
        if "/manifests/" in request.path and tag in digests:
            return Answer(headers={"Docker-Content-Digest": digests[tag]})
        return Answer(404 if "/manifests/" in request.path else 500)

    return serve


@pytest.fixture
def memo_of(registry: Registry, scripted: ScriptedServer) -> Iterator[Callable[[], Memo]]:
    """Memos of new clients; `registry` is the origin of what is below `hub` in `scripted`."""
    options = [RegistryOptions(host=scripted.host, path="hub", tags_from=registry.host)]
    with ExitStack() as stack:

        def make() -> Memo:
            made = RegistryClient(Credentials([], {}), options, sleep=lambda _: None, reach=HERE)
            client = stack.enter_context(made)
            return Memo(client, locate=client.location)

        yield make


def decide(registry: PassMemo, text: str, **keys: object) -> Decision:
    reference = parse_reference(text)
    tags = registry.tags(reference.repository)
    return answer(build_policy("tested", keys), tags, reference, registry, now=NOW)


def test_the_origin_has_the_tags_and_the_cache_says_what_exists(
    registry: Registry, repository: str, scripted: ScriptedServer, memo_of: Callable[[], Memo]
) -> None:
    digests = {tag: registry.push_image(repository, tag) for tag in ("1.0", "1.1", "1.2")}
    scripted.handler = holding({tag: digests[tag] for tag in ("1.0", "1.1")})
    current = f"{scripted.host}/hub/{repository}:1.0"
    plain = decide(memo_of().for_pass(), current, max="major")
    assert plain.tag == "1.1"
    (refused,) = [each for each in plain.rejections if each.tag == "1.2"]
    assert refused.rule == "exists"
    assert refused.reason == f"{registry.host} lists it, {scripted.host} does not have it"
    keys: dict[str, object] = {"max": "major", "pin": "digest", "platforms": ["linux/amd64"]}
    pinned = decide(memo_of().for_pass(), current, **keys)
    assert (pinned.tag, pinned.digest) == ("1.1", digests["1.1"])
    # Nothing but whether manifests are there.
    base = f"/v2/hub/{repository}/manifests/"
    asked = {(each.method, each.path) for each in scripted.requests}
    assert asked == {("HEAD", base + "1.2"), ("HEAD", base + "1.1")}


def test_a_cache_that_refuses_leaves_the_field_undecided(
    registry: Registry, repository: str, scripted: ScriptedServer, memo_of: Callable[[], Memo]
) -> None:
    for tag in ("1.0", "1.1"):
        registry.push_image(repository, tag)
    scripted.handler = lambda _: Answer(401)
    with pytest.raises(RegistryAuthError, match=scripted.host):
        decide(memo_of().for_pass(), f"{scripted.host}/hub/{repository}:1.0", max="major")


def test_a_cache_and_its_origin_are_listed_once_and_forgotten_together(
    registry: Registry, repository: str, scripted: ScriptedServer, memo_of: Callable[[], Memo]
) -> None:
    registry.push_image(repository, "1.0")
    cached = Repository(scripted.host, f"hub/{repository}")
    origin = Repository(registry.host, repository)
    memo = memo_of()
    one = memo.for_pass(lambda _: 60.0)
    assert one.tags(cached) == one.tags(origin) == ("1.0",)
    registry.push_image(repository, "1.1")
    assert memo.for_pass(lambda _: 60.0).tags(cached) == ("1.0",)
    memo.forget(cached)
    assert sorted(memo.for_pass(lambda _: 60.0).tags(origin)) == ["1.0", "1.1"]
    assert scripted.requests == []
