"""Data flows one way: what is imported stands further up in ORDER.

The imports of every module are read from its source, those inside functions included.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "imagebot"

# A folder imports itself and what stands above it; those on one line know nothing of each other.
ORDER = (
    "values",
    "errors",
    "problem, reference, glob, redaction, text",
    "version",
    "policy",
    "manifest",
    "config",
    "parallel",
    "files, http",
    "registry, git, forge",
    "scan",
    "plan",
    "publish",
    "nudge",
    "run",
    "serve",
    "demo",
    "cli",
)
# The same within manifest/; its entries, which stand in no folder, may import all of it.
MANIFEST_ORDER = ("yaml", "images", "flux", "helm", "markers", "formats", "text", "sweep")
AT_ROOT = {
    "__init__", "__main__", "values", "errors", "problem", "reference", "glob", "redaction", "text",
}  # fmt: skip
LONGEST = 400

ONLY_IN = {
    "httpx": ("imagebot.http",),
    "httpcore": ("imagebot.http",),
    "git": ("imagebot.git",),
    "github": ("imagebot.forge.github",),
    "click": ("imagebot.cli",),
    "rich": ("imagebot.cli", "imagebot.demo", "imagebot.run.diagnostics"),
    "ruamel": ("imagebot.manifest.yaml",),
    "_ruamel_yaml": ("imagebot.manifest.yaml",),
    "msgspec": ("imagebot.manifest.cache", "imagebot.plan.documents", "imagebot.plan.report"),
    "pydantic": ("imagebot.config",),
    "jwt": ("imagebot.registry.cloud", "imagebot.serve.hooks"),
    "starlette": ("imagebot.serve",),
    "uvicorn": ("imagebot.serve",),
    "jinja2": ("imagebot.serve",),
    "prometheus_client": ("imagebot.run.exposition",),
    "cronsim": ("imagebot.config.schedule",),
    "subprocess": ("imagebot.parallel", "imagebot.registry.helper", "imagebot.git"),
    "boto3": (),
    "botocore": (),
    "google": (),
    "azure": (),
    "requests": (),
    "yaml": (),
}

# Values in, values out: no file, socket, clock or process.
PURE = (
    "values", "errors", "problem", "reference", "glob", "redaction", "text", "version", "policy",
    "manifest", "config", "plan",
)  # fmt: skip
# Pure leaves that every folder may import: what is configured is read by the parser that is used.
# They import nothing but the root and each other.
LEAVES = {"imagebot.git.url", "imagebot.http.address", "imagebot.http.zone"}
# What stands beside pure modules and is not: each is the one place for what it reads.
ADAPTERS = {
    "imagebot.config.file",  # the two configuration files
    "imagebot.config.presets",  # the presets that are shipped with the package
    "imagebot.config.search",  # which file governs a folder
    "imagebot.config.secret",  # secrets, at the moment of their use
}
# Pure modules in folders that are not.
PURE_TOO = {
    "imagebot.files.gitignore",
    "imagebot.files.wildmatch",
    "imagebot.git.classify",
    "imagebot.git.history",
    "imagebot.git.tree",
    "imagebot.git.url",
    "imagebot.http.address",
    "imagebot.http.headers",
    "imagebot.nudge.build",
    "imagebot.nudge.commits",
    "imagebot.nudge.document",
    "imagebot.nudge.model",
    "imagebot.nudge.signing",
    "imagebot.publish.again",
    "imagebot.publish.changes",
    "imagebot.publish.escape",
    "imagebot.publish.marker",
    "imagebot.publish.message",
    "imagebot.publish.notes",
    "imagebot.publish.refusals",
    "imagebot.publish.text",
    "imagebot.publish.trailers",
    "imagebot.publish.waits",
    "imagebot.registry.api",
    "imagebot.registry.cloud.aws_signature",
    "imagebot.registry.image",
    "imagebot.registry.protocol",
    "imagebot.serve.agenda",
    "imagebot.serve.answers",
    "imagebot.serve.events",
    "imagebot.serve.freshness",
    "imagebot.serve.hooks.acr",
    "imagebot.serve.hooks.announce",
    "imagebot.serve.hooks.cloud_event",
    "imagebot.serve.hooks.distribution",
    "imagebot.serve.hooks.docker_hub",
    "imagebot.serve.hooks.document",
    "imagebot.serve.hooks.ecr",
    "imagebot.serve.hooks.github",
    "imagebot.serve.hooks.harbor",
    "imagebot.serve.hooks.jwks",
    "imagebot.serve.hooks.model",
    "imagebot.serve.hooks.oidc",
    "imagebot.serve.hooks.plain",
    "imagebot.serve.hooks.proof",
    "imagebot.serve.hooks.quay",
    "imagebot.serve.hooks.receive",
}
WORLD_MODULES = {
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "select",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "uuid",
}
WORLD_FUNCTIONS = {"open", "input", "print", "breakpoint"}
# Of pathlib.Path and datetime; no value of imagebot's has a method of such a name.
WORLD_METHODS = {
    "chmod", "cwd", "expanduser", "home", "is_dir", "is_file", "is_symlink", "iterdir", "lstat",
    "mkdir", "now", "open", "read_bytes", "read_text", "readlink", "rglob", "rmdir", "stat",
    "today", "touch", "unlink", "utcnow", "write_bytes", "write_text",
}  # fmt: skip

MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path) for path in MODULES}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute name of what is imported) for every import statement."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield node.lineno, deeper if deeper in NAMES else node.module


def own_imports(path: Path) -> Iterator[tuple[int, str]]:
    return ((line, name) for line, name in imports(path) if name.split(".")[0] == "imagebot")


def folder(name: str) -> str:
    """The part of a module's name that ORDER has; "" for the package itself."""
    return name.partition(".")[2].partition(".")[0]


