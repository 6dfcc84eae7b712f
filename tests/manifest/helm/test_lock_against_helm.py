"""Lock files that imagebot has edited, given to Helm itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebot.manifest.companion import Content, companion_of, edit_content
from imagebot.manifest.images.field import FieldEdit
from imagebot.manifest.scan import scan
from tests.support.helm import require_helm
from tests.support.registry import Registry, registry

ENTRIES = """\
dependencies:
  - name: cache
    version: 1.0.0   # exact
    repository: oci://%s/charts
    alias: hot
    condition: cache.enabled
    tags: [a<b, "über & unter"]
    import-values: [data, {child: a, parent: b}]
  - name: base
    version: 1.x
    repository: file://../base
"""


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with two versions of the chart `cache`."""
    folder = tmp_path_factory.mktemp("charts")
    require_helm()
    with registry(folder / "registry") as made:
        for version in ("1.0.0", "1.1.0+build.5"):
            write(folder / "cache", f"apiVersion: v2\nname: cache\nversion: {version}\n")
            helm(folder, "package", "cache")
            packed = f"cache-{version}.tgz"
            helm(folder, "push", packed, f"oci://{made.host}/charts", "--plain-http")
        yield made


def write(folder: Path, chart: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "Chart.yaml").write_text(chart)
    return folder


def helm(folder: Path, *argv: str, fails: bool = False) -> str:
    environment = {**os.environ, "HELM_CACHE_HOME": str(folder / "cache-of-helm")}
    done = subprocess.run(
        [require_helm(), *argv],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode != 0) is fails, done.stderr[-2000:]
    return done.stderr


def manifest_of(folder: Path, host: str, version: str) -> Path:
    """A chart with dependencies, where charts of this `apiVersion` have them."""
    head = f"apiVersion: {version}\nname: app\nversion: 1.0.0\n"
    entries = ENTRIES % host
    write(folder, head + (entries if version == "v2" else ""))
    if version == "v2":
        return folder / "Chart.yaml"
    (folder / "requirements.yaml").write_text(entries)
    return folder / "requirements.yaml"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_helm_builds_what_was_edited(charts: Registry, tmp_path: Path, version: str) -> None:
    write(tmp_path / "base", "apiVersion: v2\nname: base\nversion: 1.2.3\n")
    path = manifest_of(tmp_path / "app", charts.host, version)
    helm(tmp_path, "dependency", "update", "app", "--plain-http")
    lock = path.with_name(companion_of(path.name))
    before = Content(path.read_bytes(), lock.read_bytes())
    (field,) = scan(path.name, before.data).fields
    made = edit_content(path.name, before, [FieldEdit(field, "1.1.0+build.5", None)])
    assert made.companion is not None
    path.write_bytes(made.data)
    said = helm(tmp_path, "dependency", "build", "app", "--plain-http", fails=True)
    assert "out of sync" in said
    lock.write_bytes(made.companion)
    helm(tmp_path, "dependency", "build", "app", "--plain-http")
    packed = sorted(each.name for each in (tmp_path / "app/charts").iterdir())
    assert packed == ["base-1.2.3.tgz", "cache-1.1.0+build.5.tgz"]
    helm(tmp_path, "dependency", "update", "app", "--plain-http")
    assert lock.read_bytes() == made.companion


def test_helm_takes_a_lock_file_of_helm_2(charts: Registry, tmp_path: Path) -> None:
    """Its digest is of the requirements alone."""
    from imagebot.manifest.helm.dependencies import digest_of_required, read_dependencies
    from imagebot.manifest.yaml.tree import Mapping, build

    write(tmp_path / "base", "apiVersion: v2\nname: base\nversion: 1.2.3\n")
    path = manifest_of(tmp_path / "app", charts.host, "v1")
    helm(tmp_path, "dependency", "update", "app", "--plain-http")
    (root,) = build(path.read_text())
    assert isinstance(root, Mapping)
    lock = path.with_name("requirements.lock")
    lines = lock.read_text().splitlines(keepends=True)
    digest = digest_of_required(read_dependencies(root), ())
    old = "".join(f"digest: {digest}\n" if x.startswith("digest:") else x for x in lines)
    (field,) = scan(path.name, path.read_bytes()).fields
    content = Content(path.read_bytes(), old.encode())
    made = edit_content(path.name, content, [FieldEdit(field, "1.1.0+build.5", None)])
    assert made.companion is not None
    path.write_bytes(made.data)
    lock.write_bytes(made.companion)
    said = helm(tmp_path, "dependency", "build", "app", "--plain-http")
    assert "Checking against Helm v2 hash" in said
