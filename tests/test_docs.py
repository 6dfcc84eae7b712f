"""What every document says holds: its links lead somewhere, its files load, its commands run.

README.md has more of its own in test_readme.py, and some documents have more beside their modules.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from imagebot.config.load import load_bot_configuration, load_configuration
from imagebot.config.schema import ConfigurationSection
from imagebot.config.schema_bot import BotSection
from tests.readme.blocks import Block, blocks, calls, prose
from tests.readme.content import ROOT
from tests.readme.world import USERS, World, configure, make_world
from tests.support.github import Forge
from tests.support.registry import Registry
from tests.support.scripted_http import ScriptedServer

GUIDES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *GUIDES]

# By the first word: what a command needs that is not here. All others are run.
NOT_HERE = {
    "docker": "a container engine",
    "kubectl": "a cluster",
    "ssh-keyscan": "github.com",
}
# Commands whose output is shown for files that stand in another test.
RUN_ELSEWHERE = {
    ("docs/configuration.md", "imagebot config check"): "tests/config/test_docs.py",
}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


# Links


def links(name: str) -> list[str]:
    """The targets of a document's links that are within the repository."""
    text = re.sub(r"`[^`\n]+`", "", prose(read(name)))
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?m)^\[[^]]+\]: (\S+)", text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(path: Path) -> set[str]:
    """The ids that GitHub gives to the headings of a document."""
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#+ (.*)$", prose(path.read_text("utf-8"))):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", each) is not None for each in found)
        found.add(f"{slug}-{number}" if number else slug)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    for link in links(name):
        path, _, anchor = link.partition("#")
        there = (ROOT / name).parent / path if path else ROOT / name
        assert there.resolve().is_relative_to(ROOT), link
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_every_guide_is_linked_from_the_readme() -> None:
    assert set(GUIDES) <= set(links("README.md"))


def test_links_are_found_and_anchors_are_github_s(tmp_path: Path) -> None:
    assert "docs/deploying.md" in links("README.md")
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` (c), d-e\n## Two\n```console\n# no heading\n```\n## Two\n## [F](g.md)\n"
    )
    assert anchors(page) == {"a-b-c-d-e", "two", "two-1", "f"}


# The code


def test_contributing_names_what_is_in_the_code() -> None:
    """Folders and files of the table, and each `folder/module.function` of the walk."""
    text = read("CONTRIBUTING.md")
    places = re.findall(r"`((?:imagebot|tests|policies|benchmarks)/[\w/.]*)`", text)
    assert len(places) > 25
    assert all((ROOT / place).exists() for place in places), places
    walk = re.findall(r"`([a-z]+(?:/\w+)+)\.(\w+(?:\.\w+)?)`", text)
    named = [(module, name) for module, name in walk if name not in ("md", "py")]
    assert len(named) > 20
    for module, name in named:
        source = (ROOT / "imagebot" / f"{module}.py").read_text("utf-8")
        assert name in set(functions(ast.parse(source))), f"{module}.{name}"


def functions(tree: ast.Module) -> Iterator[str]:
    """`name` of every function, and `Class.name` of every method."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield from (
                f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)
            )


# Files


FILES = [
    pytest.param(name, block, id=f"{name}:{block.line}")
    for name in GUIDES
    for block in blocks(read(name))
    if block.language == "yaml"
]


def keys(model: type[ConfigurationSection]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(("name", "block"), FILES)
def test_files_load(name: str, block: Block) -> None:
    """A configuration as such, anything else as YAML."""
    given = set(re.findall(r"(?m)^([\w-]+):", block.text))
    if not given or not given <= keys(BotSection):
        assert list(YAML(typ="safe").load_all(block.text))
        return
    if given <= keys(ConfigurationSection) and "# bot.yaml" not in block.text:
        load_configuration(block.text, "imagebot.yaml", trusted=False)
    else:
        load_bot_configuration(block.text, "bot.yaml")


# Commands


@pytest.fixture
def world(
    tmp_path: Path,
    start_registry: Callable[..., Registry],
    forge: Forge,
    home: Path,
    scripted: ScriptedServer,
) -> World:
    """The one of the README, at its end: both files are there, and imagebot.yaml is pushed."""
    users = start_registry(auth="htpasswd", users=USERS)
    made = make_world(tmp_path, users, forge, home, scripted)
    configure(made)
    return made


def test_commands_run(world: World) -> None:
    """Each ends well, and prints all that is shown of it."""
    run = 0
    for name in GUIDES:
        for block in blocks(read(name)):
            for call in calls(block) if block.language == "console" else ():
                if (name, call.command) in RUN_ELSEWHERE or call.command.split()[0] in NOT_HERE:
                    continue
                ran = world.run(call.command)
                assert ran.code == 0, f"{name}:{call.line}: {ran.output}"
                assert not call.shown or ran.output == call.shown, f"{name}:{call.line}"
                run += 1
    assert run


def test_the_tables_name_what_is_there() -> None:
    found = [
        (name, call.command)
        for name in GUIDES
        for block in blocks(read(name))
        if block.language == "console"
        for call in calls(block)
    ]
    assert set(NOT_HERE) <= {command.split()[0] for _, command in found}
    assert set(RUN_ELSEWHERE) <= set(found)
    assert all((ROOT / path).exists() for path in RUN_ELSEWHERE.values())
