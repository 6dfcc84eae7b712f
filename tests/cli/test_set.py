from __future__ import annotations

import io
from pathlib import Path

import pytest

from imagebot.config.load import load_configuration
from imagebot.policy.update_types import update_type_of
from tests.cli.conftest import Cli, deployment

DIGEST = "sha256:" + "a" * 64
FLUX = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: b, namespace: a}
spec: {image: app}
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: b, namespace: a}
spec: {imageRepositoryRef: {name: b}, policy: {semver: {range: ">=1"}}}
"""


def test_writes_the_reference_to_every_field_of_its_repository(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("ghcr.io/acme/api:1 # here"))
    folder.joinpath("b.yaml").write_text(deployment("ghcr.io/acme/web:1"))
    result = cli("set", "ghcr.io/acme/api:main-2")
    assert result.code == 0
    assert folder.joinpath("a.yaml").read_text() == deployment("ghcr.io/acme/api:main-2 # here")
    assert folder.joinpath("b.yaml").read_text() == deployment("ghcr.io/acme/web:1")
    assert "1 update" in result.err


def test_needs_no_configuration_and_looks_only_in_the_folder_given(cli: Cli, folder: Path) -> None:
    for name in ("test", "production"):
        folder.joinpath(name).mkdir()
        folder.joinpath(name, "app.yaml").write_text(deployment("app:1"))
    folder.joinpath("imagebot.yaml").write_text("routes: []\n")
    assert cli("set", "app:2", "--in", "test").code == 0
    assert folder.joinpath("test/app.yaml").read_text() == deployment("app:2")
    assert folder.joinpath("production/app.yaml").read_text() == deployment("app:1")


def test_a_second_time_changes_nothing(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    cli("set", "app:2")
    document = cli("set", "app:2", "--format", "json").json
    assert document["updates"] == []
    assert [kept["code"] for kept in document["kept"]] == ["current"]


def test_a_tag_that_is_read_as_a_number_gets_quotes(cli: Cli, folder: Path) -> None:
    values = "image: {repository: app, tag: %s}\n"
    folder.joinpath("values.yaml").write_text(values % "1.10")
    assert cli("set", "app:1.10").code == 0
    assert folder.joinpath("values.yaml").read_text() == values % '"1.10"'
    assert cli("set", "app:1.10", "--format", "json").json["updates"] == []


def test_adds_a_digest(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    cli("set", f"app:2@{DIGEST}")
    assert folder.joinpath("a.yaml").read_text() == deployment(f"app:2@{DIGEST}")


def test_a_digest_is_never_left_beside_another_tag(cli: Cli, folder: Path) -> None:
    before = deployment(f"app:1@{DIGEST}")
    folder.joinpath("a.yaml").write_text(before)
    result = cli("set", "app:2")
    assert result.code == 1
    assert "has a digest" in result.err
    assert folder.joinpath("a.yaml").read_text() == before


def test_a_reference_that_nothing_names_is_a_problem(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    result = cli("set", "ap:2", "app:2")
    assert result.code == 1
    assert "no image field names docker.io/library/ap" in result.err
    assert folder.joinpath("a.yaml").read_text() == deployment("app:2")


def test_a_marker_keeps_a_field(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1 # imagebot: ignore"))
    document = cli("set", "app:2", "--format", "json").json
    assert [kept["code"] for kept in document["kept"]] == ["ignored"]


@pytest.mark.parametrize(
    "marker", ["ignroe", "Ignore", '"ignore"', "{ignore: true}", "", "nope", '{semver: "^1 <<"}']
)
def test_a_marker_that_cannot_be_followed_keeps_a_field_too(
    cli: Cli, folder: Path, marker: str
) -> None:
    before = deployment(f"app:1 # imagebot: {marker}")
    folder.joinpath("a.yaml").write_text(before)
    folder.joinpath("b.yaml").write_text(deployment("app:1"))
    result = cli("set", "app:2", "--format", "json")
    assert result.code == 1
    assert [(each["path"], each["line"]) for each in result.json["problems"]] == [("a.yaml", 9)]
    assert [each["path"] for each in result.json["updates"]] == ["b.yaml"]
    assert folder.joinpath("a.yaml").read_text() == before


def test_a_marker_of_flux_names_a_policy_in_another_file(cli: Cli, folder: Path) -> None:
    marked = deployment('app:1 # {"$imagepolicy": "a:b"}')
    folder.joinpath("a.yaml").write_text(marked)
    assert cli("set", "app:2").code == 1
    assert folder.joinpath("a.yaml").read_text() == marked
    folder.joinpath("flux.yaml").write_text(FLUX)
    assert cli("set", "app:2").code == 0
    assert folder.joinpath("a.yaml").read_text() == marked.replace("app:1", "app:2")


def test_one_reference_given_twice_is_one(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("app:1"))
    result = cli("set", "app:2", "docker.io/library/app:2", "--format", "json")
    assert len(result.json["updates"]) == 1


@pytest.mark.parametrize(
    ("reference", "said"),
    [("app", "neither tag nor digest"), ("App:1", "lowercase"), ("app:1\nx", "not a tag")],
)
def test_bad_references(cli: Cli, reference: str, said: str) -> None:
    result = cli("set", reference)
    assert result.code == 2
    assert said in result.err


def test_a_missing_folder(cli: Cli) -> None:
    result = cli("set", "app:1", "--in", "nowhere")
    assert result.code == 2
    assert "nowhere: no such folder" in result.err


def test_a_tag_is_never_left_beside_another_digest(cli: Cli, folder: Path) -> None:
    before = deployment(f"app:1@{DIGEST}")
    folder.joinpath("a.yaml").write_text(before)
    other = "sha256:" + "b" * 64
    result = cli("set", f"app@{other}")
    assert result.code == 1
    assert "a.yaml:9: " in result.err
    assert "has a tag" in result.err
    assert folder.joinpath("a.yaml").read_text() == before


def test_references_that_contradict_each_other(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("nginx:1"))
    result = cli("set", "nginx:2", "docker.io/library/nginx:3")
    assert result.code == 2
    assert "nginx:2 and docker.io/library/nginx:3 contradict each other" in result.err
    assert folder.joinpath("a.yaml").read_text() == deployment("nginx:1")
    assert cli("set", "nginx:2", "nginx:2").code == 0


def test_a_file_that_may_name_it_and_cannot_be_read_is_a_problem(cli: Cli, folder: Path) -> None:
    folder.joinpath("a.yaml").write_text(deployment("ghcr.io/acme/api:1"))
    folder.joinpath("b.yaml").write_text("image: {ghcr.io/acme/api:1\n")
    folder.joinpath("c.yaml").write_text("image: {ghcr.io/acme/web:1\n")
    result = cli("set", "ghcr.io/acme/api:2")
    assert result.code == 1
    assert "b.yaml:" in result.err
    assert "c.yaml" not in result.err
    assert folder.joinpath("a.yaml").read_text() == deployment("ghcr.io/acme/api:2")


BUILDS = """\
policies:
  builds: {pattern: "^main-([0-9]+)-[0-9a-f]{7}$", extract: $1, order: numerical}
  strict: {semver: "*-0", version-syntax: strict}
