"""Edits of many files, and files some of whose updates must be refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest

import imagebot.manifest.companion as companion_module
import imagebot.plan.edits as edits_module
import imagebot.scan.checkout as checkout_module
from imagebot.config.builtin import default_configuration
from imagebot.config.model import Files as Configured
from imagebot.config.model import GitCredential
from imagebot.config.secret_source import SecretSource
from imagebot.errors import FolderError, ImagebotError, RefusedEditError
from imagebot.files.rewrite import Unwritten
from imagebot.git.checkout import open_checkout
from imagebot.git.credentials import access_for
from imagebot.manifest.edit import edit
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan
from imagebot.plan.assign import assign_everywhere
from imagebot.plan.edits import (
    Edited,
    PlanWithEdits,
    keep_edits,
    make_edits,
    without_refused,
    without_unwritten,
)
from imagebot.plan.model import Plan
from imagebot.plan.set_references import plan_references
from imagebot.reference import parse_reference
from imagebot.scan.checkout import CheckoutSource
from tests.plan.test_build import Files
from tests.support.git_server import GitServer

ESCAPED = '"app:1.\\u0030"'


def planned(files: dict[str, bytes], reference: str = "app:2") -> Plan:
    fields = [field for path, data in files.items() for field in scan(path, data).fields]
    assigned = assign_everywhere(fields, default_configuration())
    return plan_references(assigned, [parse_reference(reference)])


def edited(files: dict[str, bytes], reference: str = "app:2") -> Edited:
    return make_edits(Files(files), planned(files, reference).updates)


def values(images: Sequence[str]) -> bytes:
    return "".join(f"c{n}: {{image: {image}}}\n" for n, image in enumerate(images)).encode()


@pytest.mark.parametrize("refused", [(0,), (99,), (7, 8), (0, 40, 99)])
def test_refused_updates_are_found_with_few_edits(refused: tuple[int, ...]) -> None:
    images = [ESCAPED if number in refused else "app:1.0" for number in range(100)]
    wanted = [ESCAPED if number in refused else "app:2" for number in range(100)]
    with mock.patch.object(companion_module, "edit", side_effect=edit) as calls:
        found = edited({"a.yaml": values(images)})
    assert [change.new for change in found.changes] == [values(wanted)]
    assert [problem.line for problem in found.problems] == [number + 1 for number in refused]
    assert len(found.refused) == len(refused)
    assert calls.call_count <= 1 + len(refused) * 15


def test_a_file_whose_updates_are_nearly_all_refused_is_given_up() -> None:
    images = ["app:1.0", *[ESCAPED] * 2000, "app:1.0"]
    with mock.patch.object(companion_module, "edit", side_effect=edit) as calls:
        found = edited({"a.yaml": values(images)})
    assert calls.call_count < 500
    assert [change.new for change in found.changes] == [values(["app:2", *images[1:]])]
    assert len(found.problems) == 2001
    assert found.problems[-1].message.endswith("were refused already")


def test_a_refused_edit_has_the_line_of_its_own_field() -> None:
    """The file is no longer the one that was scanned, and has comments where there were fields."""
    read = values(["app:1.0"] * 4)
    plan = planned({"a.yaml": read})
    there = read.replace(b"c1:", b"#1:").replace(b"c3:", b"#3:")
    found = make_edits(Files({"a.yaml": there}), plan.updates)
    assert [problem.message for problem in found.problems] == [
        f"a.yaml:{line}: cannot be edited exactly: an edit is not within a value of the document"
        for line in (2, 4)
    ]
    assert [change.new.count(b"app:2") for change in found.changes] == [2]


def test_what_is_wrong_with_a_whole_file_has_no_line() -> None:
    plan = planned({"a.yaml": values(["app:1.0"])})
    found = make_edits(Files({"a.yaml": values(["app:1.0"]) + b"\xff"}), plan.updates)
    assert [problem.message for problem in found.problems] == ["a.yaml: not UTF-8"]


def test_a_conflict_of_two_edits_refuses_one_of_them() -> None:
    """Each of both could be made; together they want different things of one text."""
    data = b"a: &x {image: app:1.0}\nb: {image: other:1.0}\n"
    (first, second) = scan("a.yaml", data).fields
    plan = plan_references(
        assign_everywhere([first, second], default_configuration()),
        [parse_reference("app:2"), parse_reference("other:3")],
    )
    one, two = plan.updates

    def refuse_both(path: str, content: bytes, edits: Sequence[FieldEdit]) -> bytes:
        if len(edits) == 2:
            raise RefusedEditError(path, 1, "two edits change the same text")
        return edit(path, content, edits)

    with mock.patch.object(companion_module, "edit", side_effect=refuse_both):
        found = make_edits(Files({"a.yaml": data}), [one, two])
    assert [change.new for change in found.changes] == [data.replace(b"app:1.0", b"app:2")]
    assert found.refused == {two.id}


@dataclass(frozen=True)
class Watched(Files):
    """Keeps the order of what it is asked for."""

    asked: list[tuple[str, ...]] = field(default_factory=list)

    def fetch(self, paths: Sequence[str]) -> None:
        self.asked.append(("fetch", *paths))

    def read(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | ImagebotError]]:
        self.asked.append(("read", *paths))
        return super().read(paths)


def test_what_is_to_be_edited_is_asked_for_at_once() -> None:
    files = {f"{name}.yaml": values(["app:1.0", "web:1"]) for name in "abc"}
    plan = planned({"a.yaml": files["a.yaml"], "c.yaml": files["c.yaml"]})
    source = Watched(files)
    assert [change.path for change in make_edits(source, plan.updates).changes] == [
        "a.yaml",
        "c.yaml",
    ]
    assert source.asked == [("fetch", "a.yaml", "c.yaml"), ("read", "a.yaml", "c.yaml")]


def test_files_of_a_remote_come_in_one_request(
    git_server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many batches they are read in: a pass whose scans are kept reads nothing before."""
    monkeypatch.setattr(checkout_module, "_BATCH", 2)
    files = {f"{number}.yaml": values(["app:1.0", f"web:{number}"]) for number in range(7)}
    url = git_server.make_repository("one", files)
    credential = GitCredential(name="it", token=SecretSource("env", "TOKEN"))
    access = access_for(credential, {**os.environ, "TOKEN": git_server.token})
    with open_checkout(tmp_path / "cache", url, "main", access) as checkout:
        checkout.refresh()
        before = len(git_server.requests)
        source = CheckoutSource(checkout, Configured())
        changes = make_edits(source, planned(files).updates).changes
        posts = [one for one in git_server.requests[before:] if one.method == "POST"]
    assert [change.path for change in changes] == sorted(files)
    assert len(posts) == 1


