from __future__ import annotations

from imagebot.config.builtin import default_configuration
from imagebot.config.load import load_configuration
from imagebot.manifest.images.field import ImageField, Marker
from imagebot.plan.assign import assign
from imagebot.plan.unused import unused_warnings
from tests.plan.test_assign import CONFIGURATION, field


def warnings(*fields: ImageField, paths: tuple[str, ...] = ()) -> list[str]:
    every = (*paths, *(each.path for each in fields))
    found = unused_warnings(assign(fields, CONFIGURATION), CONFIGURATION, every)
    assert all(warning.startswith("imagebot.yaml:") for warning in found)
    return [warning.removeprefix("imagebot.yaml:") for warning in found]


def test_nothing_is_used() -> None:
    assert warnings() == [
        "5:5: route 'test' takes no file",
        "11:5: route 'all' takes no file",
    ]


def test_a_route_with_files_but_without_images() -> None:
    assert warnings(paths=("test/x.yaml",)) == [
        "9:9: 'ghcr.io/acme/**' in route 'test' takes no image",
        "10:9: 'docker.io/library/postgres' in route 'test' takes no image",
        "11:5: route 'all' takes no file",
    ]


def test_everything_is_used() -> None:
    assert not warnings(
        field("test/x.yaml", "ghcr.io/acme/api:1"),
        # An entry is in use where a marker takes its place, too.
        field("test/x.yaml", "postgres:16", Marker("policy", "shape", 1)),
        field("x.yaml", "ghcr.io/acme/api:1"),
        field("x.yaml", "nginx:1"),
    )


def test_an_entry_that_an_earlier_one_hides() -> None:
    configuration = load_configuration(
        "routes:\n  - name: r\n    files: ['**']\n    publish: commit\n    images:\n"
        "      - {match: '**', policy: shape}\n      - {match: '**/api', policy: ignore}\n",
        "i.yaml",
        trusted=False,
    )
    fields = [field("x.yaml", "ghcr.io/acme/api:1")]
    assert unused_warnings(assign(fields, configuration), configuration, ["x.yaml"]) == (
        "i.yaml:7:9: '**/api' in route 'r' takes no image",
    )


def test_what_is_for_everything_may_have_nothing_left() -> None:
    entries = "images: [{match: '**', policy: shape}, {match: 'a.example/**', policy: shape}]"
    configuration = load_configuration(
        "routes:\n"
        f"  - {{name: a, files: [a/**], publish: commit, {entries}}}\n"
        f"  - {{name: b, files: ['**'], publish: commit, {entries}}}\n",
        "i.yaml",
        trusted=False,
    )
    assert unused_warnings((), configuration, ["a/x.yaml"]) == (
        "i.yaml:2:86: 'a.example/**' in route 'a' takes no image",
    )


def test_the_built_in_configuration_is_nobodys_mistake() -> None:
    assert unused_warnings((), default_configuration(), ()) == ()
