"""The `tests:` of a policies file, as what `imagebot.policy.check` runs."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.config.document import read_document
from imagebot.config.issues import Issues, validate
from imagebot.config.model import Position
from imagebot.errors import InvalidPolicyError
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class LoadedTest:
    """A test as `run_policy_tests` takes it, and its place."""

    keys: Mapping[str, object]
    place: Position


def load_policy_tests(text: str, path: str) -> tuple[LoadedTest, ...]:
    """The tests of a file, in its order; the rest of the file is not looked at.

    Raises ConfigurationError.
    """
    from imagebot.config.schema import TestSection
    from imagebot.policy.check import read_policy_test

    document = read_document(text, path)
    issues = Issues(document)
    node = document.node(("tests",))
    if node is not None and not isinstance(node.value, list):
        issues.add(("tests",), "must be a list", position=0)
    tests: list[LoadedTest] = []
    for index, child in node.children.items() if node else ():
        at = ("tests", index)
        section = validate(TestSection, child.value, issues, at)
        if section is None:
            continue
        keys = section.model_dump(by_alias=True, exclude_unset=True)
        try:
            read_policy_test(keys)
        except InvalidPolicyError as error:
            below = error.key.partition(".")[2]
            issues.add((*at, below) if below else at, error.reason, error.hint, position=0)
        tests.append(LoadedTest(keys, Position(path, child.spot.line, child.spot.column)))
    issues.raise_all()
    return tuple(tests)
