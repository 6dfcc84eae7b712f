"""Tags whose repository is in another file: pull requests of them are kept, and rollbacks hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.publish.world import APP, CONFIGURATION, World, configuration, make_world, pod

BASE = b"image:\n  repository: app\n  tag: 1.0.0\n"
LONE = b"image:\n  tag: 1.0.0 # deployed\n"
PROD = "production/values-prod.yaml"


def tree(publish: str) -> dict[str, bytes]:
    settings = configuration(files=PROD, publish=publish)
    if publish == "commit":
        settings = settings.replace(b"    pull-request: {group: all}\n", b"")
    return {
        CONFIGURATION: settings,
        "production/values.yaml": BASE,
        PROD: LONE,
    }


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path, tree("pull-request"))
    assert made.statuses() == [(1, "opened")]
    return made


def test_its_pull_request_is_kept_and_follows_newer_tags(world: World) -> None:
    assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(1, "updated")]
    assert world.statuses() == [(1, "unchanged")]


def test_its_pull_request_ends_when_it_is_done_elsewhere(world: World) -> None:
    world.bare.commit({PROD: LONE.replace(b"1.0.0", b"1.1.0")})
    assert world.statuses() == [(1, "closed")]


def test_a_rollback_of_it_is_respected(tmp_path: Path) -> None:
    world = make_world(tmp_path, tree("commit"))
    assert [each.status for each in world.run().published] == ["committed"]
    world.bare.commit({PROD: LONE})
    result = world.run()
    assert result.published == ()
    assert [each.decision.code for each in result.plan.kept if each.field.path == PROD] == [
        "rolled-back"
    ]


def test_an_image_that_an_overlay_renames_is_one_of_its_new_name(tmp_path: Path) -> None:
    """From the first pass to a rollback, its repository is the one that is pulled."""
    kustomization = "resources: [%s]\n%s"
    tree = {
        CONFIGURATION: configuration(files="base/**"),
        "base/pod.yaml": pod("placeholder:1.0.0"),
        "base/kustomization.yaml": (kustomization % ("pod.yaml", "")).encode(),
        "production/kustomization.yaml": (
            kustomization % ("../base", "images: [{name: placeholder, newName: app}]\n")
        ).encode(),
    }
    world = make_world(tmp_path, tree)
    assert world.statuses() == [(1, "opened")]
    branch = str(world.pull(1)["branch"])
    assert world.bare.read_files(branch)["base/pod.yaml"] == pod("placeholder:1.1.0")
    assert world.statuses() == [(1, "unchanged")]
    world.tags[APP] = ("1.0.0", "1.1.0", "1.2.0")
    assert world.statuses() == [(1, "updated")]
    world.bare.commit({"base/pod.yaml": pod("placeholder:1.2.0")})
    assert world.statuses() == [(1, "closed")]
    assert world.pull(1)["comments"] != []
