"""Tags that the generators of an ApplicationSet write down for its template to fill in.

Which image such a tag is of, only the template and the chart know, so these tags are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from imagebot.manifest.images import spelling
from imagebot.manifest.images.arguments import name_path
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.scalars import scalars_with_keys
from imagebot.manifest.yaml.tree import Mapping, Node

_FILLED_IN = re.compile(r"\{\{-?[ \t]*\.?([\w.-]{1,200})[ \t]*-?\}\}")
_MAX_DEPTH = 4
# No template has more tags; each is looked for in every element.
_MAX_NAMES = 50
_MARKER = "`# imagebot: {image: REPOSITORY, policy: NAME}`"
_APART = f"write it on a line of its own, with {_MARKER} behind it"


def list_tags(context: DocumentContext, root: Mapping) -> None:
    """List the tags in generators that have no other entry, by what the template makes of them."""
    spec = root.mapping("spec")
    template = spec.mapping("template") if spec is not None else None
    if spec is None or template is None:
        return
    wanted = dict(islice(_tags_of(template), _MAX_NAMES))
    if not wanted:
        return
    findings = context.findings
    known = {each.field.line for each in findings.candidates}
    known.update(each.line for each in findings.unread)
    for values, prefix in _values(spec.sequence("generators"), 0):
        for name, about in wanted.items():
            scalar = _scalar(values, name.removeprefix(prefix)) if name.startswith(prefix) else None
            if scalar is None or context.line(scalar) in known or "{{" in scalar.value:
                continue
            reason = f"it fills in `{about}`, and only the chart says which image that belongs to"
            hint = _APART if context.is_crowded(scalar) else f"write {_MARKER} on this line"
            context.unread(scalar, "no-repository", reason, expected=True, hint=hint)


def _tags_of(template: Mapping) -> Iterator[tuple[str, str]]:
    """The names that fill in a whole tag, and the name of the value that is this tag."""
    scalars = {keys: scalar for scalar, keys in scalars_with_keys(template)}
    for keys, scalar in scalars.items():
        filled = _FILLED_IN.fullmatch(scalar.value.strip()) if "{{" in scalar.value else None
        if filled is None:
            continue
        named = scalars.get((*keys[:-1], "name")) if keys[-1] == "value" else None
        about = named.value.strip() if named is not None else str(keys[-1])
        *owner, last = name_path(about) or ("",)
        if spelling.is_version_name(last, about=".".join(owner)):
            yield filled[1], about


def _values(generators: Iterable[Node] | None, depth: int) -> Iterator[tuple[Mapping, str]]:
    """What generators write down, and what the names of these values begin with."""
    for generator in generators or ():
        if not isinstance(generator, Mapping) or depth > _MAX_DEPTH:
            continue
        for kind in generator:
            settings = generator.mapping(kind)
            if settings is None or kind == "selector":
                continue
            for element in settings.sequence("elements") or ():
                if isinstance(element, Mapping):
                    yield element, ""
            given = settings.mapping("values")
            if given is not None:
                yield given, "values."
            yield from _values(settings.sequence("generators"), depth + 1)


def _scalar(values: Mapping, name: str) -> Scalar | None:
    *owners, last = name.split(".")
    for key in owners:
        inner = values.mapping(key)
        if inner is None:
            return None
        values = inner
    return values.scalar(last)