def ranks(order: tuple[str, ...]) -> dict[str, int]:
    return {each: rank for rank, line in enumerate(order) for each in line.split(", ")}


RANKS = ranks(ORDER)
MANIFEST_RANKS = ranks(MANIFEST_ORDER)


def within(name: str, places: tuple[str, ...] | set[str]) -> bool:
    return any(name == place or name.startswith(place + ".") for place in places)


def is_pure(name: str) -> bool:
    if name in PURE_TOO:
        return True
    return folder(name) in PURE and name not in ADAPTERS


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_one_way(path: Path) -> None:
    own = folder(module_name(path))
    if own in ("", "__main__"):
        return
    assert own in RANKS, f"{own} has no line in ORDER"
    for line, name in own_imports(path):
        other = folder(name)
        if other not in ("", own) and name not in LEAVES:
            assert RANKS[other] < RANKS[own], f"{path}:{line}: {own} imports {name}"


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_leaves_import_only_the_root_and_each_other(name: str) -> None:
    path = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")
    for line, imported in own_imports(path):
        allowed = imported in LEAVES or folder(imported) in AT_ROOT
        assert allowed, f"{path}:{line}: {name} imports {imported}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "manifest").rglob("*.py")), ids=module_name)
def test_imports_within_manifest_point_one_way(path: Path) -> None:
    entry = len(MANIFEST_ORDER)
    own = manifest_folder(module_name(path))
    for line, name in own_imports(path):
        other = manifest_folder(name)
        if folder(name) == "manifest" and other != own:
            above = MANIFEST_RANKS.get(other, entry) < MANIFEST_RANKS.get(own, entry)
            assert above, f"{path}:{line}: manifest/{own} imports {name}"


def manifest_folder(name: str) -> str:
    """The folder within manifest/ that a module is in; "" for its entries."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 and parts[2] in MANIFEST_RANKS else ""


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module_name(path): {name for _, name in own_imports(path)} for path in MODULES}
    assert circle(graph) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_each_library_has_one_home(path: Path) -> None:
    name = module_name(path)
    for line, imported in imports(path):
        homes = ONLY_IN.get(imported.split(".")[0])
        if homes is not None:
            assert within(name, homes), f"{path}:{line}: {imported} belongs in {homes}"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if is_pure(module_name(path))], ids=module_name
)
def test_pure_modules_touch_nothing(path: Path) -> None:
    for line, imported in imports(path):
        assert not within(imported, WORLD_MODULES), f"{path}:{line}: {imported} is for adapters"
    for line, called in world_calls(ast.parse(path.read_text("utf-8"))):
        raise AssertionError(f"{path}:{line}: {called} is for adapters")


@pytest.mark.parametrize("path", sorted((PACKAGE / "plan").rglob("*.py")), ids=module_name)
def test_a_plan_reads_no_file_of_the_configuration(path: Path) -> None:
    for line, imported in own_imports(path):
        assert imported not in ADAPTERS, f"{path}:{line}: {imported} reads files"


def world_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that reach a file, a clock or a terminal, by the names that they go by."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in WORLD_FUNCTIONS:
            yield node.lineno, called.id
        if isinstance(called, ast.Attribute) and called.attr in WORLD_METHODS:
            yield node.lineno, ast.unparse(called)


@pytest.mark.parametrize(
    "call",
    ["open('a')", "Path('a').read_text()", "datetime.now(UTC)", "date.today()", "path.is_file()"],
)
def test_a_call_that_touches_the_world_would_be_found(call: str) -> None:
    assert len(list(world_calls(ast.parse(call)))) == 1


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_values_are_made_by_the_quick_maker(path: Path) -> None:
    asked = re.search(r"from dataclasses import .*\bdataclass\b", path.read_text("utf-8"))
    assert asked is None or module_name(path) == "imagebot.values"


def test_the_root_holds_only_what_everyone_uses() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == AT_ROOT
    assert len(AT_ROOT) <= 9


def test_what_is_named_here_exists() -> None:
    folders = {folder(name) for name in NAMES} - {"", "__main__"}
    assert set(RANKS) == folders
    assert set(MANIFEST_RANKS) == {
        path.name for path in (PACKAGE / "manifest").iterdir() if (path / "__init__.py").exists()
    }
    assert ADAPTERS | PURE_TOO | LEAVES <= NAMES
    assert {home for homes in ONLY_IN.values() for home in homes} <= NAMES


def test_tests_mirror_the_folders() -> None:
    folders = {folder(name) for name in NAMES if name.count(".") > 1}
    tests = {path.parent.name for path in Path(__file__).parent.glob("*/test_*.py")}
    assert folders <= tests
