"""Charts of a real registry: its tags have a `_` where the files have a `+`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.support.registry import Registry

OLD, NEW = "0.20250616.4188+ref.2dec694", "0.20250701.4200+ref.0a1b2c3"
OTHERS = ("latest", "main-1", "1.2", "v1.3.0", "01.3.0", "1.3.0_a_b")

CONFIGURATION = """\
policies:
  any: {%s, exists: true, platforms: [linux/amd64], max: major}
routes:
  - name: all
    files: ["**"]
    publish: commit
    images: [{match: "**", policy: any}]
"""
FLUX = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts}
spec: {type: oci, url: "oci://%s"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  chart:
    spec: {chart: %s, version: %s, sourceRef: {kind: HelmRepository, name: charts}} # web
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    repoURL: %s
    chart: %s
    targetRevision: %s
"""
PARENT = """\
apiVersion: v2
name: parent
version: 1.0.0+parent
dependencies:
  - {repository: "oci://%s", name: %s, version: "%s"}
  - {repository: "oci://%s", name: ranged, version: 1.x}
"""


def write(folder: Path, where: tuple[str, str], version: str) -> None:
    folder.joinpath("flux.yaml").write_text(FLUX % (*where, version))
    folder.joinpath("argo.yaml").write_text(ARGO % (*where, version))
    folder.joinpath("Chart.yaml").write_text(PARENT % (*where, version, where[0]))


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.yaml")}


@pytest.fixture
def chart(registry: Registry, repository: str) -> tuple[str, str]:
    """The URL of the repository, and the name of the chart in it."""
    for version in (OLD, NEW):
        registry.push_image(repository, version.replace("+", "_"))
    for tag in OTHERS:
        registry.push_image(repository, tag)
    folder, _, name = repository.rpartition("/")
    return f"{registry.host}/{folder}", name


@pytest.mark.parametrize(
    "keys", ["variant: same", "order: natural", "order: alphabetical", "semver: '*'"]
)
def test_an_update_writes_what_helm_takes(
    cli: Cli, folder: Path, chart: tuple[str, str], keys: str
) -> None:
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION % keys)
    write(folder, chart, OLD)
    planned = cli("plan")
    assert planned.out.count(f"{OLD} -> {NEW}") == 3
    assert "_ref" not in planned.out + planned.err
    assert "any more" not in planned.err
    assert cli("update").code == 0
    before = read(folder)
    write(folder, chart, NEW)
    assert read(folder) == before
    document = cli("plan", "--kept", "--format", "json").json
    assert document["updates"] == []
    assert document["warnings"] == []
    assert [each["reason"] for each in document["kept"]] == [
        f"{NEW} is the newest tag the policy allows"
    ] * 3


@pytest.mark.parametrize(
    ("keys", "version"),
    [
        ("max: minor, pin: digest", NEW),
        ("max: minor, pin: {digest: with-tag}", NEW),
        ("extends: production, min-age: null", NEW),
        (f"follow: {NEW.replace('+', '_')}, adopt: true", NEW),
        ("pin: digest", OLD),
        ("extends: pin-digests", OLD),
    ],
)
def test_a_version_gets_no_digest(
    cli: Cli, folder: Path, chart: tuple[str, str], keys: str, version: str
) -> None:
    text = CONFIGURATION % keys
    folder.joinpath("imagebot.yaml").write_text(
        text.replace(", exists: true, platforms: [linux/amd64], max: major", "")
    )
    write(folder, chart, OLD)
    done = cli("update")
    assert (done.code, "0 problems" in done.err) == (0, True)
    after = read(folder)
    write(folder, chart, version)
    assert read(folder) == after
    again = cli("plan", "--format", "json").json
    assert (again["updates"], again["problems"], again["warnings"]) == ([], [], [])


def test_rejected_tags_have_the_rule(cli: Cli, folder: Path, chart: tuple[str, str]) -> None:
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION % "variant: same")
    folder.joinpath("argo.yaml").write_text(ARGO % (*chart, OLD))
    document = cli("plan", "--explain", "--format", "json").json
    (update,) = document["updates"]
    assert (update["from"]["tag"], update["to"]["tag"]) == (OLD, NEW)
    assert {each["tag"] for each in update["rejected"] if each["rule"] == "chart"} == set(OTHERS)


