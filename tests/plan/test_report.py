"""Documents keep to their published schemas; names in them are stable."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imagebot.http.pauses import HeadRoom
from imagebot.manifest.images.field import ImageField, Unread
from imagebot.manifest.scan import scan
from imagebot.plan.documents import DOCUMENTS, document_schema
from imagebot.plan.model import FOLDER, Kept, Plan, PlanTarget, Published, Update
from imagebot.plan.report import pick_document, plan_document, scan_document
from imagebot.policy.model import Decision, Rejection
from imagebot.problem import Place, Problem

SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schema"
MANIFEST = b"""\
{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: 'app:1'}]}}
"""
LATER = datetime(2026, 5, 1, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
REJECTION = Rejection("2", "max", "a major step", LATER)


@pytest.fixture
def field() -> ImageField:
    (found,) = scan("p.yaml", MANIFEST).fields
    return found


def validator(name: str) -> Any:
    schema = json.loads(SCHEMAS.joinpath(f"{name}.schema.json").read_text())
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


def check(name: str, document: dict[str, Any]) -> None:
    validator(name).validate(json.loads(json.dumps(document)))
    allowed = json.loads(SCHEMAS.joinpath(f"{name}.schema.json").read_text())
    assert_no_stray_keys(document, allowed, allowed["$defs"])


def assert_no_stray_keys(document: Any, schema: Any, definitions: Any) -> None:
    """Every key of a document is one that the schema describes."""
    for option in schema.get("anyOf", [schema]):
        if "$ref" in option:
            option = definitions[option["$ref"].rpartition("/")[2]]
        if isinstance(document, dict) and option.get("type") == "object":
            assert set(document) <= set(option["properties"])
            for key, value in document.items():
                assert_no_stray_keys(value, option["properties"][key], definitions)
        if isinstance(document, list) and option.get("type") == "array":
            for value in document:
                assert_no_stray_keys(value, option["items"], definitions)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_checked_in_schema_is_current(name: str) -> None:
    text = SCHEMAS.joinpath(f"{name}.schema.json").read_text("utf-8")
    assert text == json.dumps(document_schema(name), indent=2, ensure_ascii=False) + "\n", (
        f"write the file again from document_schema({name!r})"
    )


def keep(field: ImageField, eligible_at: datetime) -> Kept:
    decision = Decision(code="c", reason="r", settled=False, eligible_at=eligible_at)
    return Kept(target=FOLDER, field=field, decision=decision)


def plan(field: ImageField) -> Plan:
    decision = Decision(
        policy="p",
        tag="1.1",
        update_type="minor",
        code="newer",
        reason="because",
        candidates=("1.1",),
        rejections=(REJECTION,),
    )
    update = Update(target=PlanTarget("t"), field=field, route="r", decision=decision)
    kept = keep(field, LATER)
    problem = Problem(scope="file", subject="s", code="c", message="m", path="p", line=2)
    return Plan(
        updates=(update,),
        kept=(kept,),
        problems=(problem, Problem(scope="target", subject="s", code="c", message="m")),
        unread=(Unread("x.yaml", 0, "not-yaml", "no"),),
        warnings=("w",),
    )


@pytest.mark.parametrize("explain", [False, True])
def test_plan(field: ImageField, explain: bool) -> None:
    published = (
        Published(target="t", route="r", status="opened", number=3, url="u", branch="b"),
        Published(target="t", route="r", status="committed", commit="abc"),
    )
    document = plan_document(plan(field), published, explain=explain)
    check("plan", document)
    assert document["updates"][0]["from"] == {"tag": "1", "digest": None}
    assert document["updates"][0]["to"] == {"tag": "1.1", "digest": None}
    assert document["kept"][0]["eligibleAt"] == "2026-05-01T12:00:00Z"
    assert document["kept"][0]["settled"] is False
    assert [entry["pullRequest"] for entry in document["published"]] == [
        {"number": 3, "url": "u"},
        None,
    ]
    assert ("rejected" in document["updates"][0]) is explain


def test_what_is_left_of_limits_and_where_a_registry_is_needed() -> None:
    problem = Problem(
        scope="repository",
        subject="ghcr.io/x",
        code="registry",
        message="m",
        target="production",
        places=(Place("a.yaml", 3), Place("b.yaml", 4)),
    )
    left = {
        "ghcr.io": HeadRoom(1, resets_in=1e300, seen=1.0),
        "quay.io": HeadRoom(3),
        "registry-1.docker.io": HeadRoom(98, 100, 21600, 60.0, seen=1_700_000_000.5),
    }
    document = plan_document(Plan(problems=(problem,)), head_room=left)
    check("plan", document)
    unknown = {"limit": None, "windowSeconds": None, "resetsAt": None}
    assert document["limits"] == [
        unknown | {"host": "ghcr.io", "remaining": 1},
        unknown | {"host": "quay.io", "remaining": 3},
        {
            "host": "registry-1.docker.io",
            "remaining": 98,
            "limit": 100,
            "windowSeconds": 21600,
            "resetsAt": "2023-11-14T22:14:20Z",
        },
    ]
    assert document["problems"][0]["target"] == "production"
    assert document["problems"][0]["places"][1] == {"path": "b.yaml", "line": 4}


def test_scan(field: ImageField) -> None:
    document = scan_document([(field, "p", None)], [Unread("x", 3, "c", "r")], [], ["w"])
    check("scan", document)
    assert document["fields"][0]["resource"]["kind"] == "Pod"
    assert document["fields"][0]["repository"] == "docker.io/library/app"
    assert document["unread"][0]["line"] == 3


def test_pick() -> None:
    decision = Decision(
        tag="1.1",
        update_type="minor",
        code="newer",
        reason="r",
        candidates=("1.1",),
        rejections=(REJECTION,),
    )
    document = pick_document("app", "1", decision, {"2.0.0": "2.0.0"}.get)
    check("pick", document)
    assert document["rejected"][0]["eligibleAt"] == "2026-05-01T12:00:00Z"
    nothing = Decision(code="no-candidate", reason="r")
    assert pick_document("app", None, nothing, lambda tag: None)["chosen"] is None


def test_an_updates_id_names_the_same_update_in_every_run(field: ImageField) -> None:
    first, second = (plan(field).updates[0].id for _ in range(2))
    assert first == second
    assert plan(field).updates[0].new_reference == "app:1.1"


def test_an_updates_id_is_of_its_target_whatever_it_is_called(field: ImageField) -> None:
    (other,) = plan(field).updates
    update = dataclasses.replace(other, target=PlanTarget("a", "host/a\0main"))
    renamed = dataclasses.replace(update, target=PlanTarget("a@main", "host/a\0main"))
    elsewhere = dataclasses.replace(update, target=PlanTarget("a", "host/a\0next"))
    assert update.id == renamed.id
    assert len({update.id, elsewhere.id, other.id}) == 3


def test_utc_stays_utc(field: ImageField) -> None:
    kept = keep(field, datetime(2026, 1, 1, tzinfo=UTC))
    document = plan_document(Plan(kept=(kept,)))
    assert document["kept"][0]["eligibleAt"] == "2026-01-01T00:00:00Z"
