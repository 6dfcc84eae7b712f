"""Hides the secrets of the process in what a pass has to say."""

from __future__ import annotations

from dataclasses import replace

from imagebot.config.secret import Vault
from imagebot.plan.model import Plan


def without_secrets(plan: Plan, vault: Vault) -> Plan:
    """What problems and warnings say, in which others may be quoted, for all formats."""
    problems = (
        replace(each, message=vault.hide(each.message), hint=vault.hide(each.hint))
        for each in plan.problems
    )
    return replace(plan, problems=tuple(problems), warnings=tuple(map(vault.hide, plan.warnings)))
