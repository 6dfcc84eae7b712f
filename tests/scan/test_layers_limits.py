"""Hostile trees: layers in circles, in thousands and out of the tree stay cheap and are listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from imagebot.errors import ImagebotError
from imagebot.reference import parse_repository
from imagebot.scan.cache import load_scan_cache
from imagebot.scan.inventory import Inventory, find_named, take_inventory
from tests.scan.test_inventory import Blobs, configuration
from tests.support.work import count_steps

Files = dict[str, bytes | ImagebotError]
HERE = "https://github.com/acme/gitops"
BASE = b"image: {repository: ghcr.io/acme/api, tag: 1.4.2}\n"
LONE = b"image: {tag: 1.4.1}\n"


def chart(name: str, *dependencies: str) -> bytes:
    listed = "".join(f"- {{name: {n}, repository: 'file://../{n}'}}\n" for n in dependencies)
    return f"apiVersion: v2\nname: {name}\ndependencies:\n{listed}".encode()


class Named(Blobs):
    """Files of which only those with names of manifests are listed."""

    def paths(self) -> Sequence[str]:
        return [path for path in sorted(self.files) if path.endswith(".yaml")]


@pytest.mark.parametrize("name", ["prod", "values.prod", "values-prod.yaml.bak"])
@pytest.mark.parametrize("written", ["{}", "/chart/{}", "../chart/./{}"])
def test_a_file_of_values_with_a_name_that_is_not_read_is_listed(name: str, written: str) -> None:
    files: dict[str, bytes | ImagebotError] = {
        "chart/Chart.yaml": chart("api"),
        "chart/values.yaml": b"image: {repository: ghcr.io/acme/api, tag: 1.4.2}\n",
        "app.yaml": application([written.format(name)]),
    }
    assert take_inventory(Named(files), configuration(), url=HERE).unread == ()
    files[f"chart/{name}"] = b"image: {tag: 1.4.1}\n"
    (entry,) = take_inventory(Named(files), configuration(), url=HERE).unread
    assert (entry.path, entry.line, entry.code, entry.expected) == (
        "app.yaml",
        10,
        "not-yaml",
        True,
    )
    said = f"the values in chart/{name} are not read: name it `{name}.yaml`"
    assert entry.reason == said


@pytest.mark.parametrize("file", ["../../etc/passwd", "{{x}}", "/../x", "https://a.example/x", ""])
def test_a_file_that_is_not_in_the_tree_is_not_looked_for(file: str) -> None:
    asked: list[str] = []

    class Asked(Named):
        def has(self, path: str) -> bool:
            asked.append(path)
            return True

    files: dict[str, bytes | ImagebotError] = {"app.yaml": application([file])}
    assert take_inventory(Asked(files), configuration(), url=HERE).unread == ()
    assert asked == []


def application(files: list[str], path: str = "chart", name: str = "api") -> bytes:
    listed = "".join(f"      - {file!r}\n" for file in files)
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec:
  source:
    repoURL: {HERE}
    path: {path}
    helm:
      valueFiles:
{listed}""".encode()


def inventory(files: Files) -> Inventory:
    return take_inventory(Blobs(files), configuration(), url=HERE)


def shown(found: Inventory) -> list[tuple[str, str, str]]:
    return [(each.path, str(each.reference), each.repository_from) for each in found.fields]


def test_charts_that_depend_on_each_other_in_a_circle() -> None:
    files: Files = {
        "a/Chart.yaml": chart("a", "b"),
        "a/values.yaml": b"b: {image: {tag: 1.4.1}}\n",
        "b/Chart.yaml": chart("b", "a", "b"),
        "b/values.yaml": BASE,
    }
    assert ("a/values.yaml", "ghcr.io/acme/api:1.4.1", "b/values.yaml:1") in shown(inventory(files))


def test_a_chart_with_more_subcharts_than_any_has_is_read_as_before() -> None:
    names = [f"c{number}" for number in range(100)]
    files: Files = {"top/Chart.yaml": chart("top", *names), "top/values.yaml": BASE}
    for name in names:
        files[f"{name}/Chart.yaml"] = chart(name, *names[:20])
        files[f"{name}/values.yaml"] = BASE
    assert len(inventory(files).fields) == 101


def test_charts_without_values_that_all_depend_on_each_other() -> None:
    names = [f"c{number}" for number in range(30)]
    files: Files = {f"{name}/Chart.yaml": chart(name, *names) for name in names}
    files |= {"values.yaml": BASE, "values-prod.yaml": LONE}
    assert len(inventory(files).fields) == 2


@pytest.mark.parametrize("file", ["../../../etc/values.yaml", "/../secret.yaml", "$none/x.yaml"])
def test_files_outside_of_the_tree_are_never_layers(file: str) -> None:
    files: Files = {"chart/Chart.yaml": chart("api"), "app.yaml": application([file])}
    files["secret.yaml"] = files["etc/values.yaml"] = files["x.yaml"] = LONE
    found = inventory(files)
    assert found.layers == {}
    assert {each.code for each in found.unread} == {"no-repository"}


