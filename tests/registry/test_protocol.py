from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import RegistryProtocolError
from imagebot.http.address import origin
from imagebot.reference import is_tag
from imagebot.registry import protocol
from imagebot.registry.protocol import ErrorDetail, next_page, parse_errors, parse_tags
from tests.support.work import growth

SUBJECT = "registry.example/app"
URL = "https://registry.example/v2/app/tags/list?n=1000"


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ({"name": "app", "tags": ["1.0", "1.1"]}, ("1.0", "1.1")),
        # distribution, when the last tag is gone
        ({"name": "app", "tags": None}, ()),
        ({"name": "app", "tags": []}, ()),
        # Nexus 3.58, Artifactory, and whatever else is not a tag
        ({"tags": [None, "", "1.0", 7, {"a": 1}, f"sha256:{'0' * 64}", "-a", "a b"]}, ("1.0",)),
        ({"tags": ["b", "a", "b"]}, ("b", "a")),
        ({"tags": ["1.0\n", "1.1"]}, ("1.1",)),
        ({"tags": ["1.0\n1.1", "1.2"]}, ("1.2",)),
        ({"tags": ["1.0", "1.1\n1.2"]}, ("1.0",)),
        ({"tags": ["1.0", ""]}, ("1.0",)),
        ({"tags": [""]}, ()),
        ({"tags": ["1.0", "b" * 128, "b" * 129, "\ud800", "1.é"]}, ("1.0", "b" * 128)),
        # gcr.io
        ({"tags": ["1"], "child": [], "manifest": {}}, ("1",)),
    ],
)
def test_tags(body: object, tags: tuple[str, ...]) -> None:
    assert parse_tags(SUBJECT, json.dumps(body).encode()) == tags


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'"tags"', b'{"tags": "1"}', b"[" * 9_999, b"\xff", b"9" * 5000],
    ids=["empty", "html", "list", "no-tags", "text", "tags-text", "deep", "binary", "long-number"],
)  # fmt: skip
def test_what_is_no_list_of_tags(body: bytes) -> None:
    with pytest.raises(RegistryProtocolError) as caught:
        parse_tags(SUBJECT, body)
    assert caught.value.subject == SUBJECT


@given(st.recursive(st.none() | st.booleans() | st.text() | st.floats(), st.lists, max_leaves=20))
def test_tags_are_tags(items: object) -> None:
    body = json.dumps({"tags": items}).encode()
    try:
        tags = parse_tags(SUBJECT, body)
    except RegistryProtocolError:
        assert items is not None
        assert not isinstance(items, list)
    else:
        assert all(is_tag(tag) for tag in tags)
        assert len(set(tags)) == len(tags)


@given(st.lists(st.text("aB1.-_ \né", max_size=4) | st.none()))
def test_every_tag_and_nothing_else(items: list[str | None]) -> None:
    body = json.dumps({"tags": items}).encode()
    every = [item for item in items if item is not None and is_tag(item)]
    assert parse_tags(SUBJECT, body) == tuple(dict.fromkeys(every))


def test_many_entries_take_linear_time() -> None:
    def work(size: int) -> None:
        parse_tags(SUBJECT, json.dumps({"tags": ["a" * 100] * size + ["-"]}).encode())

    assert growth(work, 1_000, 8_000, most=20) <= 20


LIST = "https://registry.example/v2/app/tags/list"


