"""Which versions are adopted where there is no current version to compare with. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from imagebot.policy.model import Policy
from imagebot.policy.ranking import Outsiders
from imagebot.policy.rejections import Refusals
from imagebot.policy.rows import Rows, cut_numbers
from imagebot.version.precedence import Numbers
from imagebot.version.shape import Layout

_PREFERENCE = {3: 0, 2: 1, 1: 1000, 0: 1001}
_ONE_BY_ONE = 1
"""So many higher versions in another form may be of a release that is being pushed just now."""
_SEVERAL = 2
_BUILD = re.compile(r"[-_.]#")


def leading_form(rows: Rows, refusals: Refusals) -> Rows:
    """The versions with the most usual number of parts.

    Three parts before two, two before four, unless the project has changed to another form: see
    `_successor`. Single numbers are last, dates behind the others: they would beat every release.
    """
    forms = sorted(set(rows.forms), key=lambda form: _PREFERENCE.get(form, form))
    if len(forms) < 2:
        return rows
    leading = _successor(rows, forms)
    kept = [i for i, form in enumerate(rows.forms) if form == leading]
    count = "one number" if leading < 2 else f"{leading} numbers"
    reason = f"there are tags of {count}, which come first"
    refusals.add("shape", rows.others(kept), reason)
    return rows.only(kept)


def _successor(rows: Rows, forms: Sequence[int]) -> int:
    """The form that the newest versions have, if it is not the first of these.

    PostgreSQL has 17.1, and 9.6.24 as its last version of three numbers. One higher tag may be
    1.28 before 1.28.0 is pushed; two say that the versions are written so now.
    """
    by_form: dict[int, list[Numbers]] = {form: [] for form in forms if form > 1}
    for form, numbers in zip(rows.forms, rows.numbers, strict=True):
        if form > 1:
            by_form[form].append(numbers)
    leading = forms[0]
    for form, found in by_form.items():
        best = max(by_form[leading])
        if len({one for one in found if _is_higher(one, best)}) > _ONE_BY_ONE:
            leading = form
    return leading


def drop_old(
    policy: Policy,
    rows: Rows,
    others: Sequence[Outsiders],
    refusals: Refusals,
    accept: Callable[[Sequence[Numbers], None], Sequence[int]] | None = None,
) -> Rows:
    """None of the rows where several versions that the policy accepts are higher, in one variant.

    `others` are the tags that are not plain versions. `latest` of rancher/k3s is v1.31.1-k3s1, and
    its last version without a variant v1.0.1.
    """
    # With `version-of`, a digest says which version it is.
    if not rows.tags or policy.variant != "same" or policy.version_of is not None:
        return rows
    best = max(rows.numbers)
    higher: dict[str, dict[Numbers, str]] = {}
    for layout, group in others:
        if len(layout.parts) < _SEVERAL or not _is_release_with_variant(layout):
            continue
        numbers = cut_numbers(layout.parts, group.texts)
        if not _is_higher(max(numbers), best):
            continue
        taken = accept(numbers, None) if accept is not None else range(len(numbers))
        found = higher.setdefault(layout.variant, {})
        for i in taken:
            if _is_higher(numbers[i], best):
                found[numbers[i]] = max(group.tags[i], found.get(numbers[i], ""))
    several = [found for found in higher.values() if len(found) > _ONE_BY_ONE]
    if not several:
        return rows
    newest = max(max(found.items()) for found in several)[1]
    reason = f"it may be an old one: higher versions have a variant, such as {newest}"
    refusals.add("shape", rows.tags, reason)
    return rows.only(())


def _is_release_with_variant(layout: Layout) -> bool:
    """Not a numbered build such as 11.6.0-84531, nor one of a commit: it may be of no release."""
    if layout.kind != "version" or layout.prefix not in ("", "v", "V"):
        return False
    if layout.stage or layout.hidden:
        return False
    return layout.variant != "" and _BUILD.fullmatch(layout.variant) is None


def _is_higher(one: Numbers, other: Numbers) -> bool:
    """Whether a version is higher by the numbers that both have."""
    return one[: len(other)] > other[: len(one)]