def test_a_chart_and_an_artifact_of_one_repository(
    cli: Cli, folder: Path, chart: tuple[str, str]
) -> None:
    """An OCIRepository has the tag itself."""
    text = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: web}\n"
        f"spec:\n  url: oci://{'/'.join(chart)}\n  ref:\n    tag: %s\n"
    )
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION % "order: alphabetical")
    folder.joinpath("argo.yaml").write_text(ARGO % (*chart, OLD))
    folder.joinpath("artifact.yaml").write_text(text % "0.1")
    assert cli("update").code == 0
    assert folder.joinpath("argo.yaml").read_text() == ARGO % (*chart, NEW)
    assert folder.joinpath("artifact.yaml").read_text() == text % "v1.3.0"


@pytest.mark.parametrize("written", [NEW, NEW.replace("+", "_")])
def test_set_takes_both_spellings(cli: Cli, folder: Path, written: str) -> None:
    where = ("ghcr.io/acme/charts", "web")
    write(folder, where, OLD)
    folder.joinpath("pod.yaml").write_text("image: ghcr.io/acme/charts/web:1\n")
    assert cli("set", f"{'/'.join(where)}:{written}").code == 0
    after = read(folder)
    image = after.pop("pod.yaml")
    assert image == f"image: ghcr.io/acme/charts/web:{NEW.replace('+', '_')}\n"
    write(folder, where, NEW)
    assert after.items() <= read(folder).items()


@pytest.mark.parametrize("wanted", ["latest", "1.2", "01.2.3", "1.2.3_a_b"])
def test_set_refuses_what_helm_refuses(cli: Cli, folder: Path, wanted: str) -> None:
    text = ARGO % ("ghcr.io/acme/charts", "web", OLD)
    folder.joinpath("argo.yaml").write_text(text)
    result = cli("set", f"ghcr.io/acme/charts/web:{wanted}")
    assert result.code == 1
    assert f"{wanted} is not a version of a chart" in result.err
    assert "argo.yaml:8" in result.err
    assert folder.joinpath("argo.yaml").read_text() == text


def test_set_takes_a_v_that_a_person_gives(cli: Cli, folder: Path) -> None:
    """Helm fetches it; only a policy does not come upon the idea."""
    text = ARGO % ("ghcr.io/acme/charts", "web", OLD)
    folder.joinpath("argo.yaml").write_text(text)
    assert cli("set", "ghcr.io/acme/charts/web:v1.2.3").code == 0
    assert folder.joinpath("argo.yaml").read_text() == text.replace(OLD, "v1.2.3")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--current", OLD),
        ("--chart", "--semver", "*"),
        ("--chart", "--current", "0.20250616.4188_ref.2dec694"),
    ],
    ids=" ".join,
)
def test_pick_says_versions(cli: Cli, chart: tuple[str, str], arguments: tuple[str, ...]) -> None:
    result = cli("pick", "/".join(chart), *arguments)
    assert result.out == f"{NEW}\n"
    assert "latest: refused by chart: not a chart version" in result.err


def test_pick_takes_the_version_after_the_colon(cli: Cli, chart: tuple[str, str]) -> None:
    assert cli("pick", f"{'/'.join(chart)}:{OLD}").out == f"{NEW}\n"


def test_pick_asks_for_the_digest_of_the_tag(
    cli: Cli, chart: tuple[str, str], registry: Registry, repository: str
) -> None:
    digest = registry.push_image(repository, NEW.replace("+", "_"))
    result = cli("pick", "/".join(chart), "--current", OLD, "--max", "major", "--pin", "with-tag")
    assert result.out == f"{NEW}@{digest}\n"


def test_pick_from_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1.2.3_a\n1.3.0+b\n1.4\n"))
    assert cli("pick", "-", "--current", "1.2.3+a").out == "1.3.0+b\n"


def test_a_plus_makes_no_tag_of_an_image(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1.2.3\n1.3.0+b\n"))
    result = cli("pick", "-", "--current", "1.2.3")
    assert result.code == 2
    assert "'1.3.0+b' is not a tag" in result.err
