from __future__ import annotations

import pytest

from imagebot.manifest.images.arguments import (
    MAX_TEXT,
    UnreadArgumentsError,
    name_path,
    read_arguments,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("--set image.tag=1.2", [(("image", "tag"), "1.2")]),
        ("--set=a=1,b.c=2", [(("a",), "1"), (("b", "c"), "2")]),
        ("--set-string 'a.b=1' -n x", [(("a", "b"), "1")]),
        ('--set a="1.2" --debug', [(("a",), "1.2")]),
        ("--set a={x,y},b=1", [(("a",), "{x,y}"), (("b",), "1")]),
        ("--set a=1 \\\n  --set b=2", [(("a",), "1"), (("b",), "2")]),
        ("--set", []),
        ("--set nothing", []),
    ],
)
def test_values_are_known_by_their_place(text: str, wanted: list[object]) -> None:
    found = read_arguments(text)
    assert [(each.path, each.value) for each in found] == wanted
    assert all(text[each.start : each.end] == each.value for each in found if not each.reason)


@pytest.mark.parametrize("text", ["--set 'a=1", '--set "a=1', "x" * (MAX_TEXT + 1)])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UnreadArgumentsError):
        read_arguments(text)


@pytest.mark.parametrize("text", ["--set a.b=x\\,y", "--set-file a=b", '--set a=1"2"3'])
def test_values_that_are_not_in_one_piece_have_a_reason(text: str) -> None:
    (found,) = read_arguments(text)
    assert found.reason


def test_names_have_dots_and_indexes() -> None:
    assert name_path("a.b\\.c[0].d") == ("a", "b.c", "[0]", "d")
    assert [name_path(each) for each in ("", "a..b", "a[x]", "a[0", "x" * 401)] == [()] * 5
