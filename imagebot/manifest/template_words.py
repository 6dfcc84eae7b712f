"""Reads the templates of an ApplicationSet as if each placeholder were a word.

A word stands for one value and is as long as its placeholder, so every place stays the same. A
field whose tag is a word tells of which image that value is the tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from imagebot.manifest.images.field import Scan
from imagebot.manifest.images.generated import TemplateImage

# `{{tag}}` and `{{ .values.tag }}`, without functions.
_NAME = rb"[A-Za-z_][A-Za-z0-9_-]*"
_PLACEHOLDER = re.compile(rb"\{\{[ \t]*\.?(" + _NAME + rb"(?:\." + _NAME + rb")*)[ \t]*\}\}")
_ACTION = re.compile(r"\{\{[^{}\n]{1,500}\}\}")
_FIELD = re.compile(r"(?<![\w.)])\.([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)")
# No reference has a longer tag; a file with more values is no ApplicationSet.
_MAX_LENGTH = 120
_MAX_WORDS = 500


def with_words(data: bytes) -> tuple[bytes, dict[str, str]]:
    """The file with words in place of placeholders, and the name of the value by each word."""
    words: dict[tuple[bytes, int], bytes] = {}
    number = 0

    def word(match: re.Match[bytes]) -> bytes:
        nonlocal number
        length = len(match[0])
        key = match[1], length
        while key not in words and length <= _MAX_LENGTH and number < _MAX_WORDS:
            number += 1
            made = b"z" + str(number).zfill(length - 1).encode()
            if made not in data:
                words[key] = made
        return words.get(key, match[0])

    made = _PLACEHOLDER.sub(word, data)
    return made, {made.decode(): name.decode() for (name, _), made in words.items()}


def template_images(scan: Scan, words: Mapping[str, str]) -> Iterator[TemplateImage]:
    """The images of the templates whose tags are words, or have some in them."""
    for each in scan.fields:
        tag = each.reference.tag or ""
        value = words.get(tag)
        inside = "generators" not in each.keys and {"template", "templatePatch"} & {*each.keys}
        if value is None and inside:
            where = f"{each.path}:{each.line}"
            for word, name in words.items():
                if word in tag:
                    yield TemplateImage(each.document, each.keys, name, "", where, part=True)
        if value is None or not inside:
            continue
        refusal = each.refusal
        if each.reference.digest is not None:
            refusal = f"its digest is in the template ({each.path}:{each.line})"
        yield TemplateImage(
            each.document,
            each.keys,
            value,
            _without_words(each.reference.name, words),
            each.repository_from or f"{each.path}:{each.line}",
            refusal,
        )


def uses(scan: Scan, data: bytes) -> Iterator[tuple[str, int]]:
    """The values that functions make images of, with the lines of these."""
    lines = data.decode("utf-8", "replace").splitlines()
    for each in scan.unread:
        if each.code == "variable" and 0 < each.line <= len(lines):
            for action in _ACTION.finditer(lines[each.line - 1]):
                yield from ((name[1], each.line) for name in _FIELD.finditer(action[0]))


def doubts(scan: Scan, data: bytes, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Values that may be the tag of one of several images, and why that is not certain."""
    lines = data.decode("utf-8", "replace").splitlines()
    for each in scan.unread:
        if each.code == "ambiguous" and 0 < each.line <= len(lines):
            line = lines[each.line - 1]
            yield from ((name, each.reason) for word, name in words.items() if word in line)


def _without_words(text: str, words: Mapping[str, str]) -> str:
    for word, name in words.items():
        text = text.replace(word, f"{{{{{name}}}}}")
    return text
