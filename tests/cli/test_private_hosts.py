"""Which hosts a manifest may make the bot ask, as its operator sees it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, deployment
from tests.support.git_repository import git
from tests.support.git_server import GitServer
from tests.support.scripted_http import Answer, ScriptedServer

CONFIGURATION = b"""\
routes: [{name: all, files: ["**"], publish: commit, images: [{match: "**", policy: shape}]}]
"""
TAGS = Answer(body={"tags": ["1.0.0", "1.1.0"]})
SECRET = "canary of an internal service"

Start = Callable[..., ScriptedServer]
Setting = Callable[..., None]


@pytest.fixture
def write_bot(folder: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Makes `bot.yaml` with targets that have these images: name -> (images, limits)."""
    monkeypatch.setenv("GIT", git_server.token)

    def write(targets: dict[str, tuple[list[str], str]], more: str = "") -> None:
        listed = []
        for name, (images, limits) in targets.items():
            files = {f"{n}.yaml": deployment(image).encode() for n, image in enumerate(images)}
            url = git_server.make_repository(name, {"imagebot.yaml": CONFIGURATION, **files})
            listed.append(f"{{url: '{url}', branch: main, credential: it{limits}}}")
        folder.joinpath("bot.yaml").write_text(
            f"targets: [{', '.join(listed)}]\n"
            "credentials:\n  git: {it: {token: {env: GIT}}}\n"
            f"cache-dir: cache\n{more}\n"
        )

    return write


def test_what_nobody_named_is_refused_and_the_rest_goes_on(
    cli: Cli, write_bot: Setting, start_scripted: Start, git_server: GitServer
) -> None:
    named, internal = start_scripted(), start_scripted()
    named.handler = lambda _: TAGS
    internal.handler = lambda _: Answer(500, body={"errors": [{"message": SECRET}]})
    images = [f"{internal.host}/internal/admin:1.0.0", f"{named.host}/app:1.0.0"]
    write_bot({"shop": (images, "")}, f"registries: {{'{named.host}': {{}}}}")
    result = cli("run", "-c", "bot.yaml")
    assert result.code == 1
    assert internal.requests == []
    assert b":1.1.0" in git_server.read_files("shop")["1.yaml"]
    assert f"{internal.host} is this machine, and the bot's own file does not name it" in result.err
    assert "shop: 0.yaml:9" in result.err
    hint = result.err[result.err.index("hint: ") :].splitlines()
    assert [line.strip() for line in hint[1:3]] == ["registries:", f'"{internal.host}": {{}}']
    again = cli("run", "-c", "bot.yaml", "--format", "json")
    assert [problem["code"] for problem in again.json["problems"]] == ["registry-refused"]
    assert SECRET not in result.err + result.out + again.err + again.out


def test_the_lines_of_a_refusal_allow_it(
    cli: Cli, write_bot: Setting, scripted: ScriptedServer, folder: Path
) -> None:
    scripted.handler = lambda _: TAGS
    write_bot({"shop": ([f"{scripted.host}/app:1.0.0"], "")})
    refused = cli("run", "-c", "bot.yaml")
    start = refused.err.rindex("\n", 0, refused.err.index("registries:")) + 1
    lines = "\n".join(refused.err[start:].splitlines()[:2])
    with folder.joinpath("bot.yaml").open("a") as file:
        file.write(textwrap.dedent(lines) + "\n")
    assert cli("run", "-c", "bot.yaml").code == 0


