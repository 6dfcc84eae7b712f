"""Lock files of charts in a folder: `update`, `set` and `plan --diff` change them too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.support.registry import Registry, registry

DATA = Path(__file__).parent.parent / "data" / "locks"
CHARTS = "ghcr.io/acme/charts"


@pytest.fixture
def chart(folder: Path) -> Path:
    shutil.copytree(DATA / "one-of-two" / "before", folder / "shop")
    return folder / "shop"


def same(chart: Path, case: str, when: str) -> bool:
    wanted = {each.name: each.read_bytes() for each in (DATA / case / when).iterdir()}
    return {each.name: each.read_bytes() for each in chart.iterdir()} == wanted


def test_set_writes_both(cli: Cli, chart: Path) -> None:
    assert cli("set", f"{CHARTS}/queue:2.5.0").code == 0
    assert same(chart, "one-of-two", "after")
    assert cli("set", f"{CHARTS}/cache:1.1.0").code == 0
    assert same(chart, "chart", "after")


def test_set_writes_neither_where_one_cannot_be_written(cli: Cli, chart: Path) -> None:
    (chart / "Chart.lock").unlink()
    (chart / "Chart.lock").symlink_to("elsewhere")
    before = (chart / "Chart.yaml").read_bytes()
    result = cli("set", f"{CHARTS}/queue:2.5.0")
    assert result.code == 1
    assert "shop/Chart.lock: a link, which is not followed" in result.err
    assert (chart / "Chart.yaml").read_bytes() == before


def test_the_command_to_run_is_said(cli: Cli, chart: Path) -> None:
    (chart / "Chart.lock").write_text("digest: sha256:0\n")
    before = (chart / "Chart.yaml").read_bytes()
    result = cli("set", f"{CHARTS}/queue:2.5.0")
    assert result.code == 1
    assert "hint: run `helm dependency update shop` and commit what it writes" in result.err
    assert (chart / "Chart.yaml").read_bytes() == before


def test_plan_shows_and_update_writes_both(cli: Cli, chart: Path, tmp_path: Path) -> None:
    with registry(tmp_path / "registry") as made:
        _move(chart, made)
        cli("set", f"{made.host}/charts/queue:2.0.0")
        Path("imagebot.yaml").write_text(
            "policies: {p: {max: minor}}\nroutes: [{name: all, files: ['**'], publish: commit,"
            " images: [{match: '**/queue', policy: p}]}]\n"
        )
        made.push_image("charts/queue", "2.5.0")
        made.push_image("charts/queue", "2.0.0")
        diff = cli("plan", "--diff").out
        assert [line for line in diff.splitlines() if line.startswith("+++")] == [
            "+++ b/shop/Chart.lock",
            "+++ b/shop/Chart.yaml",
        ]
        assert cli("update").code == 0
        assert "2.5.0" in (chart / "Chart.yaml").read_text()
        assert "2.5.0" in (chart / "Chart.lock").read_text()


def _move(chart: Path, made: Registry) -> None:
    """The same chart, with its dependencies in another registry."""
    from imagebot.manifest.helm.dependencies import digest_of_both, read_dependencies
    from imagebot.manifest.yaml.tree import Mapping, build

    both = []
    for name in ("Chart.yaml", "Chart.lock"):
        text = (chart / name).read_text().replace(CHARTS, f"{made.host}/charts")
        (chart / name).write_text(text)
        (root,) = build(text)
        assert isinstance(root, Mapping)
        both.append(read_dependencies(root))
    lines = (chart / "Chart.lock").read_text().splitlines()
    lines = [f"digest: {digest_of_both(*both)}" if x.startswith("digest:") else x for x in lines]
    (chart / "Chart.lock").write_text("\n".join(lines) + "\n")
