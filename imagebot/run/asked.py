"""Keeps what is asked about a head in one file. Deleting it changes nothing but speed.

A checksum covers it: a damaged one is made anew from the fields.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from imagebot.config.model import Configuration, Target
from imagebot.git.url import identity_of
from imagebot.manifest.cache import (
    StaleScanError,
    UnencodableScanError,
    decode_value,
    encode_value,
)
from imagebot.plan.model import PlanTarget
from imagebot.plan.questions import Questions
from imagebot.scan.cache import read_kept, reader_version, write_kept
from imagebot.scan.kept import KeptTree

_FORMAT = b"imagebot-asked-1"
# What decides which questions a scanned tree and a configuration make, and what is said of them.
_READERS = ("plan/*.py", "policy/model.py", "config/*.py", "glob.py", "text.py", "problem.py")


def plan_target(target: Target) -> PlanTarget:
    return PlanTarget(target.name, identity_of(target.url, target.branch))


def asked_key(found: KeptTree, configuration: Configuration, target: Target) -> str:
    """Equal where the same tree, configuration and limits are planned by the same code."""
    code = reader_version(Path(__file__).parent.parent, _READERS)
    said = repr((found.key, code, configuration, target.limits, plan_target(target)))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def load_questions(path: Path, key: str) -> Questions | None:
    body = read_kept(path, _FORMAT, key)
    try:
        return None if body is None else decode_value(body, Questions)
    except StaleScanError:
        return None


def save_questions(path: Path, key: str, questions: Questions) -> None:
    try:
        body = encode_value(questions)
    except UnencodableScanError:
        return
    write_kept(path, _FORMAT, key, body)
