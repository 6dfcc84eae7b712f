from __future__ import annotations

import random
from unittest import mock

import pytest

from imagebot.manifest.yaml import signs as signs_module
from imagebot.manifest.yaml.signs import holds_one_of, which_of

SIGNS = ("image", "mage", "age:", "$x", "a.b", "\n---", "oci://", "*", "(")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("image", {"image", "mage"}),
        ("image: b", {"image", "mage", "age:"}),
        ("Image", {"mage"}),
        ("a-b axb $", set()),
        ("é\ud800 a.b 𝄞\n---", {"a.b", "\n---"}),
        ("oci:/oci://(*", {"oci://", "(", "*"}),
    ],
)
def test_each_sign_is_found_wherever_it_is(text: str, found: set[str]) -> None:
    assert which_of(text, SIGNS) == found


def test_it_is_the_same_as_looking_for_one_after_the_other() -> None:
    chance = random.Random(1)
    pieces = [*SIGNS, *(sign[: len(sign) // 2] for sign in SIGNS), "é", "\0", "\ud800", "\n", " "]
    for _ in range(1_000):
        text = "".join(chance.choices(pieces, k=chance.randrange(30)))
        assert which_of(text, SIGNS) == {sign for sign in SIGNS if sign in text}
        data = text.encode("utf-8", "surrogatepass")
        assert holds_one_of(data, SIGNS) == any(sign in text for sign in SIGNS)


def test_it_is_the_same_where_re2_gives_up() -> None:
    with mock.patch.object(signs_module, "_set_of") as made:
        made.return_value.Match.return_value = []
        assert which_of("image", ("mage", "tag")) == {"mage"}
