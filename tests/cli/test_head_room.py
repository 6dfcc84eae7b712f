"""What registries say is left of their limits is in the JSON of every command that asks them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, deployment
from tests.support.git_repository import BareRepository
from tests.support.scripted_http import Answer, ScriptedServer

CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "checkout"),
        ("plan", "-c", "bot.yaml"),
        ("update", "checkout"),
        ("run", "-c", "bot.yaml", "--dry-run"),
        ("run", "-c", "bot.yaml"),
    ],
    ids=" ".join,
)
def test_what_is_left(
    cli: Cli, folder: Path, scripted: ScriptedServer, command: tuple[str, ...]
) -> None:
    headers = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "98;w=21600"}
    scripted.handler = lambda _: Answer(
        headers={**headers, "RateLimit-Reset": "4070908800"}, body={"tags": ["1.0.0", "1.1.0"]}
    )
    image = deployment(f"{scripted.host}/app:1.0.0").encode()
    files = {"imagebot.yaml": CONFIGURATION, "app.yaml": image}
    checkout = folder / "checkout"
    checkout.mkdir()
    for name, content in files.items():
        (checkout / name).write_bytes(content)
    target = BareRepository.create(folder / "target.git", files)
    (folder / "bot.yaml").write_text(
        f"targets: [{{url: '{target.folder.as_uri()}', branch: main}}]\n"
        f"registries: {{'{scripted.host}': {{}}}}\ncache-dir: cache\n"
    )
    result = cli(*command, "--format", "json")
    assert result.code == 0, result.err
    (limit,) = result.json["limits"]
    ends = datetime.fromisoformat(limit.pop("resetsAt"))
    # The header is a time; a second may begin between the answer's Date and the bot's clock.
    assert abs(ends - datetime(2099, 1, 1, tzinfo=UTC)) < timedelta(minutes=1)
    assert limit == {
        "host": scripted.host,
        "remaining": 98,
        "limit": 100,
        "windowSeconds": 21600,
    }