def test_more_layers_than_any_release_has_are_listed() -> None:
    files: Files = {f"chart/v/{number}.yaml": LONE for number in range(100)}
    files |= {"chart/Chart.yaml": chart("api"), "chart/values.yaml": BASE}
    files["app.yaml"] = application(["v/*.yaml"])
    found = inventory(files)
    assert ("app.yaml", 6, "too-big") in [
        (each.path, each.line, each.code) for each in found.unread
    ]


def test_a_file_of_very_many_releases_is_not_given_one_of_their_images() -> None:
    files: Files = {"common.yaml": LONE}
    for number in range(100):
        files[f"c{number}/Chart.yaml"] = chart("api")
        files[f"c{number}/values.yaml"] = BASE
        files[f"a{number}.yaml"] = application(["/common.yaml"], f"c{number}", f"a{number}")
    (entry,) = (each for each in inventory(files).unread if each.path == "common.yaml")
    assert entry.code == "ambiguous"
    assert "more than 64 releases" in entry.reason


def test_values_that_aliases_multiply_are_no_layer() -> None:
    bomb = "a0: &a0 {x: 1, y: 2}\n" + "".join(
        f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}, z: *a{n - 1}}}\n" for n in range(1, 25)
    )
    files: Files = {"values.yaml": bomb.encode() + BASE, "values-prod.yaml": LONE}
    assert ("values-prod.yaml", 1, "no-repository") in [
        (each.path, each.line, each.code) for each in inventory(files).unread
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]\n",
        b"image: {\n",
        b"\xff\xfe\0",
        b"image: &x {y: *x}\n",
        b"{{ x }}: 1\n",
        b"--- |\n a",
    ],
)
def test_a_layer_that_cannot_be_read_gives_nothing(broken: bytes) -> None:
    found = inventory({"values.yaml": broken, "values-prod.yaml": LONE})
    assert [each.code for each in found.unread if each.path == "values-prod.yaml"] == [
        "no-repository"
    ]


def globs(count: int) -> Files:
    files: Files = {f"f/{number}.yaml": LONE for number in range(count)}
    for number in range(count):
        files[f"a{number}.yaml"] = application([f"/**/{number}-*.yaml", "/**"], "c", f"a{number}")
    return files


def placeholders(count: int) -> Files:
    files: Files = {f"f/{number}/{number}/x.yaml": LONE for number in range(count)}
    names = ["/f/{{a}}/{{b}}/x.yaml", "/{{c}}/{{path}}/{{d}}/{{e}}.yaml"]
    for number in range(count // 10):
        files[f"a{number}.yaml"] = application(names, "c", f"a{number}")
    return files


def environments(count: int) -> Files:
    files: Files = {f"values-{number}.yaml": LONE for number in range(count)}
    return files | {"values.yaml": BASE}


@pytest.mark.parametrize("make", [environments, globs, placeholders])
def test_the_work_grows_as_the_tree_does(make: Callable[[int], Files]) -> None:
    few, many = make(20), make(80)
    small = count_steps(lambda: inventory(few))
    assert count_steps(lambda: inventory(many)) < small * 6


def test_a_second_pass_reads_nothing(tmp_path: Path) -> None:
    files: Files = {
        "chart/Chart.yaml": chart("api"),
        "chart/values.yaml": BASE + b"ver: 1.4.1\n",
        "chart/templates/a.yaml": b"image: ghcr.io/acme/web:{{ .Values.ver }}\n",
        "chart/values-prod.yaml": LONE + b"ver: 1.4.1\n",
    }
    cache = load_scan_cache(tmp_path / "scans")
    first = take_inventory(Blobs(files), configuration(), cache)
    cache.save()
    source = Blobs(files)
    kept = load_scan_cache(tmp_path / "scans")
    assert take_inventory(source, configuration(), kept) == first
    assert source.reads == []
    assert len(first.fields) == 4
    files["chart/values.yaml"] = BASE.replace(b"acme/api", b"acme/new") + b"ver: 1.4.1\n"
    again = take_inventory(Blobs(files), configuration(), kept)
    assert ("chart/values-prod.yaml", "ghcr.io/acme/new:1.4.1", "chart/values.yaml:1") in shown(
        again
    )


def test_set_finds_tags_whose_repository_is_in_another_file() -> None:
    files: Files = {
        "chart/Chart.yaml": chart("api"),
        "chart/values.yaml": BASE,
        "chart/values-prod.yaml": LONE,
        "env/eu.yaml": LONE,
        "app.yaml": application(["/env/eu.yaml"]),
        "other.yaml": b"image: ghcr.io/acme/other:1\n",
    }
    source = Blobs(files)
    found = find_named(source, configuration(), [parse_repository("ghcr.io/acme/api")], url=HERE)
    assert {each.path for each in found.fields} == {
        "chart/values.yaml",
        "chart/values-prod.yaml",
        "env/eu.yaml",
    }
