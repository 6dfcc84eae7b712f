"""Secrets are hidden in every spelling that can be thought of, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.redaction import SHORT, Redaction, Secret
from tests.support.work import count_steps, growth

Spell = Callable[[str], str]


def lower_case_escapes(text: str) -> str:
    return re.sub("%..", lambda match: match[0].lower(), quote(text, safe=""))


def mixed_case_escapes(text: str) -> str:
    return "".join(
        part.lower() if number % 2 else part
        for number, part in enumerate(re.split("(%..)", quote(text, safe="")))
    )


def percent_everything(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def json_inside(text: str) -> str:
    return json.dumps(text)[1:-1]


def json_utf8(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/")


def json_everything(text: str) -> str:
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4].upper()}" for at in range(0, len(units), 4))


def bytes_repr(text: str) -> str:
    return repr(text.encode())[2:-1]


def basic(text: str) -> str:
    return base64.b64encode(f"x-access-token:{text}".encode()).decode()


def url_safe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def lower(text: str) -> str:
    """Bytes of ASCII only, as headers are."""
    return text.encode().lower().decode()


def in_html(text: str) -> str:
    return html.escape(text)


def html_everything(text: str) -> str:
    return "".join(f"&#x{ord(letter):x};" for letter in text)


def html_padded(text: str) -> str:
    return "".join(f"&#{ord(letter):012};" for letter in text)


def html_open(text: str) -> str:
    """Without semicolons; nothing that follows may be read as one more digit."""
    return "".join(f"&#{ord(letter):032}" for letter in text)


def percent_units(text: str) -> str:
    units = text.encode("utf-16-be").hex()
    return "".join(f"%u{units[at : at + 4]}" for at in range(0, len(units), 4))


def braces(text: str) -> str:
    return "".join(f"\\u{{{ord(letter):x}}}" for letter in text)


def eight_digits(text: str) -> str:
    return "".join(f"\\U{ord(letter):08X}" for letter in text)


def same(text: str) -> str:
    return text


IN_BASE64: list[Spell] = [
    lambda text: base64.b64encode(text.encode()).decode(),
    url_safe,
    basic,
    lambda text: base64.urlsafe_b64encode(f"bot:{text}".encode()).decode(),
    lambda text: base64.b64encode(f"ab:{text}\n".encode()).decode(),
    lambda text: basic(text).rstrip("="),
    lambda text: url_safe(text).rstrip("="),
]
IN_HEX: list[Spell] = [
    lambda text: text.encode().hex(),
    lambda text: text.encode().hex().upper(),
]
ESCAPED: list[Spell] = [
    in_html,
    html_everything,
    same,
    quote,
    lambda text: quote(text, safe=""),
    quote_plus,
    lower_case_escapes,
    mixed_case_escapes,
    percent_everything,
    json_inside,
    json_utf8,
    json_everything,
    bytes_repr,
    lower,
    html_padded,
    html_open,
    percent_units,
    braces,
]

secrets = st.text(min_size=SHORT, max_size=60).filter(
    lambda text: text == " ".join(text.split()) and len(text.encode()) >= SHORT
)
tokens = st.text(alphabet="abcXYZ019+/=_-.~%:\\\"'", min_size=SHORT, max_size=80)
surroundings = st.sampled_from(["", "401 ", "Unauthorized: Basic ", '{"message": "', "x? "])


@given(st.one_of(secrets, tokens), surroundings, st.sampled_from([same, *IN_BASE64, *IN_HEX]),
       st.sampled_from(ESCAPED), st.sampled_from(ESCAPED))  # fmt: skip
def test_every_spelling_is_hidden(
    secret: str, before: str, encode: Spell, inner: Spell, outer: Spell
) -> None:
    spelt = outer(inner(encode(secret)))
    hidden = Redaction.of([Secret(secret)]).hide(f"{before}{spelt} end")
    assert hidden == f"{before}*** end"


GAPS = ["\n", "\r\n ", " ", "\nremote: ", "\0", "\u200b", "\xa0", "\\n", "%0a"]
INVISIBLE = [
    "\xad", "\u034f", "\u061c", "\u115f", "\u1680", "\u17b4", "\u180e", "\u2003", "\u2028",
    "\u202e", "\u205f", "\u2060", "\u2064", "\u206f", "\u2800", "\u3000", "\u3164", "\ufe00",
    "\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\U000e0001", "\U000e0020", "\U000e01ef", "&shy;",
    "\\u2060",
]  # fmt: skip


@given(tokens, st.integers(1, 40), st.sampled_from([same, *IN_BASE64, *IN_HEX]),
       st.sampled_from(GAPS))  # fmt: skip
def test_one_that_is_broken_into_lines_is_hidden(
    secret: str, width: int, encode: Spell, gap: str
) -> None:
    spelt = encode(secret)
    broken = gap.join(spelt[at : at + width] for at in range(0, len(spelt), width))
    hidden = Redaction.of([Secret(secret)]).hide(f"Unauthorized: {broken} end")
    assert hidden.startswith("Unauthorized: ")
    assert hidden.endswith(" end")
    # Of base64, up to two characters at each end have some bits of the secret, and others before.
    assert "***" in hidden
    if encode is same or encode in IN_HEX:
        assert hidden == "Unauthorized: *** end"


@pytest.mark.parametrize("gap", INVISIBLE)
def test_one_with_something_invisible_in_it_is_hidden(gap: str) -> None:
    redaction = Redaction.of([Secret("hunter2-Passw0rd_9")])
    assert redaction.hide(f"said {gap.join('hunter2-Passw0rd_9')} end") == "said *** end"
    assert redaction.hide(f"{gap}hunter2-Pass{gap * 3}w0rd_9{gap}") == f"{gap}***{gap}"


@pytest.mark.parametrize("secret", ["hunter2-Passw0rd_9", "pass word-\U0001f600é"])
def test_one_in_escapes_of_eight_digits_is_hidden(secret: str) -> None:
    # Not in the test of all spellings: in lower case they are those of four digits.
    hidden = Redaction.of([Secret(secret)]).hide(f"said {eight_digits(secret)} end")
    assert hidden == "said *** end"


def test_escapes_of_no_character_are_no_error() -> None:
    redaction = Redaction.of([Secret("hunter2-Passw0rd_9")])
    text = "\\Uffffffff \\u{ffffff} \\u{} \\U1 %uD800 %u12 &#99999999999; &#xffffffffff &#x;"
    assert redaction.hide(text) == text
    assert redaction.hide(f"{text} hunter2-Passw0rd_9") == f"{text} ***"


@given(tokens, tokens, st.sampled_from(ESCAPED))
def test_two_secrets_are_hidden_where_they_overlap(one: str, other: str, spell: Spell) -> None:
    redaction = Redaction.of([Secret(one), Secret(one[4:] + other)])
    hidden = redaction.hide(f"a {spell(one + other)} end")
    assert hidden in ("a *** end", "a ****** end")


@given(tokens, st.integers(min_value=0, max_value=200), st.sampled_from([same, *IN_BASE64]),
       st.sampled_from(["", "…", "..."]))  # fmt: skip
def test_a_text_that_was_cut_shows_hardly_anything(
    secret: str, length: int, encode: Spell, end: str
) -> None:
    cut = encode(secret)[:length]
    hidden = Redaction.of([Secret(secret)]).hide(f"Authorization: {cut}{end}")
    shown = hidden.removeprefix("Authorization: ")
    # Base64 shows the user's name, and up to seven characters more.
    assert secret[:SHORT] not in shown
    assert encode is not same or len(shown.removesuffix(end)) < SHORT


@given(st.text())
def test_other_text_stays_as_it_is(text: str) -> None:
    assert Redaction.of([Secret("correct-horse-battery", "bot")]).hide(text) == text
    assert Redaction().hide(text) == text


@given(st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_text_that_is_not_unicode_stays_as_it_is(text: str) -> None:
    assert Redaction.of([Secret("correct-horse-battery")]).hide(text) == text


WORDS = Redaction.of([Secret("s3cret", "bot"), Secret("a+b", "x"), Secret("")])


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("the password S3CRET is wrong", "the password *** is wrong"),
        ("the password s3cret is wrong", "the password *** is wrong"),
        ("bot:s3cret@host", "bot:***@host"),
        ("s3crets, s3cret_x, xs3cret and és3cret", "s3crets, s3cret_x, xs3cret and és3cret"),
        (f"Basic {base64.b64encode(b'bot:s3cret').decode()}", "Basic ***"),
        (f"Basic {base64.b64encode(b's3cret').decode()}", "Basic ***"),
        ("eDphK2I= and a%2bb and a\\u002bb", "*** and *** and ***"),
        ("aa+bb", "aa+bb"),
    ],
)
def test_a_short_secret_is_hidden_as_a_whole_word(text: str, hidden: str) -> None:
    assert WORDS.hide(text) == hidden


def test_a_document_on_one_line_is_hidden() -> None:
    """A service account's key is a password of many lines; messages are put on one."""
    key = json.dumps({"type": "service_account", "private_key": "-----BEGIN\nabc"}, indent=2)
    hidden = Redaction.of([Secret(key)]).hide(f"refused {' '.join(key.split())} twice {key}")
    assert hidden == "refused *** twice ***"


