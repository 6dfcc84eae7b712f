"""Data flows one way: errors <- pure <- adapters <- publish <- run <- serve <- cli.

The imports of every module are read from its source, those inside functions included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "imagebot"

# Lower may not import higher. A module belongs to the longest name that starts its own.
LAYERS = {
    "imagebot": 0,
    "imagebot.errors": 0,
    "imagebot.text": 1,
    "imagebot.reference": 1,
    "imagebot.glob": 1,
    "imagebot.files.gitignore": 1,
    "imagebot.files.wildmatch": 1,
    "imagebot.version": 1,
    "imagebot.policy": 1,
    "imagebot.manifest": 1,
    "imagebot.config": 1,
    "imagebot.plan.model": 1,
    "imagebot.plan.vetoes": 1,
    "imagebot.config.secret": 1,
    "imagebot.http.tls": 1,
    "imagebot.plan.routes": 1,
    "imagebot.plan.assign": 1,
    "imagebot.plan.unused": 1,
    "imagebot.publish.text": 1,
    "imagebot.plan.report": 1,
    "imagebot.plan.diff": 1,
    "imagebot.plan.set_references": 1,
    "imagebot.registry.api": 1,
    "imagebot.plan.gates": 2,
    "imagebot.parallel.threads": 2,
    "imagebot.parallel.processes": 2,
    "imagebot.files.folder": 2,
    "imagebot.files.listing": 2,
    "imagebot.config.file": 2,
    "imagebot.config.search": 2,
    "imagebot.scan.cache": 2,
    "imagebot.registry": 2,
    "imagebot.git": 2,
    "imagebot.forge": 2,
    "imagebot.publish": 3,
    "imagebot.registry.memo": 4,
    "imagebot.scan.inventory": 4,
    "imagebot.scan.many": 4,
    "imagebot.plan.resolve": 4,
    "imagebot.plan.edits": 4,
    "imagebot.files.rewrite": 4,
    "imagebot.run.target": 4,
    "imagebot.plan.build": 4,
    "imagebot.run.doctor": 4,
    "imagebot.run.passes": 4,
    "imagebot.demo": 5,
    "imagebot.cli": 6,
    "imagebot.__main__": 6,
}

# Adapters never import each other, but for what is named here.
SIBLINGS = {
    "imagebot.registry": {"imagebot.parallel.threads"},
    "imagebot.files.listing": {"imagebot.parallel.processes"},
}

ONLY_IN = {
    "httpx": ("imagebot.registry",),
    "git": ("imagebot.git",),
    "github": ("imagebot.forge.github",),
    "click": ("imagebot.cli",),
    "rich": ("imagebot.cli", "imagebot.demo"),
    "ruamel": ("imagebot.manifest.yaml.events", "imagebot.config.document"),
    "_ruamel_yaml": ("imagebot.manifest.yaml.events", "imagebot.config.document"),
    "pydantic": ("imagebot.config",),
    "subprocess": ("imagebot.registry.helper", "imagebot.git"),
    "requests": (),
    "yaml": (),
}

# What touches the world is for adapters; pure modules have values in and values out.
IMPURE = {"subprocess", "socket", "threading", "urllib.request", "http", "tempfile", "shutil"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


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
                is_module = (PACKAGE.parent / Path(*deeper.split("."))).with_suffix(".py").exists()
                yield node.lineno, deeper if is_module else node.module


def owner(name: str, names: dict[str, int] | set[str]) -> str | None:
    """The longest of `names` that is `name` or a package above it."""
    parts = name.split(".")
    above = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((candidate for candidate in above if candidate in names), None)


def layer(name: str) -> int:
    found = owner(name, LAYERS)
    assert found is not None
    assert found != "imagebot" or name == "imagebot", f"{name} has no place in LAYERS"
    return LAYERS[found]


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_one_way(path: Path) -> None:
    name = module_name(path)
    own = owner(name, LAYERS)
    for line, imported in imports(path):
        if not imported.startswith("imagebot"):
            continue
        other = owner(imported, LAYERS)
        place = f"{path}:{line}: {name} imports {imported}"
        assert layer(imported) <= layer(name), f"{place}, which is above it"
        if layer(name) == 2 and layer(imported) == 2 and own != other:
            assert other in SIBLINGS.get(str(own), set()), f"{place}: adapters stay apart"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_each_library_has_one_home(path: Path) -> None:
    name = module_name(path)
    for line, imported in imports(path):
        homes = ONLY_IN.get(imported.split(".")[0])
        if homes is not None:
            allowed = any(name == home or name.startswith(home + ".") for home in homes)
            assert allowed, f"{path}:{line}: {imported} belongs in {homes}"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if layer(module_name(path)) == 1], ids=module_name
)
def test_pure_modules_touch_nothing(path: Path) -> None:
    for line, imported in imports(path):
        assert owner(imported, IMPURE) is None, f"{path}:{line}: {imported} is for adapters"


# Of the pure packages, later ones may import earlier ones and not the other way round.
PURE_ORDER = ("version", "policy", "manifest", "plan", "config", "assign")


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_pure_packages_are_in_order(path: Path) -> None:
    parts = module_name(path).split(".")
    if len(parts) < 2 or parts[1] not in PURE_ORDER:
        return
    above = PURE_ORDER[PURE_ORDER.index(parts[1]) + 1 :]
    for line, imported in imports(path):
        other = imported.split(".")
        is_above = other[0] == "imagebot" and len(other) > 1 and other[1] in above
        assert not is_above, f"{path}:{line}: {imported} is above"


def test_a_module_fits_in_the_head() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in MODULES)
    assert lengths[-1] <= 400
    full = [length for length in lengths if length]
    assert full[len(full) // 2] <= 100


def test_every_layer_exists() -> None:
    names = {module_name(path) for path in MODULES}
    gone = [name for name in LAYERS if name not in names]
    assert gone == []
