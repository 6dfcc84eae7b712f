from __future__ import annotations

import base64
import tracemalloc
from pathlib import Path

import pytest

from imagebot.config.secret import Vault, read_secret
from imagebot.config.secret_source import SecretSource
from imagebot.errors import CredentialError


def test_from_a_variable_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\r\n")
    assert read_secret(SecretSource("env", "S"), {"S": "s3cret\n"}) == "s3cret"
    assert read_secret(SecretSource("file", str(tmp_path / "secret")), {}) == "s3cret"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty or not set"),
        (b" \n", "is empty or not set"),
        (b"s3cret\npassword=other", "more than one line"),
        (b"s3cret\x00", "control character"),
        (b"s3cret\xff", "not UTF-8"),
        (b"s3cret" * 20_000, "larger than"),
    ],
)
def test_what_is_no_secret(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(CredentialError, match=reason) as caught:
        read_secret(SecretSource("file", str(path)), {})
    message = str(caught.value)
    assert str(path) in message
    assert "s3cret" not in message.replace(str(path), "")


def test_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"the variable S, .* not set"):
        read_secret(SecretSource("env", "S"), {})
    with pytest.raises(CredentialError, match="No such file"):
        read_secret(SecretSource("file", str(tmp_path / "gone")), {})
    with pytest.raises(CredentialError, match="directory"):
        read_secret(SecretSource("file", str(tmp_path)), {})


def test_granted_tokens_push_out_none_of_the_operators_secrets() -> None:
    vault = Vault()
    vault.keep("password-of-a-proxy", origin="https_proxy")
    for number in range(5000):
        vault.keep(f"{number:08}-token-of-a-token-server")
    assert vault.hide("password-of-a-proxy") == "***"
    assert vault.hide("00004999-token-of-a-token-server") == "***"


def test_long_tokens_take_no_more_memory_than_many() -> None:
    """Each is searched for in many spellings, and a token server may grant them by the thousand."""
    vault = Vault()
    vault.keep("password-of-a-proxy", origin="https_proxy")
    tracemalloc.start()
    try:
        for number in range(1500):
            vault.keep(f"{number:08}-" + "x" * 16_000)
            if number % 50 == 0:
                vault.hide("anything")
        assert vault.hide("00001499-" + "x" * 16_000) == "***"
        assert tracemalloc.get_traced_memory()[1] < 80_000_000
    finally:
        tracemalloc.stop()
    assert vault.hide("password-of-a-proxy") == "***"


@pytest.mark.parametrize("token", ["linux/amd64", "amd64", "linux"])
def test_a_token_hides_nothing_that_others_sent(token: str) -> None:
    vault = Vault()
    vault.keep("hunter2-Passw0rd_9", origin="credentials.registries.r.example")
    vault.keep(token)
    assert "***" in vault.hide("linux/amd64")
    assert vault.hide_sent("linux/amd64", list) == "linux/amd64"
    assert "***" in vault.hide_sent("linux/amd64", lambda: [token])
    assert vault.hide_sent("linux/hunter2-Passw0rd_9", list) == "linux/***"


def test_tags_with_a_secret_in_them_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    vault = Vault()
    assert vault.without_secrets(["1.0"], "r.example/app") == ("1.0",)
    vault.keep("hunter2-Passw0rd_9", username="bot", origin="credentials.registries.r.example")
    vault.keep("1.2.3-alpine3.19")
    encoded = base64.urlsafe_b64encode(b"bot:hunter2-Passw0rd_9").decode().rstrip("=")
    tags = ["1.0", "2.0-hunter2-Passw0rd_9", "1.2.3-alpine3.19", encoded]
    assert vault.without_secrets(tags, "r.example/app") == ("1.0", "1.2.3-alpine3.19")
    (record,) = caplog.records
    expected = "r.example/app: tags with a secret of imagebot in them are left out: 2"
    assert record.getMessage() == expected
