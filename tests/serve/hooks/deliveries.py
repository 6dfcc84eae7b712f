"""The payloads of tests/data/hooks, and deliveries that prove who sends them.

A payload's file has `from` where it is one that another tool tests (with `theirs`, what that reads,
and `because`, why imagebot reads something else), what is set of the `hook`, `headers`, `body` or
`text`, and what is `expected`: the status of a refusal, or what is heard.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from imagebot.config.model_serve import Hook, HookType
from imagebot.config.secret_source import SecretSource
from imagebot.serve.hooks.model import Delivery, Heard, Refused

DATA = Path(__file__).parent.parent.parent / "data" / "hooks"
SENDERS: tuple[HookType, ...] = get_args(HookType)
SECRET = "correct-horse-battery"
SIGNING = ("github", "hmac", "standard-webhooks")
NOW = 1_780_000_000.0


@dataclass(frozen=True, slots=True)
class Payload:
    """One file: which sender, and its name."""

    sender: HookType
    name: str
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.sender}/{self.name}"

    @property
    def body(self) -> bytes:
        text = self.document.get("text")
        return (json.dumps(self.document["body"]) if text is None else text).encode()

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.document.get("headers", {}))


def payloads() -> list[Payload]:
    return [
        Payload(sender, path.stem, json.loads(path.read_text("utf-8")))
        for sender in SENDERS
        for path in sorted((DATA / sender).glob("*.json"))
    ]


def payload(name: str) -> Payload:
    found: Payload = next(each for each in payloads() if str(each) == name)
    return found


def make_hook(sender: HookType, **options: Any) -> Hook:
    """A hook with a secret."""
    given = {"name": "hook", "type": sender, "secret": SecretSource("env", "HOOK"), **options}
    return Hook(**given)


def insecure(hook: Hook) -> Hook:
    return replace(hook, secret=None)


def proven(sender: HookType, body: bytes, *, secret: str = SECRET, **headers: str) -> Delivery:
    """A delivery with the proof that its sender would give; names have `_` for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if sender == "github":
        given["x-hub-signature-256"] = signature(body, secret)
    elif sender == "hmac":
        given["x-signature"] = signature(body, secret)
    elif sender == "standard-webhooks":
        given.setdefault("webhook-id", "msg_1")
        given.setdefault("webhook-timestamp", str(int(NOW)))
        given["webhook-signature"] = webhook_signature(given, body, secret)
    else:
        given["authorization"] = secret
    return Delivery(headers=given, body=body)


def signature(body: bytes, secret: str, hash_: str = "sha256") -> str:
    return f"{hash_}={hmac.new(secret.encode(), body, getattr(hashlib, hash_)).hexdigest()}"


def webhook_signature(headers: dict[str, str], body: bytes, secret: str) -> str:
    """As the specification of Standard Webhooks makes it."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        key = base64.b64decode(secret.removeprefix("whsec_"))
    start = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    made = hmac.new(key, start + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def shown(heard: Heard | Refused) -> object:
    """What was heard, as the files have it."""
    if isinstance(heard, Refused):
        return heard.status
    found: dict[str, object] = {"images": images(heard)}
    if heard.git:
        found["git"] = [[list(e.urls), e.branch, e.commit, e.request] for e in heard.git]
    if heard.id:
        found["id"] = heard.id
    if heard.answer:
        found["answer"] = heard.answer
    return found


def images(heard: Heard | Refused) -> list[str]:
    assert isinstance(heard, Heard)
    tags = [(str(each.repository), each.tag) for each in heard.images]
    return [f"{name}:{tag}" if tag else name for name, tag in tags]
