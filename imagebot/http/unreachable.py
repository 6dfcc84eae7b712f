"""Why there is no response, as far as it matters for the next request to the host."""

from __future__ import annotations

from imagebot.errors import RegistryUnreachableError


class CannotConnectError(RegistryUnreachableError):
    """There was no connection, so the next request to the host would fail too."""


class SilentHostError(CannotConnectError):
    """The host sent nothing for as long as it may: every request would wait as long."""


class SlowHostError(RegistryUnreachableError):
    """Bytes came, but too few or for too long."""


class OutOfTimeError(RegistryUnreachableError):
    """The question that the request belongs to has no time left."""


class ProxySettingsError(Exception):
    """HTTPS_PROXY or another of the environment's settings is not the address of a proxy."""
