from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from imagebot.errors import ForgeError
from imagebot.forge.model import Forge, PullRequest
from imagebot.forge.sandbox import SandboxForge


@pytest.fixture
def forge(tmp_path: Path) -> SandboxForge:
    return SandboxForge(tmp_path / "pulls", "acme/gitops", "main")


def opened(forge: Forge, branch: str = "b") -> PullRequest:
    return forge.create(branch=branch, title="T", body="B <ü>\n")


def test_created_once_and_found(forge: SandboxForge) -> None:
    assert forge.find("b") is None
    assert forge.find_closed("b") == ()
    pull = opened(forge)
    assert pull.created is not None
    assert pull == PullRequest(
        created=pull.created,
        number=1,
        url=(forge.folder / "1.json").as_uri(),
        title="T",
        body="B <ü>\n",
        branch="b",
        base="main",
    )
    assert opened(forge) == pull == forge.find("b")
    assert forge.find("c") is None


def test_updated_and_closed(forge: SandboxForge) -> None:
    pull = opened(forge)
    updated = forge.update(pull.number, title="T2", body="B2")
    assert (updated.title, updated.body) == ("T2", "B2")
    assert forge.find("b") == updated
    forge.close(pull.number)
    assert forge.find("b") is None
    second = opened(forge)
    assert second.number == 2
    forge.close(2)
    assert [one.number for one in forge.find_closed("b")] == [2, 1]
    assert forge.find_closed("b")[0].state == "closed"


def test_everything_else_is_kept_without_doubles(forge: SandboxForge) -> None:
    number = opened(forge).number
    for _ in range(2):
        forge.add_labels(number, ["x", "y"])
        forge.request_reviewers(number, ["alice"])
        forge.assign(number, ["bob"])
        forge.comment(number, "Hello")
    fields = json.loads((forge.folder / "1.json").read_text())
    assert fields["labels"] == ["x", "y"]
    assert (fields["reviewers"], fields["assignees"]) == (["alice"], ["bob"])
    assert fields["comments"] == ["Hello"]


def test_targets_in_one_folder_are_apart(forge: SandboxForge) -> None:
    opened(forge)
    for other in (
        SandboxForge(forge.folder, "acme/other", "main"),
        SandboxForge(forge.folder, forge.project, "dev"),
    ):
        assert other.find("b") is None
        assert opened(other).number > 1


def test_many_at_once_get_numbers_of_their_own(forge: SandboxForge) -> None:
    threads = [threading.Thread(target=opened, args=(forge, f"b{number}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = {int(path.stem) for path in forge.folder.glob("*.json")}
    assert numbers == set(range(1, 9))
    assert all(forge.find(f"b{number}") for number in range(8))
    assert len(list(forge.folder.iterdir())) == 8


def test_check(forge: SandboxForge, tmp_path: Path) -> None:
    assert str(forge.folder) in forge.check().summary
    (tmp_path / "file").write_text("")
    with pytest.raises(ForgeError, match="cannot be created"):
        SandboxForge(tmp_path / "file" / "x", "p", "main").check()


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"number": 1}', "3"])
def test_a_file_that_people_broke(content: str, forge: SandboxForge) -> None:
    opened(forge)
    (forge.folder / "1.json").write_text(content)
    with pytest.raises(ForgeError, match=r"1\.json"):
        forge.find("b")


def test_a_state_that_is_none(forge: SandboxForge) -> None:
    opened(forge)
    path = forge.folder / "1.json"
    path.write_text(path.read_text().replace('"open"', '"draft"'))
    with pytest.raises(ForgeError, match="unknown state 'draft'"):
        forge.find("b")


def test_a_number_that_is_none(forge: SandboxForge) -> None:
    with pytest.raises(ForgeError):
        forge.close(7)


def test_all_below_a_prefix(forge: SandboxForge) -> None:
    for branch in ("imagebot/a", "people/b", "imagebot/c", "imagebot/d"):
        opened(forge, branch)
    forge.close(1)
    forge.close(2)
    forge.close(4)
    assert [one.branch for one in forge.list_open("imagebot/")] == ["imagebot/c"]
    assert [one.branch for one in forge.list_closed("imagebot/", most=9)] == [
        "imagebot/d",
        "imagebot/a",
    ]
    (newest,) = forge.list_closed("imagebot/", most=1)
    assert newest.number == 4
    assert newest.created
    assert newest.closed
    assert newest.created <= newest.closed


@pytest.mark.parametrize("time", ["yesterday", 7, None, "2026-01-02T03:04:05"])
def test_a_time_that_is_none(forge: SandboxForge, time: object) -> None:
    opened(forge, "imagebot/a")
    path = forge.folder / "1.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "created": time}))
    (one,) = forge.list_open("imagebot/")
    assert one.created is None


def test_labels_and_drafts_come_and_go(forge: SandboxForge) -> None:
    opened(forge)
    forge.add_labels(1, ["a", "b"])
    forge.remove_label(1, "a")
    forge.remove_label(1, "a")
    forge.set_draft(1, draft=True)
    found = forge.find("b")
    assert found is not None
    assert found.labels == ("b",)
    assert json.loads((forge.folder / "1.json").read_text())["draft"] is True
