"""Images that a configuration or a comment names, through the commands."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli

CONFIGURATION = """\
policies:
  every-push: {pattern: '^main-(?P<build>[0-9]+)$', extract: $build, order: numerical}
routes:
  - name: all
    files: ["**"]
    publish: commit
    images: [{match: "**", policy: every-push}]
fields:
  - {files: ["image-tags/{env}/{app}"], tag: image_tag, image: "registry.acme.example/{app}"}
  - {files: [clusters/**/values*.yaml], tag: image.tag, image: ghcr.io/acme/api}
"""
FILES = {
    "image-tags/prod/web": "image_tag: main-1\n",
    "image-tags/test/web": "image_tag: main-2   # newest\n",
    "image-tags/README": "Tags of: [\n",
    "clusters/a/values-prod.yaml": "image: {tag: main-1}\n",
    "deploy.sh": "# imagebot: {image: ghcr.io/acme/api}\nTAG=main-1\n",
    "worker.yaml": "# renovate: datasource=docker depName=acme/worker\nversion: main-1\n",
}


def lay_out(folder: Path) -> None:
    for name, text in {**FILES, "imagebot.yaml": CONFIGURATION}.items():
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_text(text)


def test_scan_lists_them_with_policy_and_route(cli: Cli, folder: Path) -> None:
    lay_out(folder)
    result = cli("scan")
    assert result.code == 0
    assert [line.split() for line in result.out.splitlines()[1:]] == [
        [place, *reference, form, "every-push", "all"]
        for place, reference, form in (
            (
                "clusters/a/values-prod.yaml:1",
                ["ghcr.io/acme/api:main-1", "(repository:", "fields[1])"],
                "helm",
            ),
            (
                "deploy.sh:2",
                ["ghcr.io/acme/api:main-1", "(repository:", "deploy.sh:1)"],
                "text",
            ),
            (
                "image-tags/prod/web:1",
                ["registry.acme.example/web:main-1", "(repository:", "fields[0])"],
                "helm",
            ),
            (
                "image-tags/test/web:1",
                ["registry.acme.example/web:main-2", "(repository:", "fields[0])"],
                "helm",
            ),
            (
                "worker.yaml:2",
                ["acme/worker:main-1", "(repository:", "worker.yaml:1)"],
                "kubernetes",
            ),
        )
    ]
    assert "warning" not in result.err


def test_set_writes_every_one_of_a_repository(cli: Cli, folder: Path) -> None:
    lay_out(folder)
    result = cli("set", "registry.acme.example/web:main-3", "ghcr.io/acme/api:main-3")
    assert result.code == 0
    changed = {name: folder.joinpath(name).read_text() for name in FILES}
    assert changed == {
        **FILES,
        "image-tags/prod/web": "image_tag: main-3\n",
        "image-tags/test/web": "image_tag: main-3   # newest\n",
        "clusters/a/values-prod.yaml": "image: {tag: main-3}\n",
        "deploy.sh": "# imagebot: {image: ghcr.io/acme/api}\nTAG=main-3\n",
    }


def test_set_without_a_configuration_obeys_comments(cli: Cli, folder: Path) -> None:
    lay_out(folder)
    folder.joinpath("imagebot.yaml").unlink()
    assert cli("set", "acme/worker:main-2").code == 0
    text = folder.joinpath("worker.yaml").read_text()
    assert text == FILES["worker.yaml"].replace("main-1", "main-2")


def test_entries_that_take_nothing_are_named(cli: Cli, folder: Path) -> None:
    folder.joinpath("imagebot.yaml").write_text(CONFIGURATION)
    folder.joinpath("clusters").mkdir()
    folder.joinpath("clusters/values.yaml").write_text("image: {}\n")
    assert cli("scan", "--format", "json").json["warnings"] == [
        (
            "imagebot.yaml:9:5: the entry of fields for 'image_tag' of 'image-tags/{env}/{app}'"
            " takes no file"
        ),
        (
            "imagebot.yaml:10:5: the entry of fields for 'image.tag' of 'clusters/**/values*.yaml'"
            " takes no image"
        ),
    ]


def test_a_marker_with_a_policy_and_keys_is_one_clear_problem(cli: Cli, folder: Path) -> None:
    lay_out(folder)
    text = "tag: main-1 # imagebot: {image: ghcr.io/acme/api, policy: every-push, semver: ^1}\n"
    folder.joinpath("worker.yaml").write_text(text)
    result = cli("scan", "--format", "json")
    assert result.code == 1
    (problem,) = result.json["problems"]
    assert (problem["path"], problem["line"]) == ("worker.yaml", 1)
    assert problem["message"] == "image goes with policy, or with policy keys, not with both"
