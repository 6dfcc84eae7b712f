"""What all of this process shares, made once by the entry point."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field

from imagebot.config.secret import Vault
from imagebot.parallel.stop import Stop
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """`arguments` are those of the command line, and `environment` what it was started with;
    `vault` knows the secrets that were used; `stop` is asked by signals."""

    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    vault: Vault = field(default_factory=Vault)
    stop: Stop = field(default_factory=Stop)
