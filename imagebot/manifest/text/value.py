"""Finds the one version on a line of a file that is not YAML, whose image a comment names."""

from __future__ import annotations

import re

from imagebot.manifest.markers.named import NAME_KEYS, VERSION_KEY, why_not_version
from imagebot.manifest.text.placeholders import SIGN, without_placeholders

# What a value may be: it ends at a space, a quote or a sign of the language.
_DIGEST = r"sha(?:256|512):[0-9a-f]+"
_VALUE = rf"(?:{_DIGEST}|\w[\w.+-]*(?:@{_DIGEST})?)"
_END = r"(?=[\s\"'`,;)\]}]|\Z)"
# `VERSION=1.2`, `version = "1.2"`, `"tag": "1.2"`, `V ?= 1.2`, `- 1.2`, `ENV VERSION 1.2`.
_ASSIGNED = re.compile(
    r"(?:(?<![\w.-])(?P<key>[\w.-]+)[\"']?[ \t]*(?:[?:+]?=[ \t]*|:{1,3}(?:[ \t]+|(?=[\"'])))"
    r"|\A[ \t]*-[ \t]+|\A[ \t]*(?:ARG|ENV)[ \t]+(?P<word>\w+)[ \t]+)"
    rf"[\"'`]?(?P<value>{_VALUE}){_END}",
    re.IGNORECASE,
)
# Jinja's `{% set version = "1.2" %}`.
_SET = re.compile(rf"\{{%-?[ \t]*set[ \t]+(?P<key>\w+)[ \t]*=[ \t]*([\"'])(?P<value>{_VALUE})\2")
# No line with a version is longer.
_LONGEST = 4_096


def version_on(line: str) -> tuple[int, int] | None:
    """Where the tag or digest on a line starts and ends, None unless there is exactly one.

    Of several values, the one whose name ends as that of a version does is meant.
    """
    line = line[:_LONGEST]
    masked = without_placeholders(line)
    found = [
        each
        for each in _ASSIGNED.finditer(masked)
        if not why_not_version(each["value"]) and _name(each) not in NAME_KEYS
    ]
    if not found:
        found = list(_SET.finditer(line))
    if len(found) > 1:
        found = [each for each in found if VERSION_KEY.search(_name(each))]
    return found[0].span("value") if len(found) == 1 else None


def is_filled_in_on(line: str) -> bool:
    """Whether other tools fill in something on a line."""
    return SIGN in without_placeholders(line[:_LONGEST])


def _name(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return groups.get("key") or groups.get("word") or ""
