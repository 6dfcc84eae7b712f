"""Decide which URLs a registry may send us to, for a token or a blob. Pure.

A registry names its token server and redirects to its storage, so it chooses hosts that we then
talk to, from inside somebody's network. Other clients found the same rules after their advisories
(GHSA-xf85-363p-868w and GHSA-28r5-37g7-p6mp of oras-go, #2193 of go-containerregistry). Which
addresses may be connected to is decided where connections are made (`http/reach.py`).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from imagebot.http.address import netloc

# Other spellings (percent-encoding, Unicode, zones) are read as another host by some.
_PLAIN_RE = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


def refuse(url: str, registry_url: str) -> str:
    """Why the registry at `registry_url` must not send us to `url`; "" when it may."""
    try:
        target, registry = urlsplit(url), urlsplit(registry_url)
        _ = target.port
    except ValueError:
        return "it is not a valid address"
    if target.scheme not in ("http", "https") or not target.hostname:
        return "it is not an http(s) address"
    if target.username is not None or target.password is not None:
        return "it has a user name in it"
    if _PLAIN_RE.fullmatch(netloc(url)) is None:
        return "it has characters in its host that no host name has"
    if registry.scheme == "https" and target.scheme != "https":
        return "it is plain http, but the registry is https"
    return ""
