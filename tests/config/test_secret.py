from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.config.model import SecretSource
from imagebot.config.secret import read_secret
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