@pytest.mark.parametrize(("count", "filler"), [(40, b"# much text" * 1200 + b"\n"), (401, b"")])
def test_many_files_are_edited_the_same_by_two_processes(count: int, filler: bytes) -> None:
    files = {f"{n:03}.yaml": values(["app:1.0", "web:1"]) + filler for n in range(count)}
    files["020.yaml"] = values([ESCAPED, "app:1.0"]) + filler
    with mock.patch.object(edits_module, "usable_processes", return_value=1):
        alone = edited(files)
    with mock.patch.object(edits_module, "usable_processes", return_value=2) as asked:
        together = edited(files)
    assert asked.called
    assert together.changes == alone.changes
    assert together.refused == alone.refused
    assert len(alone.changes) == count
    assert len(alone.refused) == 1


def test_what_shares_a_text_by_way_of_another_field_is_tried_together() -> None:
    data = (
        b"a: {image: {repository: r, tag: &t v1, digest: &d 'sha256:%b'}}\n"
        b"b: {image: {repository: r, tag: *t, digest: 'sha256:%b'}}\n"
        b"c: {image: {repository: r, tag: v1, digest: *d}}\n"
        b'd: {image: "r:1.\\u0030"}\n'
    ) % (b"a" * 64, b"b" * 64)
    found = edited({"values.yaml": data}, f"r:v2@sha256:{'c' * 64}")
    assert [problem.line for problem in found.problems] == [4]
    (change,) = found.changes
    assert change.new == data.replace(b"v1", b"v2").replace(b"a" * 64, b"c" * 64).replace(
        b"b" * 64, b"c" * 64
    )


def test_a_file_that_could_not_be_written_has_a_problem_and_no_update() -> None:
    files = {"a.yaml": values(["app:1.0"]), "b.yaml": values(["app:1.0"])}
    plan = planned(files)
    change = make_edits(Files(files), plan.updates).changes[0]
    error = FolderError("a.yaml", "it has changed", hint="try again")
    left = without_unwritten(plan, [Unwritten(change, error)])
    assert [update.field.path for update in left.updates] == ["b.yaml"]
    (problem,) = left.problems
    assert (problem.path, problem.code, problem.hint) == ("a.yaml", "folder", "try again")


def test_edits_of_the_updates_that_are_left() -> None:
    """A file that loses some is edited anew, from what it was."""
    files = {name: values(["app:1.0", "app:1.1"]) for name in ("a.yaml", "b.yaml", "c.yaml")}
    plan = planned(files)
    changes = edited(files).changes
    left = [each for at, each in enumerate(plan.updates) if at not in (1, 4, 5)]
    kept = keep_edits(PlanWithEdits(replace(plan, updates=tuple(left)), changes))
    assert [(change.path, change.old, change.new) for change in kept.changes] == [
        ("a.yaml", files["a.yaml"], values(["app:2", "app:1.1"])),
        ("b.yaml", files["b.yaml"], values(["app:2", "app:2"])),
    ]
    assert [change.updates for change in kept.changes] == [
        (left[0].id,),
        (left[1].id, left[2].id),
    ]
    assert kept.plan.updates == tuple(left)
    assert keep_edits(PlanWithEdits(plan, changes)) == PlanWithEdits(plan, changes)


def test_what_is_left_alone_may_have_to_be_refused() -> None:
    """The file is not the one that was scanned."""
    files = {"a.yaml": values(["app:1.0", "app:1.1"])}
    plan = planned(files)
    (change,) = edited(files).changes
    other = replace(change, old=b"#" * len(change.old))
    kept = keep_edits(PlanWithEdits(replace(plan, updates=plan.updates[1:]), (other,)))
    assert (kept.plan.updates, kept.changes) == ((), ())
    assert [problem.path for problem in kept.plan.problems] == ["a.yaml"]


def test_copies_of_an_object_stand_and_fall_together() -> None:
    """Nothing but their order tells them apart, so their updates have one id."""
    files = {"a.yaml": f"a: {{image: app:1.0}}\n---\na: {{image: {ESCAPED}}}\n".encode()}
    plan = planned(files)
    assert len({update.id for update in plan.updates}) == 1
    found = edited(files)
    assert found.changes == ()
    assert [problem.line for problem in found.problems] == [1, 3]
    assert without_refused(plan, found).updates == ()
