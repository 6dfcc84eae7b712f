"""GitHub's own schemas of its events: our payloads are of their form, and whole events are read.

Each payload of ours is what matters of an event. It is put over the smallest event that the schema
allows, and that must still be valid: so every key is one that GitHub sends, with its type.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest

from imagebot.serve.hooks.receive import receive
from tests.serve.hooks.deliveries import NOW, SECRET, Payload, make_hook, payloads, proven, shown
from tests.serve.hooks.smallest import overlay, smallest
from tests.support.require import NODE_MODULES, require

EVENTS = {"package", "registry_package", "push", "pull_request", "ping", "star"}
OWN = [
    each
    for each in payloads()
    if each.sender == "github"
    and "from" not in each.document
    and each.headers.get("x-github-event") in EVENTS
]


@cache
def definitions() -> dict[str, Any]:
    require("npm webhooks-schemas")
    path = NODE_MODULES / "@octokit" / "webhooks-schemas" / "schema.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["definitions"]
    return found


def schema_of(event: str, action: str) -> dict[str, Any]:
    name = f"{event}${action or 'event'}"
    return {"$ref": f"#/definitions/{name}", "definitions": definitions()}


def errors(document: Any, event: str) -> list[str]:
    schema = schema_of(event, document.get("action", ""))
    found = jsonschema.Draft7Validator(schema).iter_errors(document)
    return [f"{each.json_path}: {each.message[:200]}" for each in found]


def whole(given: Payload) -> tuple[str, Any]:
    """The event's name, and our payload over the smallest of GitHub's."""
    event, body = given.headers["x-github-event"], given.document["body"]
    return event, overlay(smallest(schema_of(event, body.get("action", "")), definitions()), body)


def test_there_are_payloads_of_every_event() -> None:
    assert {each.headers["x-github-event"] for each in OWN} >= EVENTS - {"registry_package"}
    assert len(OWN) >= 13


@pytest.mark.parametrize("given", OWN, ids=str)
def test_our_payloads_are_github_s(given: Payload) -> None:
    event, document = whole(given)
    assert errors(document, event) == []


@pytest.mark.parametrize("given", OWN, ids=str)
def test_whole_events_say_what_their_essence_says(given: Payload) -> None:
    event, document = whole(given)
    identity = given.headers.get("x-github-delivery", "")
    body = json.dumps(document).encode()
    delivery = proven("github", body, x_github_event=event, x_github_delivery=identity)
    options = given.document.get("hook", {})
    hook = make_hook("github", registry=options.get("registry", ""))
    assert shown(receive(hook, delivery, SECRET, now=NOW)) == given.document["expected"]


@pytest.mark.parametrize("event", ["package", "registry_package"])
@pytest.mark.parametrize("action", ["published", "updated"])
def test_both_events_of_packages_are_read(event: str, action: str) -> None:
    """A repository's hook has the one, an App's the other."""
    version = {
        "package_url": "ghcr.io/acme/app:1.2",
        "container_metadata": {"tag": {"name": "1.2", "digest": "sha256:" + "ab" * 32}},
    }
    package = {"name": "app", "package_type": "CONTAINER", "package_version": version}
    essence = {"action": action, event: package}
    document = overlay(smallest(schema_of(event, action), definitions()), essence)
    assert errors(document, event) == []
    delivery = proven("github", json.dumps(document).encode(), x_github_event=event)
    heard = receive(make_hook("github"), delivery, SECRET, now=NOW)
    assert shown(heard) == {"images": ["ghcr.io/acme/app:1.2"]}


def test_a_payload_that_is_not_github_s_would_be_found() -> None:
    push = next(each for each in OWN if each.name == "push")
    event, document = whole(push)
    assert errors({**document, "reff": "x"}, event)
    assert errors({**document, "deleted": "no"}, event)
    assert errors({key: document[key] for key in document if key != "after"}, event)


def test_events_that_nobody_waits_for_are_accepted() -> None:
    """Every other event that GitHub has: heard, with nothing in it."""
    names = sorted({name.partition("$")[0] for name in definitions() if "$" in name})
    others = [name for name in names if name not in EVENTS]
    assert len(others) > 40
    for event in others:
        delivery = proven("github", b"{}", x_github_event=event)
        assert shown(receive(make_hook("github"), delivery, SECRET, now=NOW)) == {"images": []}
