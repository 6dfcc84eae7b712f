"""What README.md says of commands, options, keys and schemas is what imagebot has."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import jsonschema

from tests.readme.blocks import Block, Call, calls, code_spans, prose, rows
from tests.readme.content import BLOCKS, README, ROOT
from tests.readme.world import BIN
from tests.support.registry import Registry

# Commands of other programs in the prose.
OTHERS = ("az ", "openssl ")


@cache
def help_of(command: str) -> str:
    argv = [str(BIN / "imagebot"), *command.split(), "--help"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def commands(shown: str) -> list[str]:
    """The names under `Commands:` in a help text."""
    return re.findall(r"(?m)^  (\w+) ", shown.partition("Commands:\n")[2].partition("\n\n")[0])


def test_every_command_has_its_row() -> None:
    told = [code_spans(row[0])[0].split()[1] for row in rows(README, "command")]
    assert told == commands(help_of(""))
    (config,) = [row[0] for row in rows(README, "command") if "imagebot config" in row[0]]
    assert sorted(config.strip("`").split()[-1].split("|")) == sorted(commands(help_of("config")))


def options_told() -> set[tuple[str, str]]:
    """(command, option) for every option in the README.

    One that stands alone belongs to every command that its sentence or table row names.
    """
    found: set[tuple[str, str]] = set()
    for sentence in sentences():
        named: list[str] = []
        for span in code_spans(sentence):
            if span.startswith(OTHERS):
                continue
            command = command_of(span)
            named += [command] if command else []
            owners = [command] if command else named
            for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", span):
                assert owners, f"whose is {option}?"
                found |= {(owner, option) for owner in owners}
    return found


def sentences() -> list[str]:
    """Of the prose, with a table row as one, and every command of a block as one."""
    lines = [f"`{call.command}`" for block in BLOCKS for call in calls_of(block)]
    lines += [f"`imagebot {name} --help`" for name in commands(help_of(""))]
    text = prose(README).replace("`imagebot COMMAND --help`", "")
    for paragraph in re.split(r"\n\n|(?m:^(?=\|))", text):
        lines += [paragraph] if paragraph.startswith("|") else re.split(r"[.;]\s", paragraph)
    return lines


def command_of(span: str) -> str:
    """`plan` of "plan --diff" and of "printf 1 | imagebot plan --diff"; "" where there is none."""
    called = re.search(r"(?:^|\bimagebot )(?!imagebot\b)(\w+(?: (?:check|schema|test)\b)?)", span)
    known = commands(help_of(""))
    return called[1] if called and called[1].split()[0] in known else ""


def calls_of(block: Block) -> list[Call]:
    if block.language != "console":
        return []
    return [call for call in calls(block) if call.command.startswith("imagebot")]


def test_every_option_is_one_of_its_command() -> None:
    told = options_told()
    assert {("plan", "--diff"), ("run", "--every"), ("set", "--in"), ("demo", "--keep")} <= told
    assert {("scan", "--format"), ("set", "--log-format")} <= told
    for command, option in sorted(told):
        assert re.search(rf"(?m)^  (-\w, )?{option}\b", help_of(command)), f"{command} {option}"


def test_json_is_by_the_published_schemas(
    tmp_path: Path, registry: Registry, repository: str
) -> None:
    image = f"{registry.host}/{repository}"
    registry.push_image(repository, "1.0.0")
    (tmp_path / "app.yaml").write_text(
        f"kind: Pod\napiVersion: v1\nspec: {{containers: [{{name: a, image: '{image}:1.0.0'}}]}}\n"
    )
    lines = {"scan": "scan", "plan": "plan", "update --no-config": "plan"}
    lines |= {f"pick {image}:1.0.0": "pick", f"set {image}:1.0.0": "plan"}
    for line, name in lines.items():
        argv = [str(BIN / "imagebot"), *line.split(), "--format", "json"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
        schema = json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text())
        jsonschema.validate(json.loads(done.stdout), schema)


def test_the_keys_of_both_files() -> None:
    """Every key that can be given, and no other, has its row."""
    described = {}
    for name, option in (("imagebot.yaml", ""), ("bot.yaml", " --bot")):
        argv = [str(BIN / "imagebot"), "config", "schema", *option.split()]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        described[name] = set(json.loads(done.stdout)["properties"])
    later = {"notify"}
    shared = described["imagebot.yaml"]
    assert {code_spans(row[0])[0] for row in rows(README, "`imagebot.yaml`")} == shared
    only = described["bot.yaml"] - shared - later
    assert {code_spans(row[0])[0] for row in rows(README, "`bot.yaml`")} == only
