"""Which files of a folder are listed, and in which order."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebot.errors import FolderError
from imagebot.files.folder import read_file
from imagebot.files.listing import list_files
from imagebot.manifest.images.options import ExtraFile
from tests.files.test_folder import fill
from tests.support.git_repository import git


def test_manifests_are_listed_in_order(tmp_path: Path) -> None:
    fill(tmp_path, "b.yaml", "a/z.yml", "a/b/c.json", "readme.md", ".git/config.yaml", "Dockerfile")
    assert list(list_files(tmp_path)) == ["Dockerfile", "a/b/c.json", "a/z.yml", "b.yaml"]


def test_excluded_and_extra_files(tmp_path: Path) -> None:
    fill(tmp_path, "a.yaml", "vendor/b.yaml", "image.list", "deep/image.list")
    extra = (ExtraFile(match=("**/*.list",), pattern="x"),)
    found = list(list_files(tmp_path, exclude=("vendor/**", "deep/**"), extra=extra))
    assert found == ["a.yaml", "image.list"]


EVERYTHING = (ExtraFile(match=("**",), pattern="x"),)


def listed_by_git(root: Path) -> set[str]:
    """What git takes for untracked and not ignored, relative to `root`."""
    listed = git(root, "ls-files", "-z", "--others", "--exclude-standard")
    return {os.fsdecode(path) for path in listed.split(b"\0")} - {""}


def write_ignore_files(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


# Ignore files, and the manifests that git lists.
IGNORED = {
    "lines, folders, files nearer by": (
        {
            ".gitignore": "*.tmp.yaml\n/build/\nlogs/\n!keep.tmp.yaml\ndeep/**/gen\n\\\n# a\n",
            "a/.gitignore": "local.yaml\n!b.tmp.yaml\n",
            "c/.gitignore": "*\n!*.yml\n",
            ".git/info/exclude": "ok.yaml\n",
        },
        """x.tmp.yaml keep.tmp.yaml! build/x.yaml a/build/x.yaml! logs/x.yaml a/logs/x.yaml
        a/local.yaml b/local.yaml! a/b.tmp.yaml! a/c.tmp.yaml deep/x/y/gen/z.yaml deep/gen.yaml!
        c/x.yaml c/x.yml! c/d/x.yml ok.yaml""",
    ),
    "everything but folders and manifests": (
        {".gitignore": "*\n!*/\n!*.yaml\n"},
        "a.yaml! clusters/a.yaml! clusters/b/c.yaml! b.json clusters/b.json",
    ),
    "everything but one folder": (
        {".gitignore": "*\n!clusters/\n!clusters/*.yaml\n"},
        "a.yaml clusters/a.yaml! clusters/b/c.yaml apps/a.yaml",
    ),
    "a folder brought back": (
        {".gitignore": "local.yaml\n", "clusters/.gitignore": "!prod/\n"},
        "local.yaml clusters/local.yaml clusters/prod/local.yaml clusters/prod/a.yaml!",
    ),
    "a file in an ignored folder": (
        {".gitignore": "/a\n!**/b.yaml\n", "c/.gitignore": "/*\n!b.yaml\n"},
        "a/b.yaml a/c/b.yaml c/b.yaml! c/d/b.yaml",
    ),
    "classes": (
        {".gitignore": "[[:digit:]]*\n[[:upper:]]*\n[[:nonsense:]]*\n[[:lower:]\n"},
        "1.yaml A.yaml a.yaml! b/2/c.yaml b/B.yaml",
    ),
    "a byte order mark, and what ends no line": (
        {".gitignore": "\ufeffa.yaml\r\nx\fb.yaml\nx\vc.yaml\nx\x85d.yaml"},
        "a.yaml b.yaml! c.yaml! d.yaml!",
    ),
}


@pytest.mark.parametrize("name", IGNORED)
def test_ignore_rules_are_those_of_git(tmp_path: Path, name: str) -> None:
    files, tree = IGNORED[name]
    git(tmp_path, "init", "-q")
    fill(tmp_path, *(path.rstrip("!") for path in tree.split()))
    write_ignore_files(tmp_path, files)
    wanted = {path[:-1] for path in tree.split() if path.endswith("!")}
    assert {path for path in listed_by_git(tmp_path) if ".gitignore" not in path} == wanted
    assert set(list_files(tmp_path)) == wanted
    for folder in {Path(path).parent for path in tree.split()}:
        below = {path for path in wanted if Path(path).is_relative_to(folder)}
        assert {str(folder / path) for path in list_files(tmp_path / folder)} == below


NAMES = (
    "a",
    "b",
    "ab",
    "B.yaml",
    "a.yaml",
    "b 1.yaml",
    "[a].yaml",
    "!b",
    "#a",
    "é.yaml",
    "a ",
    "-\\b",
)
FOLDERS = ("", "d/", "d/e/", "d/e/d/", "d/b.d/", "de/", "de/d/e/")
NASTY = (
    *(
        "a",
        "b",
        "d",
        "ab",
        "a.yaml",
        ".yaml",
        "é",
        "1",
        "*",
        "*",
        "**",
        "?",
        "/",
        "/",
        "/**/",
        "**/",
        "/**",
    ),
    *("[a]", "[!a]", "[^b]", "[a-c]", "[b-]", "[]a]", "[!]a]", "[a-", "[", "]", "[--b]", "[z-a]"),
    *(
        "[[:alpha:]]",
        "[![:upper:]]",
        "[[:digit:][:space:]]",
        "[[:no:]]",
        "[[:]",
        "[:a]",
        "[\\a-\\b]",
    ),
    *("\\", "\\a", "\\*", "\\[", "\\ ", " ", "\t", "!", "#", ".", "-", "\r", "\x0b", "\0"),
)
LINES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(("", "", "!", "#")),
    st.sampled_from(("", "", "/", "d/", "**/", "/**/")),
    st.lists(st.sampled_from(NASTY), min_size=1, max_size=4).map("".join),
    st.sampled_from(("", "", "/", "*", "/*", "/**", ".yaml")),
    st.sampled_from(("", "", " ", "\r", "\\ ")),
)
IGNORE_FILES = st.builds(
    "{}{}{}".format,
    st.sampled_from(("", "", "", "\ufeff")),
    st.sampled_from(("", "", "*\n", "*\n!*/\n", "d/\n", "*e*\n")),
    st.lists(LINES, min_size=1, max_size=3).map("\n".join),
)
PLACES = (".git/info/exclude", ".gitignore", "d/.gitignore", "d/e/.gitignore", "de/.gitignore")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("compared")
    git(root, "init", "-q")
    fill(root, *(folder + name for folder in FOLDERS for name in NAMES))
    return root


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.dictionaries(st.sampled_from(PLACES), IGNORE_FILES, min_size=1, max_size=3))
def test_nasty_ignore_files_mean_what_they_mean_to_git(
    compared: Path, files: dict[str, str]
) -> None:
    for place in PLACES:
        (compared / place).write_bytes(files.get(place, "").encode())
    wanted = listed_by_git(compared)
    assert set(list_files(compared, extra=EVERYTHING)) == wanted
    for folder in ("d/", "d/e/", "de/"):
        below = {path.removeprefix(folder) for path in wanted if path.startswith(folder)}
        assert set(list_files(compared / folder, extra=EVERYTHING)) == below


def test_without_git_the_ignore_files_of_the_folder_hold(tmp_path: Path) -> None:
    fill(tmp_path, "a.yaml", "b.yaml", "sub/b.yaml")
    fill(tmp_path, ".gitignore", text="b.yaml\n")
    assert list(list_files(tmp_path)) == ["a.yaml"]


def repository(folder: Path, exclude: str) -> Path:
    """A repository with a commit, so that it can have work trees."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    write_ignore_files(folder, {".git/info/exclude": exclude})
    return folder


