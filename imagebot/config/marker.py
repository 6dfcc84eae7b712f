"""Policies written in a manifest: `# imagebot: {extends: careful, semver: ^1}`."""

from __future__ import annotations

from imagebot.config.document import read_document
from imagebot.config.issues import Issues, validate
from imagebot.config.load import to_definition
from imagebot.config.model import Configuration
from imagebot.config.node import Document, show_text
from imagebot.config.policies import build_extended
from imagebot.errors import ConfigIssue, ConfigurationError
from imagebot.policy.model import Policy

_MAX_MARKER = 1000
_BOTH = "image goes with policy, or with policy keys, not with both"


def _policy_keys(document: Document, issues: Issues) -> object:
    """A marker's keys without `image`, which names what the policy is for."""
    value = document.value
    if not isinstance(value, dict) or "image" not in value:
        return value
    rest = {key: each for key, each in value.items() if key != "image"}
    if "policy" in rest:
        del rest["policy"]
        hint = "write {image: NAME, policy: POLICY}, or add `extends: POLICY` to the keys"
        issues.add((), _BOTH, hint)
    return rest


def marker_policy(text: str, path: str, line: int, configuration: Configuration) -> Policy:
    """The policy that a marker's keys make; its name is the marker's text, cut short.

    Raises ConfigurationError; the columns of its issues count from the text's first character.
    """
    from imagebot.config.schema_policy import PolicySection

    if len(text) > _MAX_MARKER:
        reason = f"a marker of more than {_MAX_MARKER} characters"
        raise ConfigurationError(
            (ConfigIssue(path, line, 0, "", reason, "give the policy a name"),)
        )
    try:
        document = read_document(text, path)
        issues = Issues(document, trusted=False)
        value = _policy_keys(document, issues)
        section = validate(PolicySection, value, issues)
        policy = None
        if section is not None:
            definition = to_definition(section, value, ())
            policy = build_extended(show_text(text), definition, configuration.policy_keys, issues)
        issues.raise_all()
    except ConfigurationError as error:
        moved = tuple(
            ConfigIssue(path, line, 0, issue.key, issue.message, issue.hint)
            for issue in error.issues
        )
        raise ConfigurationError(moved) from error
    assert policy is not None
    return policy
