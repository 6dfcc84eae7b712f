"""The settings of config management plugins: environment and parameters.

What a plugin makes of them only the plugin knows. Read are the forms that plugins share: arguments
of Helm (`--set image.tag=1.2`), values by name, and whole references.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.manifest.formats.named_values import NamedValue, find_named
from imagebot.manifest.images import spelling
from imagebot.manifest.images.arguments import (
    Argument,
    UnreadArgumentsError,
    may_set_values,
    name_path,
    read_arguments,
)
from imagebot.manifest.images.context import DocumentContext
from imagebot.manifest.images.findings import Keys
from imagebot.manifest.images.naming import has_tag
from imagebot.manifest.images.part_scalar import array_arguments, part_of
from imagebot.manifest.yaml.events import Scalar
from imagebot.manifest.yaml.tree import Mapping, is_scalar


def find(context: DocumentContext, plugin: Mapping, keys: Keys) -> None:
    """Report the images of a plugin's settings."""
    for key, value in (("env", "value"), ("parameters", "string")):
        texts: list[NamedValue] = []
        for number, item in items(plugin, key, value):
            texts += _found(context, item, value, (*keys, key, number, value))
        find_named(context, texts, plugin, (*keys, key))
    for number, each in enumerate(plugin.sequence("parameters") or ()):
        if isinstance(each, Mapping):
            at = (*keys, "parameters", number)
            find_map(context, each, (*at, "map"))
            _find_array(context, each, (*at, "array"))


def items(plugin: Mapping, key: str, value: str) -> Iterator[tuple[int, Mapping]]:
    """The items of a list that have a text at the key `value`, with their numbers."""
    for number, item in enumerate(plugin.sequence(key) or ()):
        if isinstance(item, Mapping) and item.scalar(value) is not None:
            yield number, item


def _found(context: DocumentContext, item: Mapping, value_key: str, keys: Keys) -> list[NamedValue]:
    """The value of an item, unless it is reported: arguments, YAML and whole images are."""
    name, value = item.text("name"), item.scalar(value_key)
    assert value is not None
    if may_set_values(value.value):
        find_arguments(context, value, item, keys)
        return []
    if value.style == "|" and "\n" in value.value.strip():
        context.add_nested(value, keys)
        return []
    whole = has_tag(value.value.strip()) and spelling.is_about_images(name)
    if whole and context.inline(value, keys, span=_image_of(value), loose=True):
        return []
    pair = item.pair(value_key)
    number = keys[-2]
    if not name or pair is None or not isinstance(number, int):
        return []
    return [NamedValue((name,), pair[0], value, number, item.flow)]


def _image_of(scalar: Scalar) -> tuple[int, int | None]:
    """Where the image is in `name=new-name:tag`."""
    return scalar.value.strip().rfind("=") + 1, None


def find_arguments(context: DocumentContext, scalar: Scalar, like: Mapping, keys: Keys) -> None:
    """Report the images of arguments in a text; list what of them cannot be read."""
    try:
        found = read_arguments(scalar.value)
    except UnreadArgumentsError as error:
        context.unread(scalar, "embedded", f"cannot read these arguments: {error}", expected=True)
        return
    values = []
    for each in found:
        if _is_file(each):
            continue
        part = part_of(context.document_text, scalar, each)
        if each.reason or part is None:
            _list(context, scalar, each)
        elif each.path:
            values.append(NamedValue(each.path, part, part))
    find_named(context, values, like, keys, context.below_at(keys, parameters=True))


def _is_file(argument: Argument) -> bool:
    """Whether it is a file of values (`-f prod.yaml`): that is a layer, and sets no value here."""
    return not argument.path and not argument.reason


def _list(context: DocumentContext, scalar: Scalar, argument: Argument) -> None:
    *about, last = argument.path or ("",)
    if argument.path and not spelling.is_part_name(last, about=".".join(about)):
        return
    if not argument.path and "mage" not in argument.value:
        return
    name = ".".join(argument.path) or argument.option
    reason = argument.reason or "it is not written in one piece"
    context.unread(scalar, "embedded", f"cannot edit `{name}`: {reason}", expected=True)


def find_map(context: DocumentContext, owner: Mapping, keys: Keys) -> None:
    """`map: {image.tag: 1.2}` of a plugin's parameter."""
    values = owner.mapping(str(keys[-1]))
    if values is None:
        return
    named = []
    for name, (key, node) in values.items():
        path = name_path(name)
        if path and is_scalar(node):
            named.append(NamedValue(path, key, node, 0, values.flow))
    find_named(context, named, values, keys, context.below_at(keys, parameters=True))


def _find_array(context: DocumentContext, owner: Mapping, keys: Keys) -> None:
    """`array: [--set, image.tag=1.2]`, or a list of images or of `name=value`."""
    values = owner.sequence("array")
    if values is None:
        return
    named = [
        NamedValue(each.path, part, part)
        for scalar, each in array_arguments(values)
        if each.path and not each.reason
        if (part := part_of(context.document_text, scalar, each)) is not None
    ]
    find_named(context, named, owner, keys, context.below_at(keys, parameters=True))
    is_set = any(item.value.startswith("--set") for item in values if is_scalar(item))
    if is_set or not spelling.is_about_images(owner.text("name")):
        return
    for number, item in enumerate(values):
        if is_scalar(item) and has_tag(item.value.strip()):
            context.inline(item, (*keys, number), span=_image_of(item), loose=True)
