"""Everything that a configuration file alone shows: what is wrong, and what has no effect."""

from __future__ import annotations

from imagebot.config.document import read_document
from imagebot.config.issues import Issues
from imagebot.config.load import load_bot_configuration, load_configuration
from imagebot.config.model import BotConfiguration, Configuration
from imagebot.config.node import Document
from imagebot.config.policy_tests import load_policy_tests
from imagebot.config.static.places import warn_of_fields, warn_of_patterns
from imagebot.config.static.policies import warn_of_policies
from imagebot.config.static.routes import warn_of_routes
from imagebot.errors import ConfigIssue, ConfigurationError
from imagebot.values import dataclass


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was checked: `issues` keep a pass from running, `warnings` do not.

    `configuration` is what the file says of a repository, `bot` the bot's own file and `document`
    where in the file all that is; None where there is no such thing, or it has issues.
    """

    path: str
    issues: tuple[ConfigIssue, ...] = ()
    warnings: tuple[ConfigIssue, ...] = ()
    notes: tuple[str, ...] = ()
    configuration: Configuration | None = None
    bot: BotConfiguration | None = None
    document: Document | None = None


def check_file(text: str, path: str) -> CheckedFile:
    """An imagebot.yaml, the values of its tests included."""
    try:
        configuration = load_configuration(text, path, trusted=False)
    except ConfigurationError as error:
        return CheckedFile(path, _merged(error.issues, _faults_of_tests(text, path)))
    document = read_document(text, path)
    return CheckedFile(
        path,
        _faults_of_tests(text, path),
        find_ineffective(document, configuration),
        configuration.warnings,
        configuration,
        document=document,
    )


def check_bot_file(text: str, path: str) -> CheckedFile:
    """The bot's own file. Without targets there is nothing to run it on."""
    try:
        bot = load_bot_configuration(text, path)
    except ConfigurationError as error:
        return CheckedFile(path, _merged(error.issues, _faults_of_tests(text, path)))
    document = read_document(text, path)
    issues = Issues(document)
    if not bot.targets:
        hint = "add `targets: [{url, branch}]`"
        issues.add(("targets",), "there are no targets", hint, position=0)
    inline = bot.inline
    return CheckedFile(
        path,
        _merged(issues.found(), _faults_of_tests(text, path)),
        () if inline is None else find_ineffective(document, inline),
        () if inline is None else inline.warnings,
        inline,
        bot,
        document,
    )


def find_ineffective(document: Document, configuration: Configuration) -> tuple[ConfigIssue, ...]:
    """Warnings, in the order of the file: each is certain, and none keeps a pass from running.

    `configuration` is what the document was loaded as.
    """
    warnings = Issues(document)
    warn_of_policies(document.node(("policies",)), configuration, warnings)
    warn_of_routes(configuration, warnings)
    warn_of_patterns(configuration.files, warnings)
    warn_of_fields(configuration, warnings)
    return warnings.found()


def _faults_of_tests(text: str, path: str) -> tuple[ConfigIssue, ...]:
    try:
        load_policy_tests(text, path)
    except ConfigurationError as error:
        return error.issues
    return ()


def _merged(*found: tuple[ConfigIssue, ...]) -> tuple[ConfigIssue, ...]:
    """Every issue once, in the order of the file."""
    every = dict.fromkeys(issue for issues in found for issue in issues)
    return tuple(sorted(every, key=lambda issue: (issue.line == 0, issue.line, issue.column)))
