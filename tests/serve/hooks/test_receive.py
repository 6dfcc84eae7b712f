"""What is heard of every payload, and that it is what other tools hear, or why not."""

from __future__ import annotations

import json

import pytest

from imagebot.config.model_serve import Hook, HookType
from imagebot.serve.hooks.announce import MOST
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.receive import SENDERS, receive
from tests.serve.hooks import deliveries
from tests.serve.hooks.deliveries import (
    NOW,
    SECRET,
    Payload,
    images,
    make_hook,
    payload,
    payloads,
    proven,
    shown,
)

ALL = payloads()
# A token is not made by `proven`: test_oidc.py.
PROVEN = [each for each in ALL if each.sender != "oidc"]


def hook_of(given: Payload) -> Hook:
    options = given.document.get("hook", {})
    allowed = tuple(options.get("images", ()))
    return make_hook(given.sender, registry=options.get("registry", ""), images=allowed)


def heard_of(given: Payload) -> Heard | Refused:
    headers = {name.replace("-", "_"): value for name, value in given.headers.items()}
    delivery = proven(given.sender, given.body, **headers)
    return receive(hook_of(given), delivery, SECRET, now=NOW)


def test_every_sender_has_a_row_and_payloads() -> None:
    assert set(SENDERS) == set(deliveries.SENDERS)
    assert {each.sender for each in ALL} == set(SENDERS)
    assert len(ALL) > 140
    assert sum("theirs" in each.document for each in ALL) > 60


@pytest.mark.parametrize("given", PROVEN, ids=str)
def test_payloads_say_what_is_expected(given: Payload) -> None:
    assert shown(heard_of(given)) == given.document["expected"]


@pytest.mark.parametrize("given", PROVEN, ids=str)
def test_a_difference_to_other_tools_has_a_reason(given: Payload) -> None:
    theirs = given.document.get("theirs")
    if theirs is None:
        assert "because" not in given.document
        return
    heard = heard_of(given)
    ours = "refused" if isinstance(heard, Refused) else images(heard)
    assert ("because" in given.document) == (ours != theirs)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"images": ["nginx", "nginx:latest", "nginx", "nginx:latest"]}, 2),
        ({"images": [f"acme/app:{n}" for n in range(MOST)]}, MOST),
        ({"images": [f"acme/app:{n % 7}" for n in range(MOST)]}, 7),
    ],
)
def test_each_announcement_is_heard_once(given: object, expected: int) -> None:
    delivery = proven("hmac", json.dumps(given).encode())
    assert len(images(receive(make_hook("hmac"), delivery, SECRET, now=NOW))) == expected


def test_more_than_the_limit_is_refused() -> None:
    body = json.dumps({"images": [f"acme/app:{n}" for n in range(MOST + 1)]}).encode()
    refused = receive(make_hook("hmac"), proven("hmac", body), SECRET, now=NOW)
    assert refused == Refused(400, f"announces more than {MOST} images")


def test_github_s_form_is_its_json_in_a_field() -> None:
    """The default of GitHub's own page; the signature is of the form."""
    body = b"payload=" + b"".join(b"%%%02x" % byte for byte in payload("github/empty-tag").body)
    form = {"content_type": "application/x-www-form-urlencoded; charset=utf-8"}
    delivery = proven("github", body, x_github_event="package", **form)
    assert images(receive(make_hook("github"), delivery, SECRET, now=NOW)) == ["ghcr.io/acme/app"]
    crowded = proven("github", b"&".join([body, *[b"a=b"] * 99]), x_github_event="package", **form)
    refused = receive(make_hook("github"), crowded, SECRET, now=NOW)
    assert isinstance(refused, Refused)
    assert refused.status == 400


@pytest.mark.parametrize(
    ("identity", "heard"), [("a" * 200, "a" * 200), ("a" * 201, ""), ("é", ""), ("a\nb", "")]
)
def test_an_id_is_short_and_plain(identity: str, heard: str) -> None:
    given = payload("github/ping")
    delivery = proven("github", given.body, x_github_event="ping", x_github_delivery=identity)
    found = receive(make_hook("github"), delivery, SECRET, now=NOW)
    assert isinstance(found, Heard)
    assert found.id == heard


@pytest.mark.parametrize(
    ("sender", "body"),
    [
        ("docker-hub", {"repository": {"repo_name": "A/b"}}),
        ("acr", {"action": "push", "target": {"repository": "x"}, "request": {"host": "a b"}}),
        ("acr", {"action": "push", "target": {"repository": "../x"}, "request": {"host": "a.io"}}),
        ("distribution", {"events": {"action": "push"}}),
        ("quay", {"repository": "a/b", "docker_url": "u:p@quay.io/a/b", "updated_tags": ["1"]}),
        ("hmac", {"image": "ghcr.io/acme/app:1.2", "images": "x"}),
        ("hmac", {"image": "https://ghcr.io/acme/app"}),
    ],
)
def test_what_is_not_a_repository_is_malformed(sender: HookType, body: object) -> None:
    delivery = proven(sender, json.dumps(body).encode())
    refused = receive(make_hook(sender), delivery, SECRET, now=NOW)
    assert isinstance(refused, Refused)
    assert refused.status == 400


@pytest.mark.parametrize(
    ("branch", "status"), [("b" * 2000, 200), ("b" * 2048, 400), ("a\nb", 400), ("a\u202eb", 400)]
)
def test_a_name_is_one_printable_line(branch: str, status: int) -> None:
    document = {**payload("github/push").document["body"], "ref": f"refs/heads/{branch}"}
    delivery = proven("github", json.dumps(document).encode(), x_github_event="push")
    heard = receive(make_hook("github"), delivery, SECRET, now=NOW)
    assert (heard.status if isinstance(heard, Refused) else 200) == status


def test_nothing_of_a_delivery_is_in_its_representation() -> None:
    delivery = Delivery(
        headers={"authorization": "S3CRET"}, query={"secret": "S3CRET"}, body=b"B0DY"
    )
    assert "S3CRET" not in repr(delivery)
    assert "B0DY" not in repr(delivery)
