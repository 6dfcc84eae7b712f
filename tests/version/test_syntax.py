import pytest

from imagebot.version.syntax import read_version

# (text, strict syntax, natural syntax)
CASES = [
    ("1.2.3", "1.2.3", "1.2.3"),
    ("v1.2.3", "1.2.3", "1.2.3"),
    ("V1.2.3", None, "1.2.3"),
    ("v2025.02.03", "2025.2.3", "2025.2.3"),
    ("1.2.3-alpine3.18", "1.2.3-alpine3.18", "1.2.3"),
    ("1.2.3-rc.1", "1.2.3-rc.1", "1.2.3-rc.1"),
    ("1.2.3-01", None, "1.2.3"),
    ("1.2.3-rc.01", None, "1.2.3-rc.01"),
    ("1.2.3+build.7", "1.2.3", "1.2.3"),
    ("1.3.0rc1", None, "1.3.0-rc1"),
    ("1.2", None, "1.2.0"),
    ("14", None, "14.0.0"),
    ("20240101", None, "20240101.0.0"),
    ("1234567", None, None),
    ("1.2.3.4", None, "1.2.3"),
    ("release-1.2.3", None, "1.2.3"),
    ("1.2.3_1", None, "1.2.3"),
    ("latest", None, None),
    ("abcdef0", None, None),
    ("1.2.3\n", None, "1.2.3"),
]


@pytest.mark.parametrize(("text", "strict", "natural"), CASES, ids=[repr(c[0]) for c in CASES])
def test_reads(text: str, strict: str | None, natural: str | None) -> None:
    for syntax, expected in (("strict", strict), ("natural", natural)):
        version = read_version(text, syntax)  # type: ignore[arg-type]  # a literal, in a loop
        shown = None if version is None else str(version.replace(build=None))
        assert shown == expected, syntax
