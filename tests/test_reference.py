"""Names, tags and digests; the cases are those that parsers are known to disagree about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import InvalidReferenceError
from imagebot.reference import Repository, parse_reference, parse_repository

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"

VALID = [
    ("nginx", "docker.io", "library/nginx", None, None),
    ("nginx:1.25", "docker.io", "library/nginx", "1.25", None),
    (f"nginx:1.25@{DIGEST}", "docker.io", "library/nginx", "1.25", DIGEST),
    (f"nginx@{DIGEST}", "docker.io", "library/nginx", None, DIGEST),
    ("acme/api:v1", "docker.io", "acme/api", "v1", None),
    ("docker.io/nginx", "docker.io", "library/nginx", None, None),
    ("docker.io/library/foo/bar", "docker.io", "library/foo/bar", None, None),
    ("index.docker.io/nginx", "docker.io", "library/nginx", None, None),
    ("registry-1.docker.io/a/b", "docker.io", "a/b", None, None),
    ("ghcr.io/acme/api:main-12-abc", "ghcr.io", "acme/api", "main-12-abc", None),
    ("test.com:5000", "docker.io", "library/test.com", "5000", None),
    ("test:5000/repo", "test:5000", "repo", None, None),
    ("test:5000/repo:tag", "test:5000", "repo", "tag", None),
    ("localhost/x", "localhost", "x", None, None),
    ("192.168.1.1", "docker.io", "library/192.168.1.1", None, None),
    ("Foo/bar", "Foo", "bar", None, None),
    ("test_com/foo", "docker.io", "test_com/foo", None, None),
    ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", None),
    ("[2001:db8::1]:5000/repo", "[2001:db8::1]:5000", "repo", None, None),
    (f"docker.io/{HEX}", "docker.io", f"library/{HEX}", None, None),
    ("a__b/c---d", "docker.io", "a__b/c---d", None, None),
]

INVALID = [
    ("", "empty"),
    ("library/ubuntu:", "the tag is empty"),
    ("Uppercase:tag", "lowercase"),
    ("a//b", "not a repository path"),
    ("a..b", "not a repository path"),
    ("-a/b", "not a repository path"),
    ("[2001:db8::1]", "not a tag"),
    ("[fe80::1%eth0]:5000/x", "not a registry host"),
    (HEX, "image ID"),
    ("nginx:1.25\n", "not a tag"),
    ("nginx:" + "a" * 129, "not a tag"),
    ("nginx@sha256:abc", "not a digest"),
    (f"nginx@{DIGEST.upper()}", "not a digest"),
    ("ghcr.io/" + "a" * 256, "longer than 255"),
    ("${IMAGE}", "not a repository path"),
    ("{{ .Values.image }}:1", "not a repository path"),
    ("nginx:1.\uff125", "not a tag"),
    ("x" * 5000, "longer than"),
    ("https://ghcr.io/acme/api:1", "no scheme"),
]


@pytest.mark.parametrize(("text", "registry", "path", "tag", "digest"), VALID)
def test_parses(text: str, registry: str, path: str, tag: str | None, digest: str | None) -> None:
    reference = parse_reference(text)
    assert reference.repository == Repository(registry, path)
    assert (reference.tag, reference.digest) == (tag, digest)
    assert str(reference) == text


@pytest.mark.parametrize(("text", "reason"), INVALID)
def test_refuses(text: str, reason: str) -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        parse_reference(text)
    assert reason in str(caught.value)


def test_the_path_may_have_255_characters_beside_the_host() -> None:
    assert parse_repository("example.com/" + "a" * 255).path == "a" * 255


def test_moving_keeps_the_spelling() -> None:
    assert str(parse_reference(f"nginx:1@{DIGEST}").to("2", None)) == "nginx:2"


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return
    assert str(reference) == text
    assert parse_repository(str(reference.repository)) == reference.repository
