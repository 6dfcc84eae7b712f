"""Errors of pydantic as issues, in imagebot's words, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from imagebot.config.compose import MAX_ISSUES
from imagebot.config.node import Document, KeyPath, show_path, show_text
from imagebot.errors import ConfigIssue, ConfigurationError
from imagebot.text import did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    Model = TypeVar("Model", bound=BaseModel)

_WRONG_TYPE: Mapping[str, str] = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
# Steps in pydantic's locations that are not keys: of unions (see the tags in config.schema), and
# of mappings with a wrong key.
_PYDANTIC_STEPS = frozenset({"keys", "list", "word", "text", "switch", "[key]"})
# Keys that people try in a file of a target, which must not have them.
_BOT_WORDS = frozenset(
    {"auth", "command", "credential", "exec", "hooks", "insecure", "mirror", "password", "run"}
    | {"script", "secret", "ssh-key", "token", "url", "username", "webhook"}
)


class Issues:
    """The issues of one document, gathered over all stages of a load."""

    def __init__(self, document: Document, *, trusted: bool = True) -> None:
        self.document = document
        self.trusted = trusted
        self._found: dict[ConfigIssue, None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def full(self) -> bool:
        """Whether the limit is reached, so that nothing more is reported."""
        return len(self._found) >= MAX_ISSUES

    def add(
        self,
        keys: Sequence[str | int],
        message: str,
        hint: str = "",
        *,
        position: int | None = None,
    ) -> None:
        """A issue of the value at `keys` when a `position` in it is given, else of the key."""
        if self.full:
            return
        spot = (
            self.document.spot(keys)
            if position is None
            else self.document.value_spot(keys, position)
        )
        issue = ConfigIssue(
            self.document.path, spot.line, spot.column, show_path(keys), message, hint
        )
        self._found[issue] = None

    def found(self) -> tuple[ConfigIssue, ...]:
        """What was found, in the order of the file."""
        found = sorted(self._found, key=lambda issue: (issue.line, issue.column))
        if self.full:
            path = self.document.path
            found.append(ConfigIssue(path, 0, 0, "", "too many issues: there may be more"))
        return tuple(found)

    def raise_all(self) -> None:
        if self._found:
            raise ConfigurationError(self.found())


def validate(model: type[Model], value: object, issues: Issues, at: KeyPath = ()) -> Model | None:
    """The value at the key path `at` as a model, or None with everything wrong in `issues`."""
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as error:
        _translate(error, model, issues, at)
        return None


def _translate(error: ValidationError, model: type[BaseModel], issues: Issues, at: KeyPath) -> None:
    for details in error.errors(include_url=False):
        if issues.full:
            return
        keys = _within(issues.document, at, details["loc"])
        kind = details["type"]
        if kind == "extra_forbidden":
            known = _known_keys(model, details["loc"][:-1])
            issues.add(keys, "unknown key", _unknown_hint(str(keys[-1]), known, issues.trusted))
        elif kind == "missing":
            issues.add(keys[:-1], f"{details['loc'][-1]} is missing")
        else:
            message, hint, position = _words(details)
            of_key = details["loc"][-1:] == ("[key]",)
            issues.add(keys, message, hint, position=None if of_key else position)


def _unknown_hint(key: str, known: set[str], trusted: bool) -> str:
    if not trusted and key in _BOT_WORDS:
        return "secrets, hosts and commands belong in the bot's own file"
    return did_you_mean(key, known) or f"known are {', '.join(sorted(known))}"


def _within(document: Document, at: KeyPath, loc: Sequence[str | int]) -> KeyPath:
    """The key path of an error: its location without the names that pydantic gives to unions."""
    keys = at
    for index, step in enumerate(loc):
        node = document.node(keys)
        is_there = node is not None and step in node.children
        if is_there or (index == len(loc) - 1 and step not in _PYDANTIC_STEPS):
            keys = (*keys, step)
    return keys


def _words(details: ErrorDetails) -> tuple[str, str, int]:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "imagebot":
        return str(context["reason"]), str(context["hint"]), int(context["position"])
    if kind == "literal_error":
        return _literal_words(details, context)
    if kind in _WRONG_TYPE:
        return (
            f"must be {_WRONG_TYPE[kind]}, not {_describe(details['input'])}",
            _type_hint(details),
            0,
        )
    if kind == "too_short":
        return "must not be empty", "", 0
    if kind == "greater_than_equal":
        return f"must be {context['ge']} or more", "", 0
    if kind == "less_than_equal":
        return f"must be {context['le']} or less", "", 0
    return details["msg"], "", 0


def _literal_words(details: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str, int]:
    expected = str(context["expected"]).replace("'", "").replace(" or ", ", ")
    given = details["input"]
    must = f"must be {'one of ' * (', ' in expected)}{expected}"
    if not isinstance(given, str):
        return f"{must}, not {_describe(given)}", "", 0
    message = f"{must}, not {show_text(given)!r}"
    near = did_you_mean(given, expected.split(", "))
    if details["loc"][-1] == "pin" or "pin" in details["loc"]:
        near = near or "write digest, {digest: with-tag} or {digest: always}"
    return message, near, 0


def _describe(value: object) -> str:
    """The kind of a value, without the value: it may be a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    return (
        "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "text"
    )


def _type_hint(details: ErrorDetails) -> str:
    if details.get("ctx", {}).get("class_name") == "SecretSection":
        return "{file: PATH} or {env: NAME}; the file itself never holds a secret"
    scalar = isinstance(details["input"], bool | int | float)
    return "put it in quotes" if details["type"] == "string_type" and scalar else ""


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> set[str]:
    """The keys of the section that a location leads to."""
    sections: list[type[BaseModel]] = [model]
    for step in loc:
        following: list[type[BaseModel]] = []
        for section in sections:
            by_key = {field.alias or name: field for name, field in section.model_fields.items()}
            if isinstance(step, str) and step in by_key:
                following.extend(_sections(by_key[step].annotation))
        sections = following or sections
    return {
        field.alias or name for section in sections for name, field in section.model_fields.items()
    }


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections(argument)
