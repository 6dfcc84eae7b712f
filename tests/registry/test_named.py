from __future__ import annotations

import pytest

from imagebot.config.address import check_registry_key
from imagebot.config.model import BotConfiguration, Limits, RegistryOptions
from imagebot.http.reach import Permit, Reach
from imagebot.registry.named import reach_of_bot, reach_of_limits


def of_registries(*options: RegistryOptions) -> Reach:
    return reach_of_bot(BotConfiguration(path="bot.yaml", targets=(), registries=options))


@pytest.mark.parametrize(
    ("named", "places"),
    [
        ("R.corp.example", {"r.corp.example:443", "r.corp.example:80"}),
        ("r.corp.example:5000", {"r.corp.example:5000"}),
        ("r.corp.example/hub", {"r.corp.example:443", "r.corp.example:80"}),
        ("r.corp.example:05000", {"r.corp.example:5000"}),
        ("[::1]:5000", {"[::1]:5000"}),
        ("[FD00::1]", {"[fd00::1]:443", "[fd00::1]:80"}),
        ("docker.io", {"registry-1.docker.io:443", "registry-1.docker.io:80"}),
        ("index.docker.io", {"registry-1.docker.io:443", "registry-1.docker.io:80"}),
    ],
)
def test_a_key_of_registries(named: str, places: set[str]) -> None:
    assert of_registries(RegistryOptions(host=named)).places == places


def test_a_mirror_and_an_origin() -> None:
    options = (
        RegistryOptions(host="r.example", mirror="https://m.corp.example:5000/hub/"),
        RegistryOptions(host="h.example", path="hub", tags_from="docker.io"),
    )
    places = of_registries(*options).places
    assert {"m.corp.example:5000", "registry-1.docker.io:443"} <= places


@pytest.mark.parametrize("port", ["", "x", "5000x", "\N{FULLWIDTH DIGIT NINE}", "9" * 5000, "-1"])
def test_ports_that_are_none_stand_for_no_other(port: str) -> None:
    found = reach_of_bot(BotConfiguration(path="", targets=()), [f"r.example:{port}"])
    assert found.places <= {"r.example:443", "r.example:80"}


@pytest.mark.parametrize(
    ("glob", "places"),
    [
        ("r.example:5000/**", {"r.example:5000"}),
        ("R.example:5000/app", {"r.example:5000"}),
        ("r.example:5000{/a,/b}/**", set()),
        ("{r,s}.example:5000/**", set()),
        ("r?.example:5000/**", set()),
        ("[rs].example:5000/**", set()),
        ("**/app", set()),
        ("r.example:5000", set()),
    ],
)
def test_a_glob_of_images(glob: str, places: set[str]) -> None:
    assert reach_of_limits(Limits(images=(glob,))) == Reach(frozenset(places))


@pytest.mark.parametrize(
    "host",
    ["r.corp.example", "R.Corp.example.", "blob_store", "::1", "FD00::A", "10.0.0.1", "0x0a.1"],
)
def test_what_a_refusal_says_to_add_names_the_host(host: str) -> None:
    key = Permit().refusal(host, 5000, "10.0.0.1").place
    assert check_registry_key(key) == key
    reach = of_registries(RegistryOptions(host=key))
    assert Permit(reach).allows(host, 5000, "10.0.0.1")
