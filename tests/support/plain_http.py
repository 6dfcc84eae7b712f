"""A plain request, to see what a server returns."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from tests.support.process import PATIENCE


def get(url: str, *, verify: bool | ssl.SSLContext = False, **options: Any) -> httpx.Response:
    """GET without the environment's proxies and certificates."""
    with httpx.Client(trust_env=False, verify=verify, timeout=PATIENCE) as client:
        return client.get(url, **options)
