import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import InvalidPolicyError, UsageError
from imagebot.glob import compile_glob
from imagebot.policy.selectors import check_selector, selected, tag_glob

TAGS = ("1.2.3", "1.2.3-alpine", "1.2.3-alpine3.18", "latest", "a+b")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("1.2.3", {"1.2.3"}),
        ("*", set(TAGS)),
        ("*-alpine", {"1.2.3-alpine"}),
        ("1.*-alpine*", {"1.2.3-alpine", "1.2.3-alpine3.18"}),
        ("1.2.?", {"1.2.3"}),
        ("{latest,1.2.3}", {"latest", "1.2.3"}),
        ("[!1]*", {"latest", "a+b"}),
        ("/alpine/", {"1.2.3-alpine", "1.2.3-alpine3.18"}),
        ("/^latest$/", {"latest"}),
        ("/", set()),
        ("//", set()),
    ],
)
def test_selects(selector: str, expected: set[str]) -> None:
    assert selected(selector, TAGS) == expected


def test_checks() -> None:
    with pytest.raises(UsageError):
        check_selector("[a")
    with pytest.raises(InvalidPolicyError):
        check_selector("/(/")


@given(st.text("ab.*-", min_size=1, max_size=8), st.text("ab.-", max_size=10))
def test_stars_alone_mean_what_they_mean_in_any_glob(glob: str, tag: str) -> None:
    assert tag_glob(glob)(tag) is compile_glob(glob)(tag)
