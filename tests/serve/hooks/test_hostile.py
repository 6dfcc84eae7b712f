"""Whatever is delivered, nothing is raised: it is heard or refused, in bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.config.model_serve import HookType
from imagebot.reference import is_tag, parse_repository
from imagebot.serve.hooks.announce import MOST
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.receive import receive
from tests.serve.hooks.deliveries import NOW, SECRET, SENDERS, insecure, make_hook, payloads, proven

PAYLOADS = payloads()
REAL = [each for each in PAYLOADS if "body" in each.document]
EVENTS = st.sampled_from(["package", "registry_package", "push", "pull_request", "ping"])
TEXTS = st.text(st.characters(), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.sampled_from(["", "\ud800", "a" * 5000, "..", "sha256:" + "0" * 64, "ghcr.io/a/b:1"])
)


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


KEYS = sorted(keys_of([each.document["body"] for each in REAL]))
# JSON that has the keys which the parsers look for, where they do not expect them.
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=20,
)


def check(heard: Heard | Refused) -> None:
    if isinstance(heard, Refused):
        assert heard.status in (400, 401, 403)
        assert heard.reason
        assert heard.reason.isprintable()
        assert len(heard.reason) < 400
        return
    assert len(heard.images) <= MOST
    assert len(set(heard.images)) == len(heard.images)
    assert len(heard.id) <= 200
    for each in heard.images:
        assert parse_repository(str(each.repository)) == each.repository
        assert not each.tag or is_tag(each.tag)
    for event in heard.git:
        assert event.urls
        assert event.branch
        assert all(text.isprintable() for text in (*event.urls, event.branch, event.commit))


def hear(sender: HookType, delivery: Delivery) -> None:
    """As a hook that proves nothing, and as one that does."""
    hook = make_hook(sender)
    if sender != "oidc":
        check(receive(insecure(hook), delivery, "", now=NOW))
    check(receive(hook, delivery, SECRET, now=NOW))


@pytest.mark.parametrize("sender", SENDERS)
@given(
    body=st.binary(max_size=200),
    headers=st.dictionaries(
        st.sampled_from(
            ["authorization", "x-signature", "x-github-event", "ce-type", "webhook-id"]
        ),
        TEXTS,
    ),
    query=st.dictionaries(st.sampled_from(["secret", "token"]), TEXTS),
)
def test_any_bytes(
    sender: HookType, body: bytes, headers: dict[str, str], query: dict[str, str]
) -> None:
    hear(sender, Delivery(headers=headers, query=query, body=body))


@pytest.mark.parametrize("sender", SENDERS)
@given(document=JSON, event=EVENTS)
def test_any_json(sender: HookType, document: object, event: str) -> None:
    body = json.dumps(document).encode()
    hear(sender, Delivery(headers={"x-github-event": event}, body=body))


def mutate(draw: st.DrawFn, value: Any) -> Any:
    """The value with one of its parts replaced, dropped or repeated."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 5)) == 0:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: mutate(draw, value[key])}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutate(draw, value[index]), *value[index : index + 2]]
    return draw(JSON)


@given(data=st.data(), real=st.sampled_from(REAL))
def test_real_payloads_with_something_else_in_them(data: st.DataObject, real: Any) -> None:
    document = data.draw(st.composite(lambda draw: mutate(draw, real.document["body"]))())
    hear(real.sender, Delivery(headers=real.headers, body=json.dumps(document).encode()))


@given(real=st.sampled_from(PAYLOADS), data=st.data())
def test_real_payloads_cut_and_changed(real: Any, data: st.DataObject) -> None:
    body = bytearray(real.body)
    for _ in range(3 if body else 0):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for each in (bytes(body), bytes(body[:cut])):
        hear(real.sender, Delivery(headers=real.headers, body=each))


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 500_000, 400),
        (b'{"data":' * 100_000, 400),
        (b"[" * 500_000 + b"]" * 500_000, 400),
        (b"1" * 1_000_000, 400),
        (b"NaN", 400),
        (b'{"image":"ghcr.io/acme/app","x":Infinity}', 400),
        ("{}".encode("utf-16"), 400),
        (b"\xed\xa0\x80", 400),
        (b"", 400),
    ],
    ids=["open", "objects", "closed", "digits", "nan", "infinity", "utf-16", "surrogate", "empty"],
)
def test_what_is_not_json(sender: HookType, body: bytes, status: int) -> None:
    if sender == "oidc":
        return
    delivery = proven(sender, body, x_github_event="push")
    heard = receive(make_hook(sender), delivery, SECRET, now=NOW)
    assert isinstance(heard, Refused)
    assert heard.status == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"image":"x/y","image":"ghcr.io/acme/app"}',
        b'\xef\xbb\xbf{"image":"ghcr.io/acme/app"}',
    ],
    ids=["repeated-key", "bom"],
)
def test_unusual_json_that_is_read(body: bytes) -> None:
    """Of a repeated key, the last value counts; a byte order mark is skipped."""
    heard = receive(make_hook("hmac"), proven("hmac", body), SECRET, now=NOW)
    assert isinstance(heard, Heard)
    assert [str(each.repository) for each in heard.images] == ["ghcr.io/acme/app"]


def test_a_megabyte_of_events_is_refused() -> None:
    target = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "repository": "a"}
    event = {"action": "push", "target": target, "request": {"host": "r.example.com"}}
    events = [{**event, "target": {**target, "repository": f"a{n}"}} for n in range(7000)]
    body = json.dumps({"events": events}).encode()
    delivery = proven("distribution", body)
    assert receive(make_hook("distribution"), delivery, SECRET, now=NOW) == Refused(
        400, f"announces more than {MOST} images"
    )
    quay = {"docker_url": "quay.io/a/b", "updated_tags": ["1"] * 200_000}
    heard = receive(make_hook("quay"), proven("quay", json.dumps(quay).encode()), SECRET, now=NOW)
    assert isinstance(heard, Heard)
    assert len(heard.images) == 1


def test_a_proof_does_not_depend_on_what_the_body_says() -> None:
    """A refusal of the proof comes before the body is read: it is the same for any body."""
    for each in REAL:
        if each.sender == "oidc":
            continue
        delivery = Delivery(headers=each.headers, body=each.body)
        refused = receive(make_hook(each.sender), delivery, SECRET, now=NOW)
        junk = receive(make_hook(each.sender), replace(delivery, body=b"{"), SECRET, now=NOW)
        assert refused == junk
        assert isinstance(refused, Refused)
        assert refused.status == 401
