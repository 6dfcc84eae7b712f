"""`sha256-…` tags hold signatures and the like: no policy takes one, or asks about one."""

from __future__ import annotations

import pytest

from imagebot.plan.resolve import answer
from imagebot.policy.build import build_policy
from imagebot.reference import parse_reference
from tests.plan.gates.fake_images import FakeImages
from tests.plan.gates.test_admit import NOW, pushed

HEX = "f" * 64
ARTIFACTS = (f"sha256-{HEX}", *(f"sha256-{HEX}.{kind}" for kind in ("sig", "att", "sbom")))
TAGS = ("1.0.0", *ARTIFACTS, "1.1.0", "latest")


@pytest.mark.parametrize("current", ["1.0.0", "latest", ARTIFACTS[0], ARTIFACTS[1]])
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"max": "major"},
        {"semver": "*"},
        {"order": "alphabetical"},
        {"order": "natural"},
        {"order": "numerical", "pattern": "[0-9]+$", "extract": "$0"},
        {"order": "calver"},
        {"order": "pushed"},
        {"order": "created"},
        {"order": "none", "pin": "digest"},
        {"version-of": "latest"},
        {"include": ["sha256-*", "1.1.0"], "order": "natural", "min-age": "3d"},
    ],
)
def test_no_policy_takes_an_artifact(keys: dict[str, object], current: str) -> None:
    points = {"latest": "1.1.0"}
    images = FakeImages(
        points=points, pushes={tag: pushed(index + 4) for index, tag in enumerate(TAGS)}
    )
    reference = parse_reference(f"ghcr.io/acme/app:{current}")
    decision = answer(build_policy("tested", keys), TAGS, reference, images, now=NOW)
    assert not (decision.tag or "").startswith("sha256-")
    others = {tag for tag in ARTIFACTS if tag != current}
    assert others.isdisjoint(decision.candidates)
    assert not [call for call in images.asked if others.intersection(call.split())]
