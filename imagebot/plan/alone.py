"""Keeps updates that would change nothing that is deployed, because another value overrides it."""

from __future__ import annotations

from imagebot.plan.model import Plan, Update
from imagebot.plan.vetoes import Veto, Vetoes, apply_vetoes


def without_alone(plan: Plan) -> Plan:
    """The plan without updates of values that equal ones override and that do not change with them.

    They change together if the same route publishes both and both get the same tag and digest.
    """
    if not any(update.field.overridden for update in plan.updates):
        return plan
    made = {(_place(update), _new(update)) for update in plan.updates}
    kept: dict[str, Veto] = {}
    for update in plan.updates:
        places = update.field.overridden
        if places and not any((place, _new(update)) in made for place in places):
            reason = f"{places[0]} overrides it, and does not change with it"
            kept[update.id] = Veto("replaced", reason)
    return apply_vetoes(plan, Vetoes(of=kept))


def _place(update: Update) -> str:
    return f"{update.field.path}:{update.field.line}"


def _new(update: Update) -> tuple[str, str | None, str | None]:
    return update.route, update.tag, update.digest
