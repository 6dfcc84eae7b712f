"""The keys of imagebot.yaml, as pydantic models. Import it only where a file is loaded."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict

from imagebot.config.placeholders import SUBJECT, TITLE, shown_placeholders
from imagebot.config.schema_policy import PolicySection
from imagebot.config.section import Section, no_default
from imagebot.config.text import (
    CaptureGlob,
    DottedPath,
    FileGlob,
    ImageGlob,
    Name,
    Spelt,
    Text,
    refuse,
    short_line,
    spelling,
    template,
)


def _switch_or_text(value: object) -> str:
    return "switch" if isinstance(value, bool) else "text"


# What people write for a switch in other dialects of YAML, where it is text in this one.
_NO_REASONS = frozenset({"", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})


def _reason(value: str) -> str:
    if value.strip().lower() in _NO_REASONS:
        raise refuse(f"not a reason: {value!r}", "true, false, or a text that says why")
    return value


Pause = Annotated[
    Annotated[bool, Tag("switch")]
    | Annotated[Annotated[Text, AfterValidator(_reason)], Tag("text")],
    Discriminator(_switch_or_text),
]


class ImageSection(Section):
    """Which policy the images of a repository have."""

    match: ImageGlob = Field(description="Glob over repositories: ghcr.io/acme/**")
    policy: Name = Field(description="A policy of this file, a preset, shape or ignore.")


class PullRequestSection(Section):
    group: Literal["all", "repository"] = Field(
        default="all", description="What shares a pull request."
    )
    labels: list[Text] = Field(default=[])
    reviewers: list[Text] = Field(default=[], description="Users, or teams as organisation/team.")
    assignees: list[Text] = Field(default=[])
    draft: bool = Field(default=False)
    title: Annotated[Text, AfterValidator(template(TITLE, longest=200))] = Field(
        default="{subject} ({route})", description=f"The title, with {shown_placeholders(TITLE)}."
    )
    max_open: int = Field(
        default=10, ge=1, le=1000, description="The most that the route has open; others wait."
    )
    per_hour: int = Field(
        default=4, ge=1, le=1000, description="The most that the route opens in an hour."
    )


def _window(value: str) -> str:
    from imagebot.config.window import InvalidWindowError, parse_window

    try:
        return parse_window(value).text
    except InvalidWindowError as error:
        raise refuse(str(error), error.hint) from error


class RouteSection(Section):
    """How the updates of a set of files are published."""

    name: Name
    files: list[FileGlob] = Field(min_length=1)
    publish: Literal["commit", "pull-request"]
    images: list[ImageSection] = Field(min_length=1)
    window: Annotated[Text, AfterValidator(_window)] = Field(
        default="",
        description="When the route may commit and open pull requests: mon-fri 9-17 Europe/Berlin",
        json_schema_extra=no_default,
    )
    pull_request: PullRequestSection = Field(default_factory=PullRequestSection)

    @model_validator(mode="after")
    def _options_are_used(self) -> Self:
        if self.publish == "commit" and "pull_request" in self.model_fields_set:
            raise refuse("pull-request has no effect with publish: commit")
        return self


_KIND_OR_FILES: JsonDict = {"anyOf": [{"required": ["kind"]}, {"required": ["files"]}]}


class FieldSection(Section):
    """Where else an image is named: in a kind of resource, in YAML files, or both."""

    model_config = ConfigDict(json_schema_extra=_KIND_OR_FILES)

    kind: Text = Field(
        default="",
        description='The kind of the resource, "*" for any.',
        json_schema_extra=no_default,
    )
    files: list[CaptureGlob] = Field(
        default=[],
        min_length=1,
        description="YAML files; {name} captures a part of the path for image.",
        json_schema_extra=no_default,
    )
    path: DottedPath = Field(default="", description="A whole reference: spec.image")
    registry: DottedPath = ""
    repository: DottedPath = ""
    tag: DottedPath = ""
    digest: DottedPath = ""
    image: Text = Field(
        default="",
        description="The repository of the tag or digest: ghcr.io/acme/{app}",
        json_schema_extra=no_default,
    )

    @model_validator(mode="after")
    def _whole_or_in_parts(self) -> Self:
        given = self.model_fields_set
        if not given & {"kind", "files"}:
            raise refuse("needs kind or files", "add files: [GLOB], kind: KIND, or both")
        if len(given & {"path", "repository", "image"}) != 1:
            hint = "path alone is a whole reference"
            raise refuse("needs one of path, repository and image", hint)
        if "image" in given and "registry" in given:
            raise refuse("has image and registry", "write the registry in image")
        if given & {"repository", "registry", "image"} and not given & {"tag", "digest"}:
            raise refuse("needs tag or digest too", "path alone is a whole reference")
        return self


def _pattern(value: str) -> str:
    """An RE2 expression that finds references: a name, and a tag or digest."""
    import re2

    from imagebot.manifest.text.pattern import compile_pattern, fault_text

    try:
        groups = set(compile_pattern(value).groupindex)
    except re2.error as error:
        raise refuse(f"not an RE2 expression: {fault_text(error)}") from error
    if "name" not in groups or not groups & {"tag", "digest"}:
        raise refuse("needs the groups name and tag (or digest)", "(?P<name>…):(?P<tag>…)")
    unknown = sorted(groups - {"name", "tag", "digest"})
    if unknown:
        raise refuse(f"has the unknown group {unknown[0]}", "known are name, tag and digest")
    return value


class PatternSection(Section):
    """Files that are not YAML."""

    match: list[FileGlob] = Field(min_length=1)
    pattern: Annotated[Text, AfterValidator(_pattern)]


class FilesSection(Section):
    exclude: list[FileGlob] = Field(default=[], description="Files that are never read.")
    patterns: list[PatternSection] = Field(
        default=[], description="Other files, read by a pattern."
    )
    compose_defaults: bool = Field(
        default=False, description="In Compose files, read ${VAR:-app:1.2} as app:1.2."
    )


def _author_name(value: str) -> str:
    if any(char in value for char in "<>\n"):
        raise refuse("must be a name without < and >")
    return value


def _author_email(value: str) -> str:
    if "@" not in value or any(char in value for char in "<> "):
        raise refuse("must be an address")
    return value


class AuthorSection(Section):
    name: Annotated[Text, AfterValidator(_author_name)] = "imagebot"
    email: Annotated[Text, AfterValidator(_author_email)] = "imagebot@users.noreply.github.com"


class CommitterSection(Section):
    name: Annotated[Text, AfterValidator(_author_name)]
    email: Annotated[Text, AfterValidator(_author_email)]


class CommitSection(Section):
    author: AuthorSection = Field(
        default_factory=AuthorSection, description="Who the bot commits as."
    )
    committer: CommitterSection | None = Field(
        default=None, description="Who the committer is, if not the author."
    )
    subject: Annotated[Text, AfterValidator(template(SUBJECT, longest=200))] = Field(
        default="{summary}", description=f"The subject, with {shown_placeholders(SUBJECT)}."
    )
    prefix: Annotated[str, AfterValidator(template(SUBJECT, longest=40))] = Field(
        default="", description="What comes before the subject, with the same placeholders."
    )
    suffix: Annotated[str, AfterValidator(short_line(longest=24))] = Field(
        default="", description="What ends the subject of commits to the branch: [skip ci]"
    )
    sign_off: bool = Field(default=False, description="Add Signed-off-by of the committer.")


class TestSection(Section):
    """What a policy must pick: read and run by `imagebot config test`."""

    __test__ = False

    name: Text = ""
    policy: Name
    tags: list[Spelt]
    current: Spelt = ""
    expect: Annotated[str | None, BeforeValidator(spelling)] = Field(
        description="The tag that the field has afterwards; null when no tag is chosen."
    )
    code: Text = Field(default="", description="The code that the choice must have.")
    times: dict[str, Text] = Field(
        default={}, description="When tags were pushed or created, for orders that ask."
    )
    today: Text = Field(default="", description="The current day, for the `until` of `ignore`.")


class ConfigurationSection(Section):
    """imagebot.yaml: what to do in one GitOps repository."""

    policies: dict[Name, PolicySection] = Field(default={})
    routes: list[RouteSection] = Field(
        default=[], description="The first whose files match takes a file."
    )
    files: FilesSection = Field(default_factory=FilesSection)
    fields_: list[FieldSection] = Field(default=[])
    commit: CommitSection = Field(default_factory=CommitSection)
    paused: Pause = Field(default=False, description="Publish nothing; a text says why.")
    tests: list[TestSection] = Field(default=[])