def log_in(key: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `docker login` does it."""
    folder.joinpath("config.json").write_text(json.dumps({"auths": {key: {"auth": "eDp5"}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


def listings(server: ScriptedServer) -> int:
    return sum(request.path.endswith("/tags/list") for request in server.requests)


WAYS = {
    "registries": ("", "registries: {{'{host}': {{concurrency: 2}}}}"),
    "credentials": (
        "",
        "  registries: {{'{host}': {{username: x, password: {{env: GIT}}}}}}",
    ),
    "mirror": ("", "registries: {{'r.example': {{mirror: '{host}'}}}}"),
    "limits.images": (", limits: {{images: ['{host}/**']}}", ""),
    "a network": (", limits: {{private-hosts: [127.0.0.0/8]}}", ""),
    "an address": (", limits: {{private-hosts: [127.0.0.1]}}", ""),
    "a host and a port": (", limits: {{private-hosts: ['{host}']}}", ""),
    "a glob": (", limits: {{private-hosts: ['*.0.0.1']}}", ""),
    "docker's login": ("", ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_name_a_host(
    way: str, cli: Cli, write_bot: Setting, scripted: ScriptedServer, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    scripted.handler = lambda _: TAGS
    limits, more = (text.format(host=scripted.host) for text in WAYS[way])
    image = "r.example/app:1.0.0" if way == "mirror" else f"{scripted.host}/app:1.0.0"
    write_bot({"shop": ([image], limits)})
    text = folder.joinpath("bot.yaml").read_text()
    key = "cache-dir:" if more.startswith("  ") else ""
    folder.joinpath("bot.yaml").write_text(
        text.replace(key, f"{more}\n{key}") if key else f"{text}{more}\n"
    )
    if way == "docker's login":
        log_in(f"http://{scripted.host}/v2/", folder, monkeypatch)
    result = cli("run", "-c", "bot.yaml")
    assert result.code == 0, result.err
    assert "1 update, 0 kept, 0 problems" in result.err
    assert len(scripted.requests) >= 1


NOT_NAMED = {
    "a glob of images": (", limits: {{images: ['127.*/**', '**']}}", ""),
    "another port": ("", "registries: {{'127.0.0.1:1': {{}}}}"),
    "no port": ("", "registries: {{'127.0.0.1': {{}}}}"),
    "another network": (", limits: {{private-hosts: [10.0.0.0/8, '*.corp.example']}}", ""),
    "docker's glob": ("", ""),
}


@pytest.mark.parametrize("way", NOT_NAMED)
def test_what_names_nobody(
    way: str, cli: Cli, write_bot: Setting, scripted: ScriptedServer, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    limits, more = (text.format(host=scripted.host) for text in NOT_NAMED[way])
    write_bot({"shop": ([f"{scripted.host}/app:1.0.0"], limits)}, more)
    if way == "docker's glob":
        log_in(f"127.0.0.*:{scripted.host.partition(':')[2]}", folder, monkeypatch)
    result = cli("run", "-c", "bot.yaml")
    assert result.code == 1
    assert "does not name it" in result.err
    assert scripted.requests == []


@pytest.mark.parametrize("order", [("open", "closed"), ("closed", "open")])
def test_what_one_target_may_ask_no_other_gets(
    order: tuple[str, str], cli: Cli, write_bot: Setting, scripted: ScriptedServer,
    git_server: GitServer,
) -> None:  # fmt: skip
    """The same image in both; neither the answer nor the connection goes across."""
    scripted.handler = lambda _: TAGS
    limits = {"open": ", limits: {private-hosts: [127.0.0.0/8]}", "closed": ""}
    write_bot({name: ([f"{scripted.host}/app:1.0.0"], limits[name]) for name in order})
    result = cli("run", "-c", "bot.yaml", "--format", "json")
    assert result.code == 1
    assert [problem["target"] for problem in result.json["problems"]] == ["closed"]
    assert b":1.1.0" in git_server.read_files("open")["0.yaml"]
    assert b":1.0.0" in git_server.read_files("closed")["0.yaml"]
    assert listings(scripted) == 1


def test_targets_share_what_all_may_ask(
    cli: Cli, write_bot: Setting, scripted: ScriptedServer
) -> None:
    scripted.handler = lambda _: TAGS
    image = f"{scripted.host}/app:1.0.0"
    limits = ", limits: {private-hosts: [10.0.0.0/8]}"
    targets = {"one": ([image], limits), "two": ([image], ""), "three": ([image], limits)}
    write_bot(targets, f"registries: {{'{scripted.host}': {{}}}}")
    assert cli("run", "-c", "bot.yaml").code == 0
    assert listings(scripted) == 1


def test_doctor_lists_what_is_refused(cli: Cli, write_bot: Setting, start_scripted: Start) -> None:
    named, own, internal = start_scripted(), start_scripted(), start_scripted()
    for server in (named, own):
        server.handler = lambda _: TAGS
    images = [f"{server.host}/app:1.0.0" for server in (named, own, internal)]
    limits = f", limits: {{private-hosts: ['{own.host}']}}"
    targets = {"one": (images, limits), "two": (images[:1], "")}
    write_bot(targets, f"registries: {{'{named.host}': {{}}}}")
    result = cli("doctor", "-c", "bot.yaml")
    assert result.code == 1
    lines = result.out.splitlines()
    for server in (named, own):
        assert all(line[:3] == "ok " for line in lines if f"registry {server.host}:" in line)
    (refused,) = [line for line in lines if line.startswith("FAIL")]
    assert f"one: registry {internal.host}: " in refused
    assert "does not name it" in refused
    assert f'"{internal.host}": {{}}' in result.out
    assert internal.requests == []


@pytest.fixture
def checkout(folder: Path, git_server: GitServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, which is the current folder, of a target without manifests yet."""
    monkeypatch.setenv("IMAGEBOT_GIT_TOKEN", git_server.token)
    url = git_server.make_repository("it", {"imagebot.yaml": CONFIGURATION})
    token = git_server.url_of("it", token=git_server.token)
    git(folder, "clone", "--quiet", token, ".")
    git(folder, "remote", "set-url", "origin", url)
    return folder


def test_ones_own_references_may_be_anywhere(
    cli: Cli, scripted: ScriptedServer, checkout: Path, git_server: GitServer
) -> None:
    scripted.handler = lambda _: TAGS
    image = f"{scripted.host}/app"
    checkout.joinpath("a.yaml").write_text(deployment(f"{image}:1.0.0"))
    assert "1.1.0" in cli("pick", image, "--current", "1.0.0").out
    assert "1.1.0" in cli("plan", ".").out
    git(checkout, "add", ".")
    git(
        *(checkout, "-c", "user.name=x", "-c", "user.email=x@x.example"),
        *("commit", "--quiet", "-m", "x"),
    )
    remote = git_server.url_of("it", token=git_server.token)
    git(checkout, "push", "--quiet", remote, "HEAD:main")
    result = cli("run")
    assert result.code == 0, result.err
    assert "1 update, 0 kept, 0 problems" in result.err
    assert b":1.1.0" in git_server.read_files("it")["a.yaml"]


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[fd00:ec2::254]"])
def test_metadata_is_never_asked(cli: Cli, folder: Path, host: str) -> None:
    result = cli("pick", f"{host}:80/latest/meta-data")
    assert result.code == 1
    assert "no registry is asked" in result.err
    folder.joinpath("bot.yaml").write_text(
        "targets: [{url: 'https://git.example/x.git', branch: main,"
        f" limits: {{private-hosts: ['{host.strip('[]')}']}}}}]\n"
    )
    checked = cli("plan", "-c", "bot.yaml")
    assert checked.code == 2
    assert "no registry is asked at a link-local, unspecified or metadata address" in checked.err
