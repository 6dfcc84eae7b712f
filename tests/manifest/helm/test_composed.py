"""Which value holds which part of a reference that a template puts together."""

from __future__ import annotations

import pytest

from imagebot.manifest.helm.composed import ChartValues, Held, items_of, parts_at, text_of
from imagebot.manifest.helm.templates import read_templates
from imagebot.manifest.images.layers import Chart, ChartImage, ValuePath

DIGEST = "sha256:" + "0" * 64
TWO = "image: {{ .Values.r }}:{{ .Values.t }}"
THREE = "image: {{ .Values.h }}/{{ .Values.r }}:{{ .Values.t }}"
DEFAULT = "image: a:{{ .Values.t | default .Chart.AppVersion }}"
CHOICE = "image: a{{ if .Values.d }}@{{ .Values.d }}{{ else }}:{{ .Values.t }}{{ end }}"
WELL_KNOWN = (
    'image: {{ include "common.images.image" (dict "imageRoot" .Values.i "global" .Values.global '
    '"chart" .Chart) }}'
)


def values(**texts: str) -> ChartValues:
    """Values by path, with `_` between their keys."""
    return ChartValues({tuple(k.split("_")): v for k, v in texts.items()}, Chart("c", "7.0"))


def only(template: str) -> ChartImage:
    ((_, image),) = read_templates({"a.yaml": template}).images
    return image


def part(held: Held | None, path: str, text: str) -> bool:
    """Whether the value at the path holds the part, between what else is in its text."""
    return held == Held((path,), text.index("["), text.index("]") - 1)


@pytest.mark.parametrize(
    ("template", "given", "text", "name", "tag", "digest"),
    [
        (TWO, values(r="app", t="1"), "app:1", [("r",)], ("t", "[1]"), None),
        (THREE, values(h="x.io:5000", r="b/c", t="1"), "x.io:5000/b/c:1", [("h",), ("r",)],
         ("t", "[1]"), None),
        (TWO, values(r="app", t=f"1@{DIGEST}"), f"app:1@{DIGEST}", [("r",)], ("t", "[1]"),
         ("t", f"1@[{DIGEST}]")),
        (TWO, values(r="app:1@sha256", t="0" * 64), f"app:1@{DIGEST}", None, None, None),
        (TWO, values(r="x.io/a", t="5/b:1"), "x.io/a:5/b:1", None, None, None),
        ("image: {{ .Values.w }}", values(w=f"a:1@{DIGEST}"), f"a:1@{DIGEST}", [("w",)],
         ("w", "a:[1]"), ("w", f"a:1@[{DIGEST}]")),
        ("image: {{ .Values.h }}/{{ .Values.w }}", values(h="x.io", w="a:1"), "x.io/a:1",
         [("h",), ("w",)], ("w", "a:[1]"), None),
        ("image: a{{ .Values.w }}", values(w=":1"), "a:1", [], ("w", ":[1]"), None),
        ("image: a:{{ .Values.t }}-alpine", values(t="1"), "a:1-alpine", None, None, None),
        ("image: a:v{{ .Values.t }}", values(t="1"), "a:v1", None, None, None),
        ("image: a:{{ .Values.t }}{{ .Values.u }}", values(t="1", u="2"), "a:12", None, None, None),
        ("image: a:{{ .Values.t }}{{ .Values.u }}", values(t="1", u=""), "a:1", [], ("t", "[1]"),
         None),
        ("image: {{ .Values.r }}:1", values(r="a"), "a:1", [("r",)], None, None),
        (DEFAULT, values(t="1"), "a:1", [], ("t", "[1]"), None),
        (DEFAULT, values(t=""), "a:7.0", [], None, None),
        (DEFAULT, values(), "a:7.0", [], None, None),
        (CHOICE, values(t="1"), "a:1", [], ("t", "[1]"), None),
        (CHOICE, values(t="1", d=DIGEST), f"a@{DIGEST}", [], None, ("d", f"[{DIGEST}]")),
        (TWO, values(r="a"), "a:", None, None, None),
        (TWO, values(r="{{ .Values.x }}", t="1"), None, None, None, None),
        (TWO, values(r_x="a", t="1"), "map[]:1", None, None, None),
        ('image: a:{{ .Values.t | trimPrefix "v" }}', values(t="1"), "a:1", None, None, None),
        ('image: a:{{ .Values.t | trimPrefix "v" }}', values(t="v1"), None, None, None, None),
        ('image: {{ printf "a:%s" .Values.t }}', values(), None, None, None, None),
        (WELL_KNOWN, values(i_registry="x.io", i_repository="a", i_tag="1"), "x.io/a:1",
         [("i", "registry"), ("i", "repository")], None, None),
        (WELL_KNOWN, values(i_registry="x.io", i_repository="a", i_tag="1",
                            global_imageRegistry="y.io"), "y.io/a:1",
         [("global", "imageRegistry"), ("i", "repository")], None, None),
        (WELL_KNOWN, values(i_repository="a", i_tag=""), "a:7.0", [("i", "repository")], None,
         None),
        (WELL_KNOWN, values(i_repository="a", i_tag="1", i_digest=DIGEST), f"a@{DIGEST}",
         [("i", "repository")], None, None),
    ],
)  # fmt: skip
def test_parts(
    template: str,
    given: ChartValues,
    text: str | None,
    name: list[ValuePath] | None,
    tag: tuple[str, str] | None,
    digest: tuple[str, str] | None,
) -> None:
    image = only(template)
    assert text_of(image, given) == text
    composed = parts_at(image, given)
    if name is None:
        assert composed is None
        return
    assert composed is not None
    assert str(composed.reference) == text
    assert composed.name == tuple(name)
    if template != WELL_KNOWN:
        assert part(composed.tag, *tag) if tag else composed.tag is None
        assert part(composed.digest, *digest) if digest else composed.digest is None