routes:
  - name: test
    files: [test/**]
    publish: commit
    images:
      - {match: "**/app", policy: builds}
      - {match: "**/web", policy: strict}
"""


@pytest.mark.parametrize(
    ("path", "name", "policy"),
    [
        ("test/a.yaml", "app", "builds"),
        ("test/a.yaml", "web", "strict"),
        ("test/a.yaml", "api", "shape"),
        ("other/a.yaml", "app", "shape"),
        ("other/a.yaml", "app:OLD # imagebot: builds", "builds"),
        ("test/a.yaml", "app:OLD # imagebot: strict", "strict"),
    ],
)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("main-42-4f2a9c1", "main-43-0a1b2c3"),
        ("1.2.3", "2.0.0"),
        ("1.2.3-rc.1", "1.2.3-rc.2"),
        ("1.2.3-alpine", "1.3.0-alpine"),
        ("1.2", "1.2.1"),
        ("20240101", "20240201"),
        ("latest", "1.2.3"),
        ("1.2.3", "blue"),
    ],
)
def test_an_update_has_the_name_that_the_policy_of_its_field_gives_it(
    cli: Cli, folder: Path, path: str, name: str, policy: str, old: str, new: str
) -> None:
    folder.joinpath("imagebot.yaml").write_text(BUILDS)
    file = folder / path
    file.parent.mkdir()
    image = name.replace("OLD", old) if "OLD" in name else f"{name}:{old}"
    file.write_text(deployment(image))
    repository = name.partition(":")[0]
    (update,) = cli("set", f"{repository}:{new}", "--format", "json").json["updates"]
    rules = load_configuration(BUILDS, "imagebot.yaml", trusted=False).policies[policy]
    assert update["updateType"] == update_type_of(rules, old, new)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("14", "15", "major"),
        ("57", "105", "other"),
        ("99", "100", "other"),
        ("9999", "10000", "other"),
        ("build-57", "build-58", "other"),
        ("jdk-17", "jdk-21", "major"),
        ("main-100-1234567", "main-101-abcdef1", "other"),
        ("2024-9-1", "2024-11-4", "other"),
        ("1.2.3", "1.2.4", "patch"),
        ("6.0.3-debian-11", "6.0.4-debian-12", "minor"),
    ],
)
def test_set_and_pick_call_an_update_the_same(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, word: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{old}\n{new}\n"))
    picked = cli("pick", "-", "--current", old, "--max", "major", "--format", "json").json
    assert (picked["chosen"]["tag"], picked["updateType"]) == (new, word)
    folder.joinpath("a.yaml").write_text(deployment(f"app:{old}"))
    (update,) = cli("set", f"app:{new}", "--format", "json").json["updates"]
    assert update["updateType"] == word


def test_no_route_publishes_what_is_set(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(BUILDS)
    folder.joinpath("test").mkdir()
    folder.joinpath("test/a.yaml").write_text(deployment("app:1"))
    (update,) = cli("set", "app:2", "--format", "json").json["updates"]
    assert update["route"] is None
    assert "route" not in cli("set", "app:3").out


def test_a_policy_does_not_keep_what_is_set(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(BUILDS.replace("policy: builds", "policy: ignore"))
    folder.joinpath("test").mkdir()
    folder.joinpath("test/a.yaml").write_text(deployment("app:1"))
    assert cli("set", "app:2").code == 0
    assert folder.joinpath("test/a.yaml").read_text() == deployment("app:2")


def test_an_image_that_an_overlay_renames_is_written_under_its_new_name(
    cli: Cli, folder: Path
) -> None:
    for name in ("base", "prod"):
        folder.joinpath(name).mkdir()
    folder.joinpath("base/app.yaml").write_text(deployment("placeholder:1"))
    folder.joinpath("base/kustomization.yaml").write_text("resources: [app.yaml]\n")
    folder.joinpath("prod/kustomization.yaml").write_text(
        "resources: [../base]\nimages: [{name: placeholder, newName: ghcr.io/acme/api}]\n"
    )
    assert cli("set", "ghcr.io/acme/api:2").code == 0
    assert folder.joinpath("base/app.yaml").read_text() == deployment("placeholder:2")
    assert "placeholder" not in cli("scan").out
    assert cli("set", "placeholder:3").code == 1