def test_a_secret_is_found_in_a_text_as_it_stands() -> None:
    redaction = Redaction.of([Secret("hunter2-Passw0rd_9", "bot"), Secret("stable", "bot")])
    encoded = base64.urlsafe_b64encode(b"bot:hunter2-Passw0rd_9").decode().rstrip("=")
    for text in ("1.0-hunter2-passw0rd_9", f"x.{encoded}", b"hunter2-Passw0rd_9".hex()):
        assert redaction.is_in(text)
    for text in ("1.0", "stable", "hunter2", ""):
        assert not redaction.is_in(text)
    assert not Redaction().is_in("1.0")


def test_a_secret_is_not_in_its_repr() -> None:
    secret = Secret("correct-horse-battery", "bot")
    assert "correct" not in repr((secret, Redaction.of([secret, Secret("s3cret")])))


def test_much_text_takes_few_steps() -> None:
    """Neither long runs of base64, nor many secrets with one beginning, multiply the work."""
    many = Redaction.of(Secret(f"eyJhbGciOiJSUzI1NiJ9.{number:060}") for number in range(500))
    text = "A" * 2000 + " eyJhbGciOiJSUzI1NiJ9." + "A" * 2000

    once = count_steps(lambda: many.hide(text))
    often = count_steps(lambda: many.hide(text * 8))
    assert often < 12 * once


