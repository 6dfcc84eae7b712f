"""Announces a package as GitHub does."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx


def send_package_event(client: httpx.Client, path: str, image: str, secret: str) -> str:
    """Send the event of a push to a hook of type `github`; returns the status that it answers."""
    name, _, tag = image.rpartition(":")
    version = {"package_url": image, "container_metadata": {"tag": {"name": tag}}}
    package = {"name": name, "package_type": "CONTAINER", "package_version": version}
    body = json.dumps({"action": "published", "package": package}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "package",
        "X-GitHub-Delivery": f"delivery-of-{tag}",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    answer = client.post(path, content=body, headers=headers).raise_for_status()
    return str(answer.json()["status"])
