"""The keys of imagebot.yaml, as pydantic models. Import it only where a file is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from imagebot.config.text import (
    DottedPath,
    FileGlob,
    ImageGlob,
    Name,
    Platform,
    Spelt,
    Text,
    refuse,
    spelling,
)


def _kebab(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def no_default(schema: dict[str, Any]) -> None:
    """For keys that mean nothing unless they are given: their default is only a filler."""
    schema.pop("default", None)


class Section(BaseModel):
    """Strict (no text for numbers), closed (no unknown keys), and silent about its input."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=_kebab,
        hide_input_in_errors=True,
    )


class IgnoreSection(Section):
    """Tags that are not to be taken."""

    versions: Spelt = Field(description="A version range, or one tag.")
    reason: Text = Field(description="Why; shown wherever it keeps a tag back.")
    until: Text = Field(default="", description="The last day on which it holds, as 2025-01-31.")


class PinSection(Section):
    """How digests are written."""

    digest: Literal["frozen", "refresh"] = Field(
        description="`refresh` also follows a tag that moves; `frozen` changes a digest only "
        "together with its tag."
    )


def _word_or_keys(value: object) -> str:
    return "keys" if isinstance(value, dict | PinSection) else "word"


def _switch_or_text(value: object) -> str:
    return "switch" if isinstance(value, bool) else "text"


Pause = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[Text, Tag("text")], Discriminator(_switch_or_text)
]


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


# Globs, or regular expressions between slashes.
Selectors = Annotated[
    list[Spelt],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": ["string", "number"]}}),
]


def _allow_null(schema: dict[str, Any]) -> None:
    """In a policy, null unsets what `extends` brought."""
    for name, key in schema["properties"].items():
        if name != "extends":
            described = {"description": key.pop("description")} if "description" in key else {}
            schema["properties"][name] = {**described, "anyOf": [key, {"type": "null"}]}


class PolicySection(Section):
    """The rule that chooses one tag of many."""

    model_config = ConfigDict(json_schema_extra=_allow_null)

    extends: Name = Field(
        default="", description="A policy of this file or a preset; replaced by key."
    )
    semver: Spelt = Field(
        default="", description="A version range such as ^1.4, as Masterminds reads it."
    )
    order: Literal["numerical", "alphabetical", "natural", "calver", "pushed", "created"] = Field(
        default="natural",
        description="How tags are ordered; the last one is the best.",
        json_schema_extra=no_default,
    )
    descending: bool = Field(default=False, description="The first in the order is the best.")
    pattern: Text = Field(default="", description="RE2 expression, searched in the tag.")
    extract: Text = Field(
        default="", description="What is ordered: $1, $name or ${name} of the pattern."
    )
    reading: Literal["natural", "strict"] = Field(
        default="natural", description="What a version is."
    )
    include: Selectors = Field(default=[], description="Only tags that one of these fits.")
    exclude: Selectors = Field(default=[], description="No tag that one of these fits.")
    prerelease: Literal["never", "same-release", "allow"] = Field(default="same-release")
    variant: Spelt = Field(
        default="same", description="same, any, or the name of a variant (alpine)."
    )
    max: Literal["patch", "minor", "major"] = Field(
        default="major", description="The largest step.", json_schema_extra=no_default
    )
    allow_downgrade: bool = Field(default=False)
    ignore: list[IgnoreSection] = Field(default=[])
    follow: Spelt = Field(default="", description="A mutable tag, whose digest is followed.")
    pin: Annotated[
        Annotated[PinSection, Tag("keys")] | Annotated[Literal["digest"], Tag("word")],
        Discriminator(_word_or_keys),
    ] = Field(default="digest", description="Write tag@digest.", json_schema_extra=no_default)
    min_age: Spelt = Field(default="", description="How old a tag must be: 12h, 3d, 2w.")
    min_age_unknown: Literal["refuse", "admit"] = Field(default="refuse")
    platforms: list[Platform] = Field(default=[], description="All of these must be in the image.")
    signatures: object = Field(default=None)
    exists: bool = Field(
        default=False, description="The image manifest must be there to be fetched."
    )
    adopt: bool = Field(
        default=True, description="Take the place of a tag that cannot be compared."
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        unset = {field.alias for name, field in cls.model_fields.items() if name != "extends"}
        return {key: item for key, item in value.items() if item is not None or key not in unset}


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


class RouteSection(Section):
    """How the updates of a set of files are published."""

    name: Name
    files: list[FileGlob] = Field(min_length=1)
    publish: Literal["commit", "pull-request"]
    images: list[ImageSection] = Field(min_length=1)
    pull_request: PullRequestSection = Field(default_factory=PullRequestSection)

    @model_validator(mode="after")
    def _options_are_used(self) -> Self:
        if self.publish == "commit" and "pull_request" in self.model_fields_set:
            raise refuse("pull-request: has no meaning with publish: commit")
        return self


class FieldSection(Section):
    """Where a resource of some kind names an image, besides `image:`."""

    kind: Text
    path: DottedPath = Field(default="", description="A whole reference: spec.image")
    registry: DottedPath = ""
    repository: DottedPath = ""
    tag: DottedPath = ""
    digest: DottedPath = ""

    @model_validator(mode="after")
    def _whole_or_in_parts(self) -> Self:
        given = self.model_fields_set
        if len(given & {"path", "repository"}) != 1:
            raise refuse("needs one of path and repository", "path alone is a whole reference")
        if given & {"repository", "registry"} and not given & {"tag", "digest"}:
            raise refuse("needs tag or digest too", "path alone is a whole reference")
        return self


def _pattern(value: str) -> str:
    """An RE2 expression that finds references: a name, and a tag or digest."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        groups = set(re2.compile(value, options=options).groupindex)
    except re2.error as error:
        raise refuse(f"is no RE2 expression: {_message(error)}") from error
    if "name" not in groups or not groups & {"tag", "digest"}:
        raise refuse("needs the groups name and tag (or digest)", "(?P<name>…):(?P<tag>…)")
    unknown = sorted(groups - {"name", "tag", "digest"})
    if unknown:
        raise refuse(f"has the unknown group {unknown[0]}", "known are name, tag and digest")
    return value


def _message(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


class ExtraSection(Section):
    """Files that are no YAML."""

    match: list[FileGlob] = Field(min_length=1)
    pattern: Annotated[Text, AfterValidator(_pattern)]


class FilesSection(Section):
    exclude: list[FileGlob] = Field(default=[], description="Files that are never read.")
    extra: list[ExtraSection] = Field(default=[], description="Other files, read by a pattern.")
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


class CommitSection(Section):
    author: AuthorSection = Field(
        default_factory=AuthorSection, description="Who the bot commits as."
    )


class TestSection(Section):
    """What a policy must pick: read and run by `imagebot config test`."""

    __test__ = False

    name: Text = ""
    policy: Name
    tags: list[Spelt]
    current: Spelt = ""
    expect: Annotated[str | None, BeforeValidator(spelling)] = Field(
        description="The tag that the field has afterwards; null when there is none to choose."
    )
    code: Text = Field(default="", description="The code that the choice must have.")
    times: dict[str, Text] = Field(
        default={}, description="When tags were pushed or created, for orders that ask."
    )
    today: Text = Field(default="", description="The day it is, for ignore: until.")


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