def test_the_well_known_helper_says_which_value_has_the_tag() -> None:
    found = parts_at(only(WELL_KNOWN), values(i_repository="a", i_tag="1.2"))
    assert found is not None
    assert found.tag == Held(("i", "tag"), 0, 3)


def test_a_chart_may_have_the_well_known_helper_itself() -> None:
    own = '{{ define "common.images.image" }}b:{{ .imageRoot.tag }}{{ end }}'
    ((_, image),) = read_templates({"_a.tpl": own, "a.yaml": WELL_KNOWN}).images
    assert text_of(image, values(i_tag="1")) == "b:1"


def test_another_image_instead_is_empty() -> None:
    text = "{{ if .Values.d }}\nimage: a@{{ .Values.d }}\n{{ else }}\nimage: a:1\n{{ end }}"
    (_, one), (_, other) = read_templates({"a.yaml": text}).images
    assert [text_of(each, values()) for each in (one, other)] == ["", "a:1"]
    assert [text_of(each, values(d=DIGEST)) for each in (one, other)] == [f"a@{DIGEST}", ""]


def test_items() -> None:
    text = "{{ range $k, $v := .Values.m }}\n- image: {{ $k }}:{{ $v.t }}\n{{ end }}"
    given = values(m_web_t="1", m_api_t="2", n_x_t="3")
    items = list(items_of(only(text), given))
    assert [text_of(item, given) for item in items] == ["web:1", "api:2"]
    assert [item.parts[-1].path for item in items] == [("m", "web", "t"), ("m", "api", "t")]


def test_items_of_items() -> None:
    text = (
        "{{ range .Values.a }}{{ $p := .p }}{{ range .t }}\n- image: {{ $p }}:{{ . }}\n"
        "{{ end }}{{ end }}"
    )
    given = values(a_0_p="x", a_0_t_0="1", a_0_t_1="2", a_1_p="y", a_1_t_0="3")
    found = [text_of(item, given) for item in items_of(only(text), given)]
    assert found == ["x:1", "x:2", "y:3"]


def test_items_are_bounded() -> None:
    many = ChartValues({("m", str(n)): "a:1" for n in range(2_000)})
    image = only("{{ range .Values.m }}\nimage: {{ . }}\n{{ end }}")
    assert len(list(items_of(image, many))) == 500