def test_rules_beside_the_files_hold_in_other_work_trees(tmp_path: Path) -> None:
    fill(tmp_path, "main/b.yaml")
    main = repository(tmp_path / "main", "*.local.yaml\n")
    git(main, "worktree", "add", "-q", "--detach", str(tmp_path / "other"))
    fill(tmp_path / "other", "a.yaml", "a.local.yaml", "b/c.yaml", "b/c.local.yaml")
    assert (tmp_path / "other/.git").is_file()
    assert listed_by_git(tmp_path / "other") == {"a.yaml", "b/c.yaml"}
    assert list(list_files(tmp_path / "other")) == ["a.yaml", "b/c.yaml"]
    assert list(list_files(tmp_path / "other/b")) == ["c.yaml"]


def test_a_repository_within_another_goes_by_its_own_rules(tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer", "*.secret.yaml\n")
    write_ignore_files(outer, {".gitignore": "*.local.yaml\ngone/\n"})
    names = ("a.yaml", "a.secret.yaml", "a.local.yaml", "a.tmp.yaml", "b/a.tmp.yaml")
    fill(outer, *names)
    for inner in ("inner", "gone", "module"):
        fill(outer / inner, *names)
        repository(outer / inner, "*.tmp.yaml\n")
    # As submodules have it.
    (outer / "module/.git").rename(outer / ".git/modules")
    (outer / "module/.git").write_text("gitdir: ../.git/modules\n")
    # No repository, so that the rules around hold.
    fill(outer / "empty", *names)
    (outer / "empty/.git").mkdir()
    wanted = {"a.yaml", "a.tmp.yaml", "b/a.tmp.yaml", "empty/a.yaml", "empty/a.tmp.yaml"}
    wanted |= {"empty/b/a.tmp.yaml"}
    repositories = {"inner/", "module/"}
    assert listed_by_git(outer) - {".gitignore"} == wanted | repositories
    for inner in repositories:
        assert listed_by_git(outer / inner) == {"a.yaml", "a.secret.yaml", "a.local.yaml"}
        wanted |= {inner + path for path in listed_by_git(outer / inner)}
    assert set(list_files(outer)) == wanted


@pytest.mark.parametrize(
    "text", ["gitdir: .", "gitdir: ", "gitdir: /dev/zero\n", "x\0", "gitdir: \0"]
)
def test_a_git_file_that_leads_nowhere_says_nothing(tmp_path: Path, text: str) -> None:
    fill(tmp_path, "a.yaml", "b/a.yaml", "c/.git/a.yaml")
    (tmp_path / ".git").write_text(text)
    (tmp_path / "b/.git").write_text(text)
    (tmp_path / "c/.git/commondir").write_text("\0")
    assert list(list_files(tmp_path)) == ["a.yaml", "b/a.yaml"]


def test_only_whole_lines_of_a_large_ignore_file_count(tmp_path: Path) -> None:
    fill(tmp_path, "a.yaml", "b.yaml", "c.yaml")
    rest = "#" * ((1 << 20) - len("a.yaml\n") - len("\nb*"))
    (tmp_path / ".gitignore").write_text(f"a.yaml\n{rest}\nb*c\n")
    assert list(list_files(tmp_path)) == ["b.yaml", "c.yaml"]


def test_links_in_a_circle_are_left_out(tmp_path: Path) -> None:
    tmp_path.joinpath("loop.yaml").symlink_to("loop.yaml")
    tmp_path.joinpath("a.yaml").symlink_to("b.yaml")
    tmp_path.joinpath("b.yaml").symlink_to("a.yaml")
    tmp_path.joinpath("c.yaml").write_text("x: 1\n")
    assert "c.yaml" in list(list_files(tmp_path))


def test_links_to_folders_elsewhere_are_named(tmp_path: Path) -> None:
    """Nobody need act on them: what they lead to is not of this tree."""
    root = tmp_path / "root"
    fill(tmp_path, "outside/a.yaml", "outside/text")
    fill(root, ".gitignore", text="/result\nmodules/\n")
    fill(root, "in/a.yaml")
    links = {
        "away": "../outside",
        "away.yaml": "../outside",
        "in/above": "../..",
        "hop": "away",
        "result": "../outside",
        "modules": "../outside",
        ".git": "../outside",
        "excluded": "../outside",
        "vendor": "../outside",
        "inside": "in",
        "circle": "circle",
        "gone": "../gone",
        "text": "../outside/text",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    # A pattern that ends in `/` is none for links, as in Git.
    named = ["away", "away.yaml", "hop", "in/above", "modules"]
    found = list(list_files(root, exclude=("excluded", "vendor/**")))
    assert sorted({*found} - {"in/a.yaml"}) == named
    for path in named:
        with pytest.raises(FolderError, match="a link to a folder") as failure:
            read_file(root, path)
        assert failure.value.expected


def test_only_links_are_followed_to_tell_what_they_lead_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a.yaml", "b.txt", "c/d.yaml")
    asked: list[object] = []
    monkeypatch.setattr(os.path, "isdir", asked.append)
    assert list(list_files(tmp_path)) == ["a.yaml", "c/d.yaml"]
    assert asked == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More folders than one process lists alone, ignore files and odd names among them."""
    root = tmp_path_factory.mktemp("large")
    for number in range(600):
        fill(root, f"team-{number % 30:02}/app-{number:03}/a.yaml", f"t-{number % 30:02}.yaml")
    fill(root, "team-20/app-020/skip.yaml", "team-20/é.yaml", "zz/skip.yaml", "zz/a b.yaml")
    fill(root, "team-20/.gitignore", text="skip.yaml\n")
    (root / "team-25" / os.fsdecode(b"bad\xff.yaml")).write_text("image: app:1\n")
    return root


def test_a_large_folder_is_listed_the_same_by_several_processes(large: Path) -> None:
    alone = list(list_files(large, processes=1))
    assert list(list_files(large, processes=3)) == alone
    assert list(list_files(large)) == alone
    assert len(alone) == 600 + 30 + 4
    assert alone == sorted(alone, key=lambda path: path.split("/"))


def test_folders_nested_deeply_are_listed(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(1200):
        folder = folder / "d"
        folder.mkdir()
    (folder / "a.yaml").touch()
    found = list(list_files(tmp_path))
    # pytest's own clean-up is recursive.
    subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)
    assert found == ["d/" * 1200 + "a.yaml"]


def test_a_folder_that_cannot_be_entered_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a.yaml", "secret/b.yaml")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("secret/"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(list_files(tmp_path)) == ["a.yaml", "secret"]
    with pytest.raises(FolderError):
        list(list_files(tmp_path / "secret/"))


class NoKind:
    """An entry of a folder that may be read and not entered, where the system has to ask."""

    def __init__(self, name: str) -> None:
        self.name = name

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        raise PermissionError(13, "Permission denied")


def test_what_cannot_be_told_apart_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, ".gitignore", text="c.yaml\n")
    fill(tmp_path, "a.yaml", "secret/b.yaml")
    scandir = os.scandir
    names = ("b.yaml", "c.yaml", "d", "e.yaml", os.fsdecode(b"\xff.yaml"))

    def scanned(path: str) -> object:
        if path.endswith("secret/"):
            return nullcontext([NoKind(name) for name in names])
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scanned)
    found = list(list_files(tmp_path, exclude=("**/e.yaml",)))
    assert found == ["a.yaml", "secret/b.yaml", "secret/d", "secret/\\udcff.yaml"]


def test_a_folder_below_one_that_cannot_be_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(FolderError, match="Permission denied"):
        list(list_files(tmp_path))


def test_an_ignored_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    for name in (b"\xff-build", b"\xff-kept"):
        (tmp_path / os.fsdecode(name)).mkdir()
    fill(tmp_path, ".gitignore", text="*-build/\n")
    assert list(list_files(tmp_path)) == ["\\udcff-kept"]
