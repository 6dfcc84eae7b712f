"""Kustomize itself, to compare with: what it builds of a folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.helm import find_helm, go_environment
from tests.support.require import MISSING


def find_kustomize() -> str | None:
    """The program on PATH, or where `go install` puts it; HOME is the test's own."""
    own = Path(pwd.getpwuid(os.getuid()).pw_dir, "go/bin/kustomize")
    return shutil.which("kustomize") or (str(own) if own.exists() else None)


def require_kustomize() -> str:
    """Skips the test without Kustomize, also in CI: it takes Go, which is not among the parts."""
    kustomize = find_kustomize()
    if kustomize is None:
        pytest.skip(f"{MISSING}kustomize (go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1)")
    return kustomize


def build(folder: Path, *, refused: bool = False) -> str | None:
    """What `kustomize build` prints, with local charts; with `refused`, None where it fails.
    Otherwise the test fails then."""
    argv = [require_kustomize(), "build", "--load-restrictor=LoadRestrictionsNone", str(folder)]
    if helm := find_helm():
        argv += ["--enable-helm", f"--helm-command={helm}", "--helm-kube-version=1.35.0"]
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=100, check=False, env=go_environment()
    )
    if refused and done.returncode:
        return None
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def set_images(folder: Path, images: list[str]) -> None:
    """`kustomize edit set image`, as Argo CD calls it for an Application's `kustomize.images`."""
    argv = [require_kustomize(), "edit", "set", "image", *images]
    subprocess.run(argv, cwd=folder, capture_output=True, timeout=100, check=True)
