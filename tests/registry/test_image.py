from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import RegistryProtocolError
from imagebot.registry.image import parse_config, parse_manifest, parse_time

DIGEST = "sha256:" + "1" * 64
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2024-01-01T00:00:00Z", NEW_YEAR),
        ("2024-01-01t00:00:00z", NEW_YEAR),
        ("2024-01-01 00:00:00Z", NEW_YEAR),
        ("2024-01-01T00:00:00", NEW_YEAR),
        ("2024-01-01T02:00:00+02:00", NEW_YEAR),
        ("2023-12-31T19:00:00-05:00", NEW_YEAR),
        ("2024-01-01T00:00:00.123456789Z", NEW_YEAR.replace(microsecond=123456)),
        ("2024-01-01T00:00:00.5Z", NEW_YEAR.replace(microsecond=500000)),
        # No dates of images: reproducible builds, Go's zero
        ("1970-01-01T00:00:00Z", None),
        ("1980-01-01T00:00:01Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2009-12-31T23:59:59Z", None),
        ("2010-01-01T00:00:00Z", datetime(2010, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", None),
        ("2024-13-01T00:00:00Z", None),
        ("2024-01-01T00:00:00Z\n", None),
        ("2024-W01-1", None),
        ("20240101", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1_704_067_200, None),
        ("٢٠٢٤-01-01T00:00:00Z", None),
    ],
)
def test_times(value: object, time: datetime | None) -> None:
    assert parse_time(value) == time


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    time = parse_time(text)
    assert time is None or (time.tzinfo is UTC and time.year >= 2010)


def index(*entries: dict[str, object], **more: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "manifests": list(entries), **more}).encode()


def entry(platform: object = None, **more: object) -> dict[str, object]:
    fields: dict[str, object] = {"mediaType": MANIFEST, "digest": DIGEST, "size": 1, **more}
    return fields | ({"platform": platform} if platform is not None else {})


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "linux", "architecture": "arm64", "variant": ""}, "linux/arm64"),
        (
            {"os": "windows", "architecture": "amd64", "os.version": "10.0.17763.1"},
            "windows/amd64",
        ),
        (None, None),
        ({}, None),
        ({"os": "linux"}, None),
        ({"os": "linux", "architecture": 5}, None),
        ({"os": "li nux\x1b", "architecture": "amd64"}, None),
        ({"os": "linux", "architecture": "arm", "variant": 7}, None),
        ("linux/amd64", None),
    ],
)
def test_platforms(platform: object, text: str | None) -> None:
    (found,) = parse_manifest("s", index(entry(platform))).entries
    assert found.platform == text
    assert (found.is_image, found.is_index, found.is_attestation) == (True, False, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"platform": {"os": "unknown", "architecture": "unknown"}},
        {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    ],
)
def test_attestations(fields: dict[str, object]) -> None:
    (found,) = parse_manifest("s", index(entry(**fields))).entries
    assert (found.is_attestation, found.is_image, found.platform) == (True, False, None)


def test_entries_that_make_no_sense_are_left_out() -> None:
    bad = [entry(digest="sha256:1"), entry(digest=None), {"mediaType": MANIFEST}]
    body = json.dumps({"manifests": [*bad, None, 5, "x", [], entry()]}).encode()
    assert len(parse_manifest("s", body).entries) == 1


def test_media_types() -> None:
    kinds = (INDEX, MANIFEST, "application/vnd.example+json", 5)
    found = parse_manifest("s", index(*(entry(mediaType=kind) for kind in kinds))).entries
    assert [(one.is_index, one.is_image) for one in found] == [
        (True, False), (False, True), (False, False), (False, False)
    ]  # fmt: skip


CREATED = "org.opencontainers.image.created"


def test_dates_in_annotations() -> None:
    found = parse_manifest(
        "s",
        index(
            entry(annotations={CREATED: "2024-01-01T00:00:00Z"}),
            entry(annotations={CREATED: "1970-01-01T00:00:00Z"}),
            annotations={"org.label-schema.build-date": "2024-01-01T00:00:00Z"},
        ),
    )
    assert found.created == NEW_YEAR
    assert [one.created for one in found.entries] == [NEW_YEAR, None]


@pytest.mark.parametrize(
    ("media_type", "known"),
    [
        ("application/vnd.oci.image.config.v1+json", True),
        ("application/vnd.docker.container.image.v1+json", True),
        ("application/vnd.cncf.helm.config.v1+json", False),
        (None, False),
    ],
)
def test_configurations_of_images_only(media_type: object, known: bool) -> None:
    body = json.dumps({"config": {"mediaType": media_type, "digest": DIGEST}}).encode()
    assert parse_manifest("s", body).config == (DIGEST if known else None)


@pytest.mark.parametrize(
    "document", [{}, [], None, 5, {"manifests": {}}, {"config": []}, {"config": {"digest": 5}}]
)
def test_documents_of_no_known_kind(document: object) -> None:
    found = parse_manifest("s", json.dumps(document).encode())
    assert (found.entries, found.config, found.created) == ((), None, None)


@pytest.mark.parametrize(
    ("document", "platform", "created"),
    [
        (
            {"os": "linux", "architecture": "amd64", "created": "2024-01-01T00:00:00Z"},
            "linux/amd64",
            NEW_YEAR,
        ),
        ({"created": "1970-01-01T00:00:00Z",
          "config": {"Labels": {CREATED: "2024-01-01T00:00:00Z"}}}, None, NEW_YEAR),
        ({"config": {"Labels": None}}, None, None),
        ({"config": None}, None, None),
        ([], None, None),
    ],
)  # fmt: skip
def test_configurations(document: object, platform: str | None, created: datetime | None) -> None:
    found = parse_config("s", json.dumps(document).encode())
    assert (found.platform, found.created) == (platform, created)


def test_no_json() -> None:
    with pytest.raises(RegistryProtocolError, match="manifest is not JSON"):
        parse_manifest("s", b"<html>")
    with pytest.raises(RegistryProtocolError, match="configuration is not JSON"):
        parse_config("s", b"")