@pytest.mark.parametrize(
    ("links", "target"),
    [
        ([], None),
        (['</v2/app/tags/list?last=b&n=2>; rel="next"'], f"{LIST}?last=b&n=2"),
        (["</v2/app/tags/list?last=b>; rel=next"], f"{LIST}?last=b"),
        (['</v2/app/tags/list?last=b>;REL="Next"'], f"{LIST}?last=b"),
        # quotes that are none in HTTP
        (["</v2/app/tags/list?last=b>; rel='next'"], f"{LIST}?last=b"),
        (["</v2/app/tags/list?last=b>; rel='prev'"], None),
        (['</v2/app/tags/list?last=b>; rel="prefetch next"'], f"{LIST}?last=b"),
        (['<https://registry.example/v2/app/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['<https://REGISTRY.example:443/v2/app/tags/list?last=b>; rel="next"'], "same"),
        (['<?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['<list?last=b>; rel="next"'], f"{LIST}?last=b"),
        # zot: unencoded; ECR: opaque
        (['</v2/app/tags/list?n=2&last=a+b/c==>; rel="next"'], f"{LIST}?n=2&last=a+b/c=="),
        # Without `rel`, or with an empty one, the first is the next (go-containerregistry).
        (["<https://registry.example/v2/app/tags/list?last=b>"], f"{LIST}?last=b"),
        (['</v2/app/tags/list?last=b>; title="b", </x>'], f"{LIST}?last=b"),
        (["</v2/app/tags/list?last=b>; rel="], f"{LIST}?last=b"),
        (['</x>, </v2/app/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['</x>; rel="prev", </v2/app/tags/list?last=b>'], f"{LIST}?last=b"),
        # Empty parameters and empty elements
        ([',,</v2/app/tags/list?last=b>;;rel="next",'], f"{LIST}?last=b"),
        (["</v2/app/tags/list?last=b> ; ; rel = next ; "], f"{LIST}?last=b"),
        # Nothing to read once the next page is known
        (['garbage, </v2/app/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['</v2/app/tags/list?last=a>; rel="prev"'], None),
        (['</x>; rel="prev", </v2/app/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['</x>; rel="prev"', '</v2/app/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['</x>; title="a, <b>; rel=next"; rel="prev"'], None),
        ([r'</x>; title="a\", <b>"; rel="next"'], "https://registry.example/x"),
        ([""], None),
        ([" , ,"], None),
        # Artifactory leaves the virtual repository out; Nexus puts an internal path in
        (['</v2/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        (['</repository/docker/v2/app/tags/list?last=b>; rel="next"'], f"{LIST}?last=b"),
        # Quay's older, opaque form
        (['</v2/app/tags/list?next_page=gAAA&n=50>; rel="next"'], f"{LIST}?next_page=gAAA&n=50"),
    ],
)  # fmt: skip
def test_next_page(links: list[str], target: str | None) -> None:
    found = next_page(SUBJECT, links, URL)
    if target == "same":
        assert found is not None
        assert origin(found) == origin(URL)
    else:
        assert found == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/v2/app/tags/list?last=b",
        "//evil.example/v2/app/tags/list?last=b",
        "http://registry.example/v2/app/tags/list?last=b",
        "https://registry.example:444/v2/app/tags/list?last=b",
        "https://registry.example.evil.example/v2/app/tags/list",
        "https://registry.example@evil.example/v2/app/tags/list",
        "https://user:pw@registry.example/v2/app/tags/list",
        "file:///etc/passwd",
        "ftp://registry.example/v2/app/tags/list",
        "https://[::1/",
        "https://registry.example:99999/",
        "javascript:alert(1)",
    ],
)
def test_a_next_page_elsewhere_is_refused(target: str) -> None:
    with pytest.raises(RegistryProtocolError):
        next_page(SUBJECT, [f'<{target}>; rel="next"'], URL)


@pytest.mark.parametrize(
    "header",
    [
        "/v2/app/tags/list?last=b; rel=next",
        "/v2/app/tags/list?last=b>",
        "</v2/app/tags/list?last=b",
        "<",
        "><",
        "<>",
        "<>; rel=next",
        "<\x7f>",
        ",,; =",
        '</x>; rel="prev", garbage',
        '</x>; rel="prev" garbage',
        '</v2/app/tags/list?last=b>; ="a"; rel="next"',
        '</v2/app/tags/list?last=b>; rel="next',
        "</v2/app/tags/list?last=b>; rel=next; x=" + "a" * 20_000,
    ],
)
def test_a_link_that_cannot_be_read_is_refused(header: str) -> None:
    """Without its next page, a list would end silently."""
    with pytest.raises(RegistryProtocolError):
        next_page(SUBJECT, [header], URL)


@given(st.lists(st.text(alphabet='<>;,="\\ renxtl/?:@h', max_size=80), max_size=3))
def test_a_link_never_leads_elsewhere(links: list[str]) -> None:
    try:
        found = next_page(SUBJECT, links, URL)
    except RegistryProtocolError:
        return
    assert found is None or origin(found) == origin(URL)


@pytest.mark.parametrize("piece", ["<", "<,", ";", "a=", ' "', '\\"', ";a ", "<>", "<>;", "<>;a=,"])
def test_a_link_header_is_read_in_linear_time(monkeypatch: pytest.MonkeyPatch, piece: str) -> None:
    monkeypatch.setattr(protocol, "_MAX_HEADER", 10**9)

    def read(count: int) -> None:
        with contextlib.suppress(RegistryProtocolError):
            next_page(SUBJECT, [piece * count, '<a>; rel="prev"; t="' + piece * count], URL)

    # Up to five times as long as a header may be.
    assert growth(read, 2000, 16_000, most=20) <= 20


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (
            {"errors": [{"code": "NAME_UNKNOWN", "message": "repository unknown", "detail": {}}]},
            (ErrorDetail("NAME_UNKNOWN", "repository unknown"),),
        ),
        ({"errors": [{"code": "DENIED"}]}, (ErrorDetail("DENIED", ""),)),
        # GHCR: lower case, in the message
        (
            {"errors": [{"code": "TOOMANYREQUESTS", "message": "retry-after: 880µs"}]},
            (ErrorDetail("TOOMANYREQUESTS", "retry-after: 880µs"),),
        ),
        ({"errors": [{"code": 7, "message": None}, "x", None]}, (ErrorDetail("", ""),)),
        ({"errors": [{"code": "a\x1b[2J", "message": "\x1b[2Jgone\r\nagain"}]},
         (ErrorDetail("", "[2Jgone again"),)),
        ({"errors": None}, ()),
        ({"message": "no"}, ()),
        ([], ()),
    ],
)  # fmt: skip
def test_errors(body: object, details: tuple[ErrorDetail, ...]) -> None:
    assert parse_errors(json.dumps(body).encode()) == details


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"\xff", b"[" * 100_000])
def test_errors_in_another_format(body: bytes) -> None:
    assert parse_errors(body) == ()


def test_only_some_errors_are_read() -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": "x" * 10_000}] * 1000}).encode()
    details = parse_errors(body)
    assert len(details) == 8
    assert all(len(detail.message) <= 200 for detail in details)
