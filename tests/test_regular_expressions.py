"""No regular expression has what Python 3.11.0 to 3.11.4 are wrong about (gh-100061, gh-106052).

Possessive quantifiers and atomic groups match too little there, and nothing says so. Every text in
the sources is looked at, parts of patterns as well, and so is every pattern that the modules
compile when they are imported, whatever parts it is made of.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parent.parent / "imagebot"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Stands for what is put into an f-string.
VALUE = "x"

# An escaped character and a set are one thing to a quantifier, whatever is in them.
ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
FORBIDDEN = re.compile(r"(?<=.)[*+?}]\+|\(\?>", re.DOTALL)

COMPILED = """
import importlib, pkgutil, re, sys

patterns = []

def record(original):
    def called(pattern, *arguments, **named):
        name = sys._getframe(1).f_globals["__name__"]
        compiled = original(pattern, *arguments, **named)
        if name.split(".")[0] == "imagebot":
            patterns.append([name, pattern, compiled.flags])
        return compiled
    return called

re.compile = record(re.compile)
import imagebot

for module in pkgutil.walk_packages(imagebot.__path__, "imagebot."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(patterns)
"""


def forbidden_in(text: str) -> str:
    """What a text has that a pattern may not have; the text may be a part of a pattern."""
    found = FORBIDDEN.search(ONE.sub(VALUE, text))
    return found.group() if found is not None else ""


def forbidden_in_pattern(pattern: str, flags: int) -> set[str]:
    """The same of a whole pattern, as Python reads it."""
    parser: Any = importlib.import_module("re._parser")
    return {name for name in _operators(parser.parse(pattern, flags)) if name in _WRONG}


_WRONG = ("POSSESSIVE_REPEAT", "ATOMIC_GROUP")


def _operators(part: Any) -> Iterator[str]:
    if isinstance(part, (list, tuple)) or hasattr(part, "data"):
        for each in getattr(part, "data", part):
            yield from _operators(each)
    elif hasattr(part, "name"):
        yield part.name


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every text of a module but docstrings, with its line."""
    tree = ast.parse(source)
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    other = parts | alone
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else VALUE
                    for part in node.values
                ),
            )
        elif isinstance(node, ast.Constant) and id(node) not in other:
            yield from [(node.lineno, node.value)] if isinstance(node.value, str) else []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_is_a_pattern_that_some_python_is_wrong_about(path: Path) -> None:
    found = [
        (line, operator)
        for line, text in texts(path.read_text("utf-8"))
        if (operator := forbidden_in(text))
    ]
    assert found == []


def test_no_compiled_pattern_is_one_either() -> None:
    command = [sys.executable, "-c", COMPILED]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    compiled = ast.literal_eval(done.stdout)
    names = {name for name, _, _ in compiled}
    assert {"imagebot.manifest.yaml.plain_lines", "imagebot.manifest.text.placeholders"} <= names
    assert len(compiled) > 100
    wrong = [
        (name, pattern) for name, pattern, flags in compiled if forbidden_in_pattern(pattern, flags)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('re.compile(r"a++")', "++"),
        ('re.compile(r"[a+]*+")', "*+"),
        ('re.compile(rf"{A}?+")', "?+"),
        ('re.compile(rf"a{{1,2}}+")', "}+"),
        ('re.compile("(?:" + r"[^{}]++|" + A)', "++"),
        ('A = r"(?>a)"', "(?>"),
        ('re.sub(r"\\\\\\\\++", "", x)', "++"),
        ('re.compile(r"\\*+[*+]+[]*+]\\++")', ""),
        ('A = ("+", "++")', ""),
        ('"""C++ in a docstring"""', ""),
        ('A = "a+|a*?|a{2}"', ""),
    ],
)
def test_such_a_text_is_found(source: str, found: str) -> None:
    assert "".join(forbidden_in(text) for _, text in texts(source)) == found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"a++", {"POSSESSIVE_REPEAT"}),
        (r"(?:b|(a{1,2}+))*", {"POSSESSIVE_REPEAT"}),
        (r"(?=(?:x|(?>a|b)))", {"ATOMIC_GROUP"}),
        (r"a*b+?[*+]+\++", set()),
    ],
)
def test_such_a_pattern_is_found(pattern: str, found: set[str]) -> None:
    assert forbidden_in_pattern(pattern, 0) == found
