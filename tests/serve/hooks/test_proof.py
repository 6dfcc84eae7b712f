"""Who may announce something: whoever proves it, over every byte of the body, and nobody else."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace

import pytest

from imagebot.config.model_serve import HookType
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.proof import has_secret
from imagebot.serve.hooks.receive import receive
from tests.serve.hooks.deliveries import (
    NOW,
    SECRET,
    SENDERS,
    SIGNING,
    insecure,
    make_hook,
    payloads,
    proven,
    signature,
    webhook_signature,
)

PLAIN = b'{"image":"ghcr.io/acme/app:1.2"}'
GITHUB = {"x_github_event": "ping", "x_github_delivery": "d-1"}
TYPES = [sender for sender in SENDERS if sender != "oidc"]
UNSIGNED = [sender for sender in TYPES if sender not in SIGNING]


def status(sender: HookType, delivery: Delivery, secret: str = SECRET, now: float = NOW) -> int:
    """200 where something is heard, else that of the refusal."""
    heard = receive(make_hook(sender), delivery, secret, now=now)
    return heard.status if isinstance(heard, Refused) else 200


def accepted_body(sender: HookType) -> bytes:
    """A short payload that is accepted."""
    if sender in SIGNING:
        return PLAIN
    bodies = [
        each.body
        for each in payloads()
        if each.sender == sender
        and not each.document.keys() & {"hook", "headers"}
        and not isinstance(each.document["expected"], int)
    ]
    return min(bodies, key=len)


def sent(sender: HookType, body: bytes, secret: str = SECRET) -> Delivery:
    headers = GITHUB if sender == "github" else {}
    return proven(sender, body, secret=secret, **headers)


@pytest.mark.parametrize("sender", TYPES)
def test_a_proof_is_accepted_and_anything_else_refused(sender: HookType) -> None:
    body = accepted_body(sender)
    good = sent(sender, body)
    assert status(sender, good) == 200
    assert status(sender, sent(sender, body, "another secret")) == 401
    assert status(sender, sent(sender, body, SECRET + "x")) == 401
    assert status(sender, sent(sender, body, SECRET[:-1])) == 401
    assert status(sender, Delivery(body=body)) == 401
    for name in set(good.headers) - {"x-github-event", "x-github-delivery"}:
        without = {key: value for key, value in good.headers.items() if key != name}
        assert status(sender, replace(good, headers=without)) == 401, name
        assert status(sender, replace(good, headers={**good.headers, name: ""})) == 401, name


@pytest.mark.parametrize("sender", TYPES)
def test_a_secret_that_is_empty_accepts_nothing(sender: HookType) -> None:
    """Its file was empty: a signature with an empty key, and no header, are what anybody has."""
    body = accepted_body(sender)
    assert status(sender, sent(sender, body, ""), secret="") == 401
    assert status(sender, Delivery(body=body), secret="") == 401


def test_nothing_equals_an_empty_secret() -> None:
    """Not even what was not sent, beside something that was."""
    for delivery in (
        Delivery(headers={"authorization": "x"}),
        Delivery(headers={"authorization": "Bearer"}),
        Delivery(headers={"authorization": basic("user:")}),
        Delivery(query={"secret": "x", "token": ""}),
    ):
        assert has_secret(delivery, "") == "has the wrong secret"


@pytest.mark.parametrize("sender", TYPES)
def test_an_insecure_hook_asks_for_no_proof(sender: HookType) -> None:
    headers = {"x-github-event": "ping"}
    delivery = Delivery(headers=headers, body=accepted_body(sender))
    assert isinstance(receive(insecure(make_hook(sender)), delivery, "", now=NOW), Heard)


@pytest.mark.parametrize("sender", TYPES)
def test_malformed_is_only_said_to_who_has_the_secret(sender: HookType) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"null", b'{"image":NaN}'):
        assert status(sender, Delivery(body=body)) == 401
        if not (sender == "github" and body == b"null"):
            assert status(sender, sent(sender, body)) in (400, 200)
    assert status(sender, sent(sender, b"{")) == 400


@pytest.mark.parametrize("sender", SIGNING)
def test_a_flipped_bit_is_refused(sender: HookType) -> None:
    good = sent(sender, PLAIN)
    for index in range(len(PLAIN)):
        for bit in range(8):
            flipped = bytearray(PLAIN)
            flipped[index] ^= 1 << bit
            assert status(sender, replace(good, body=bytes(flipped))) == 401, (index, bit)
    for body in (PLAIN[:-1], PLAIN + b" ", b" " + PLAIN, b""):
        assert status(sender, replace(good, body=body)) == 401


@pytest.mark.parametrize("sender", SIGNING)
def test_a_changed_signature_is_refused(sender: HookType) -> None:
    good = sent(sender, PLAIN)
    name = next(key for key in good.headers if "signature" in key)
    value = good.headers[name]
    for index in range(len(value)):
        other = "0" if value[index] != "0" else "1"
        changed = value[:index] + other + value[index + 1 :]
        headers = {**good.headers, name: changed}
        assert status(sender, replace(good, headers=headers)) == 401, index
    for wrong in (value[:-1], value * 2, "é", "\ud800", "sha256=", "v1,", "sha256=é", "v1,\ud800"):
        assert status(sender, replace(good, headers={**good.headers, name: wrong})) == 401


# Senders that sign nothing


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@pytest.mark.parametrize("sender", UNSIGNED)
@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(headers={"authorization": SECRET}),
        Delivery(headers={"authorization": f" {SECRET} "}),
        Delivery(headers={"authorization": f"Bearer {SECRET}"}),
        Delivery(headers={"authorization": f"bearer  {SECRET}"}),
        Delivery(headers={"authorization": basic(f"registry:{SECRET}")}),
        Delivery(headers={"authorization": basic(f":{SECRET}")}),
        Delivery(query={"secret": SECRET}),
        Delivery(query={"token": SECRET}),
        Delivery(
            headers={"authorization": "Basic of-somebody-in-between"}, query={"token": SECRET}
        ),
    ],
    ids=str,
)
def test_a_secret_comes_in_a_header_or_in_the_query(sender: HookType, delivery: Delivery) -> None:
    assert status(sender, replace(delivery, body=accepted_body(sender))) == 200


@pytest.mark.parametrize("sender", UNSIGNED)
@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(headers={"authorization": "Bearer"}),
        Delivery(headers={"authorization": "Bearer "}),
        Delivery(headers={"authorization": "Basic "}),
        Delivery(headers={"authorization": f"Basic {SECRET}"}),
        Delivery(headers={"authorization": basic(SECRET)}),
        Delivery(headers={"authorization": basic(f"{SECRET}:")}),
        Delivery(headers={"authorization": basic(f"a:b:{SECRET}")}),
        Delivery(headers={"authorization": f"Token {SECRET}"}),
        Delivery(headers={"authorization": SECRET.upper()}),
        Delivery(headers={"authorization": "\ud800"}),
        Delivery(headers={"authorization": "Basic /w=="}),
        Delivery(headers={"x-secret": SECRET}),
        Delivery(query={"secret": ""}),
        Delivery(query={"secret": f"{SECRET} "}),
        Delivery(query={"key": SECRET}),
    ],
    ids=str,
)
def test_a_secret_anywhere_else_is_none(sender: HookType, delivery: Delivery) -> None:
    assert status(sender, replace(delivery, body=accepted_body(sender))) == 401


@pytest.mark.parametrize("sender", SIGNING)
def test_who_signs_may_not_send_the_secret_instead(sender: HookType) -> None:
    given = {"authorization": SECRET, "x-github-event": "ping"}
    delivery = Delivery(headers=given, query={"secret": SECRET}, body=PLAIN)
    assert status(sender, delivery) == 401


def test_a_secret_may_have_any_characters() -> None:
    for secret in ("pässwörd", "a:b c", "Bearer x", "\udcff", "\ud800"):
        delivery = Delivery(headers={"authorization": secret}, body=accepted_body("quay"))
        assert status("quay", delivery, secret) == 200


# Signatures


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-signature": signature(PLAIN, SECRET)}, 200),
        ({"x-signature": signature(PLAIN, SECRET, "sha512")}, 200),
        ({"x-signature": signature(PLAIN, SECRET).upper()}, 200),
        ({"x-hub-signature-256": signature(PLAIN, SECRET)}, 200),
        ({"x-signature-256": signature(PLAIN, SECRET)}, 200),
        ({"x-signature": "sha256=00", "x-signature-256": signature(PLAIN, SECRET)}, 200),
        ({"x-signature": signature(PLAIN, SECRET, "sha1")}, 401),
        ({"x-hub-signature": signature(PLAIN, SECRET, "sha1")}, 401),
        ({"x-hub-signature": signature(PLAIN, SECRET)}, 401),
        ({"x-signature": signature(PLAIN, SECRET, "md5")}, 401),
        ({"x-signature": signature(PLAIN, SECRET).replace("sha256", "sha512")}, 401),
        ({"x-signature": signature(PLAIN, SECRET).removeprefix("sha256=")}, 401),
        ({"x-hub-signature-256": signature(PLAIN, SECRET, "sha512")}, 401),
        ({"x-signature": signature(b"", SECRET)}, 401),
        ({"x-signature": signature(PLAIN, "")}, 401),
    ],
)
def test_signatures_of_bodies(headers: dict[str, str], expected: int) -> None:
    assert status("hmac", Delivery(headers=headers, body=PLAIN)) == expected


def test_github_s_old_signature_is_not_enough() -> None:
    for headers in (
        {"x-hub-signature": signature(PLAIN, SECRET, "sha1")},
        {"x-hub-signature-256": signature(PLAIN, SECRET, "sha1")},
        {"x-signature": signature(PLAIN, SECRET)},
    ):
        delivery = Delivery(headers={**headers, "x-github-event": "ping"}, body=PLAIN)
        assert status("github", delivery) == 401


def test_the_signature_of_github_s_documentation() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    made = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-hub-signature-256": made, "x-github-event": "ping"}
    delivery = Delivery(headers=headers, body=b"Hello, World!")
    assert status("github", delivery, "It's a Secret to Everybody") == 400
    assert status("github", delivery, "It's a secret to Everybody") == 401


# Standard Webhooks


def webhook(secret: str = SECRET, **changes: str) -> Delivery:
    given = {f"webhook_{name}": value for name, value in changes.items()}
    return proven("standard-webhooks", PLAIN, secret=secret, **given)


@pytest.mark.parametrize(
    ("off", "expected"), [(0, 200), (-300, 200), (300, 200), (-301, 401), (301, 401), (1e9, 401)]
)
def test_a_stale_delivery_is_refused(off: float, expected: int) -> None:
    assert status("standard-webhooks", webhook(), now=NOW + off) == expected


# The time of the delivery, in digits that `int` reads too.
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in str(int(NOW)))


@pytest.mark.parametrize(
    "moment", ["", "x", "-1", "1e9", "9" * 5000, FULL_WIDTH, "1780000000.0", "\ud800"]
)
def test_a_time_that_is_none_is_refused(moment: str) -> None:
    headers = {"webhook-id": "m", "webhook-timestamp": moment}
    given = b"m." + moment.encode("utf-8", "surrogatepass") + b"." + PLAIN
    headers["webhook-signature"] = "v1," + signature_of(given)
    assert status("standard-webhooks", Delivery(headers=headers, body=PLAIN)) == 401


def signature_of(message: bytes) -> str:
    return base64.b64encode(bytes.fromhex(signature(message, SECRET)[7:])).decode()


def test_id_and_time_are_signed() -> None:
    good = webhook()
    for name, value in (("webhook-id", "msg_2"), ("webhook-timestamp", str(int(NOW) + 1))):
        changed = replace(good, headers={**good.headers, name: value})
        assert status("standard-webhooks", changed) == 401


def test_one_of_several_signatures_is_enough() -> None:
    """While a secret is replaced, both sign."""
    good = webhook()
    own = good.headers["webhook-signature"]
    other = webhook("another").headers["webhook-signature"]
    for given, expected in (
        (f"{other} {own}", 200),
        (f"{own} {other}", 200),
        (f"v1a,abc {own}", 200),
        (own.replace("v1,", "v2,"), 401),
        (own.replace("v1,", "v1a,"), 401),
        (other, 401),
        (" ".join([other] * 1000), 401),
    ):
        headers = {**good.headers, "webhook-signature": given}
        assert status("standard-webhooks", replace(good, headers=headers)) == expected, given[:60]


def test_secrets_of_standard_webhooks() -> None:
    """The example of the specification's libraries, and what is no secret in their form."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"}
    body = b'{"test": 2432232314}'
    made = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert webhook_signature(headers, body, secret) == made
    delivery = Delivery(headers={**headers, "webhook-signature": made}, body=body)
    # Proven; the body announces nothing that we know.
    assert status("standard-webhooks", delivery, secret, now=1614265330) == 400
    plain = secret.removeprefix("whsec_")
    assert status("standard-webhooks", delivery, plain, now=1614265330) == 400
    for wrong in ("whsec_", "whsec_?", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_whsec_"):
        assert status("standard-webhooks", delivery, wrong, now=1614265330) == 401
    # The text is not the key where the prefix says that it is base64.
    start = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    text = base64.b64encode(hmac.digest(secret.encode(), start + body, "sha256")).decode()
    by_text = Delivery(headers={**headers, "webhook-signature": f"v1,{text}"}, body=body)
    assert status("standard-webhooks", by_text, secret, now=1614265330) == 401
    nothing = webhook_signature(headers, body, "")
    unkeyed = Delivery(headers={**headers, "webhook-signature": nothing}, body=body)
    assert status("standard-webhooks", unkeyed, "whsec_", now=1614265330) == 401
