"""Who sees the page."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from imagebot.config.secret_source import SecretSource
from imagebot.run.diagnostics import Diagnostics
from imagebot.run.process import Process
from imagebot.serve.gate import Gate

PASSWORD = "pässword-0123456789"
LOCAL = {"host": "127.0.0.1:8080"}


def basic(user_and_password: str) -> str:
    return "Basic " + base64.b64encode(user_and_password.encode()).decode()


def gate(*, local: bool = True, password: SecretSource | None = None) -> Gate:
    process = Process(environment={"PAGE": PASSWORD})
    return Gate(process, Diagnostics("json", vault=process.vault), local=local, password=password)


WITH_PASSWORD = SecretSource("env", "PAGE")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (LOCAL, 200),
        ({"host": "localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "LOCALHOST"}, 200),
        ({"host": "rebound.example:8080"}, 404),
        ({"host": "127.0.0.1.rebound.example"}, 404),
        ({"host": "localhost.rebound.example"}, 404),
        ({"host": "10.0.0.1:8080"}, 404),
        ({"host": ""}, 404),
        ({}, 404),
        (LOCAL | {"x-forwarded-for": "192.0.2.1"}, 404),
        (LOCAL | {"forwarded": "for=192.0.2.1"}, 404),
        (LOCAL | {"authorization": basic(f"a:{PASSWORD}")}, 200),
    ],
)
def test_without_a_password(headers: dict[str, str], status: int) -> None:
    assert gate().check(headers) == status
    assert gate(local=False).check(headers) == 404


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (basic(f":{PASSWORD}"), 200),
        (basic(f"anybody:{PASSWORD}"), 200),
        (basic(f"anybody:{PASSWORD}").replace("Basic", "bAsIc"), 200),
        (basic(f"anybody:{PASSWORD} "), 401),
        (basic(f"anybody:{PASSWORD[:-1]}"), 401),
        (basic(f"any:body:{PASSWORD}"), 401),
        (basic("anybody:"), 401),
        (basic(PASSWORD), 401),
        (basic(""), 401),
        (f"Bearer {PASSWORD}", 401),
        (f"Basic {PASSWORD}", 401),
        ("Basic !!!", 401),
        ("Basic", 401),
        ("", 401),
    ],
)
def test_with_a_password(authorization: str, status: int) -> None:
    for headers in (LOCAL, {"host": "imagebot.example"}):
        asked = gate(local=False, password=WITH_PASSWORD)
        assert asked.check(headers | {"authorization": authorization}) == status


def test_this_machine_is_asked_for_the_password_too() -> None:
    assert gate(password=WITH_PASSWORD).check(LOCAL) == 401


def test_wrong_passwords_are_logged_once_and_not_quoted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = gate(password=WITH_PASSWORD)
    for number in range(100):
        asked.check({"authorization": basic(f"a:guess-{number}")})
    # Who asks without one, as every browser does at first, guesses nothing.
    asked.check({})
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["status"]) == ("page-refused", 401)
    assert "guess" not in line["message"]


def test_a_password_that_cannot_be_read_opens_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "password"
    asked = gate(password=SecretSource("file", str(path)))
    assert asked.check({"authorization": basic("a:")}) == 503
    path.write_text("\n")
    assert asked.check({"authorization": basic("a:")}) == 503
    path.write_text("another-password\n")
    assert asked.check({"authorization": basic("a:another-password")}) == 200
    assert str(path) in capsys.readouterr().err