@pytest.mark.parametrize("text", ["registry ", "registry% &amp;\\n+ ", "registry" + "b" * 40 + " "])
def test_tokens_that_begin_alike_are_not_looked_at_one_by_one(text: str) -> None:
    """Whoever grants tokens may choose their beginning and their lengths."""

    def work(tokens: int) -> int:
        redaction = Redaction.of(Secret("registry" + "b" * (40 + one)) for one in range(tokens))
        return count_steps(lambda: redaction.hide(f"{text * 20}zzz"))

    assert work(800) < 2 * work(100)


def test_knowing_tokens_that_begin_alike_takes_linear_time() -> None:
    def work(tokens: int) -> None:
        Redaction.of(Secret(f"registry{one:06}" + "b" * 100) for one in range(tokens))

    assert growth(work, 500, 4_000, most=20) <= 20


@given(
    st.lists(st.text("ab", min_size=1, max_size=9), min_size=1, max_size=9),
    st.text("ab.", max_size=60),
)
def test_the_longest_of_those_that_begin_alike_is_hidden(ends: list[str], text: str) -> None:
    known = [f"headhead{end}" for end in ends]
    text = text.replace(".", " headhead")
    hidden = Redaction.of(map(Secret, known)).hide(f"{text} end")
    for word, shown in zip(f"{text} end".split(" "), hidden.split(" "), strict=True):
        longest = max((len(one) for one in known if word.startswith(one)), default=0)
        assert shown == ("***" + word[longest:] if longest else word)
