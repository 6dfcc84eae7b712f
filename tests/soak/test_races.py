"""Bots that work on one branch at the same time: none loses an update, none makes one twice."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.errors import PushRejectedError
from imagebot.git.checkout import Checkout, open_checkout
from imagebot.git.credentials import Access
from imagebot.git.tree import Identity
from imagebot.reference import Repository
from imagebot.registry.memo import Memo
from imagebot.run.passes import PassContext, PassResult, run_pass
from tests.git.conftest import BOT, FILES, ambient_access, read, token_access
from tests.soak.conftest import CONFIGURATION, DIRECT, REVIEWED, Soak, pod
from tests.support.fake_registry import FakeRegistry
from tests.support.git_repository import BareRepository, git
from tests.support.git_server import GitServer
from tests.support.github import Forge

BOTS = 6
ROUNDS, COMMITS = 10, 30
API = "clusters/test/api.yaml"
# Of no bot; a manifest, which they all look through, and something else.
LINES = ("person/pod.yaml", "README.md")


def at_once(works: Sequence[Callable[[], None]]) -> None:
    """Each in a thread; what the first one raises is raised here."""
    failures: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("over", ["file", "http"])
def test_writers_that_race_lose_no_update(
    over: str, soak: Soak, git_server: GitServer, tmp_path: Path
) -> None:
    """Each appends its lines to one file; whoever comes second looks and edits again."""
    writers, commits = BOTS if soak.full else 3, soak.times(COMMITS)
    if over == "file":
        repository = BareRepository.create(tmp_path / "remote.git", FILES)
        url, access = repository.folder.as_uri(), ambient_access()
    else:
        url = git_server.make_repository("race", FILES)
        repository, access = git_server.repository("race"), token_access(git_server.token)
    lost: list[str] = []
    together = threading.Barrier(writers, timeout=60)

    def write(writer: int) -> None:
        with open_checkout(tmp_path / f"cache-{writer}", url, "main", access) as checkout:
            checkout.committer = BOT
            checkout.refresh()
            together.wait()
            for number in range(commits):
                line = f"{writer}.{number}\n".encode()
                while not append(checkout, line):
                    checkout.refresh()

    def append(checkout: Checkout, line: bytes) -> bool:
        data = read(checkout, API) + line
        made = checkout.commit(checkout.head, {API: data}, message="Update\n")
        try:
            checkout.push(made, "main")
        except PushRejectedError as error:
            lost.append(error.kind)
            return False
        return True

    at_once([lambda writer=writer: write(writer) for writer in range(writers)])  # type: ignore[misc]  # bound at once
    written = repository.read_files()[API].removeprefix(FILES[API]).decode().split()  # type: ignore[arg-type]  # bytes
    assert sorted(written) == sorted(f"{w}.{n}" for w in range(writers) for n in range(commits))
    assert len(repository.log()) == 1 + writers * commits
    # All have looked before the first has pushed, so all but one of them lose.
    assert len(lost) >= writers - 1
    assert set(lost) <= {"behind", "race"}


@dataclass
class Tags(FakeRegistry):
    """The same tags for every repository, listed once all bots have asked for them."""

    newest: int = 0
    together: threading.Barrier | None = None

    def tags(self, repository: Repository) -> tuple[str, ...]:
        if self.together is not None:
            self.together.wait()
        return tuple(f"1.{minor}.0" for minor in range(self.newest + 1))


def run_at_once(
    texts: Sequence[str], environment: Mapping[str, str], tags: Tags
) -> list[PassResult]:
    """A pass of each bot, all of which have looked at the target before the first one pushes."""
    tags.together = threading.Barrier(len(texts), timeout=60)
    outcomes: dict[int, PassResult] = {}

    def run(number: int) -> None:
        setting = PassContext(
            bot=load_bot_configuration(texts[number], "bot.yaml"),
            registry=Memo(tags).for_pass(),
            environment=environment,
            cache=Path(environment["CACHES"]) / str(number),
            now=datetime(2026, 11, 1, tzinfo=UTC),
        )
        outcomes[number] = run_pass(setting)

    at_once([lambda number=number: run(number) for number in range(len(texts))])  # type: ignore[misc]  # bound at once
    return [outcomes[number] for number in range(len(texts))]


@dataclass
class Person:
    """Pushes a line every second, to one file and to another in turn, until told to stop."""

    cache: Path
    url: str
    access: Access
    stop: threading.Event = field(default_factory=threading.Event)
    pushed: int = 0

    def work(self) -> None:
        with open_checkout(self.cache, self.url, "main", self.access) as checkout:
            checkout.committer = replace(BOT, identity=Identity("A Person", "p@example.com"))
            while not self.stop.wait(1):
                while not self.push(checkout):
                    pass
                self.pushed += 1

    def push(self, checkout: Checkout) -> bool:
        checkout.refresh()
        path = LINES[self.pushed % len(LINES)]
        data = read(checkout, path) + b"# %d\n" % self.pushed
        made = checkout.commit(checkout.head, {path: data}, message="Mine\n")
        try:
            checkout.push(made, "main")
        except PushRejectedError:
            return False
        return True


@pytest.mark.timeout(1200)
def test_six_bots_and_a_person_who_pushes_all_the_time(
    soak: Soak, git_server: GitServer, tmp_path: Path
) -> None:
    """Each bot has a configuration and a file of its own; each commits, in whatever order."""
    route = "{name: r, files: [%d/**], publish: commit, images: [{match: '**', policy: stable}]}"
    files: dict[str, bytes] = dict.fromkeys(LINES, b"# lines\n")
    for number in range(BOTS):
        text = f"policies: {{stable: {{semver: ^1}}}}\nroutes:\n  - {route % number}\n"
        files[f"{number}.yaml"] = text.encode()
        files[f"{number}/pod.yaml"] = pod("1.0.0", "r.example")
    url = git_server.make_repository("acme/gitops", files)
    texts = [
        f"targets: [{{url: '{url}', branch: main, credential: it, configuration: {number}.yaml}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
        for number in range(BOTS)
    ]
    environment = {**os.environ, "TOKEN": git_server.token, "CACHES": str(tmp_path)}
    tags = Tags()
    person = Person(tmp_path / "person", url, token_access(git_server.token))
    rounds = 6 if soak.full else 1

    def run_bots() -> None:
        try:
            for done in range(1, rounds + 1):
                tags.newest = done
                outcomes = run_at_once(texts, environment, tags)
                assert [outcome.plan.problems for outcome in outcomes] == [()] * BOTS
                statuses = [[entry.status for entry in each.published] for each in outcomes]
                assert statuses == [["committed"]] * BOTS
                written = git_server.read_files("acme/gitops")
                newest = pod(f"1.{done}.0", "r.example")
                assert [written[f"{number}/pod.yaml"] for number in range(BOTS)] == [newest] * BOTS
        finally:
            person.stop.set()

    at_once([run_bots, person.work])
    written = git_server.read_files("acme/gitops")
    lines = b"".join(written.pop(path).removeprefix(b"# lines\n") for path in LINES).split()
    assert sorted(lines[1::2]) == sorted(b"%d" % number for number in range(person.pushed))
    configurations = [f"{number}.yaml" for number in range(BOTS)]
    assert [written[path] for path in configurations] == [files[path] for path in configurations]
    assert written.keys() == files.keys() - set(LINES)
    assert len(git_server.log("acme/gitops")) == 1 + rounds * BOTS + person.pushed
    git_server.assert_sound("acme/gitops")


@pytest.mark.timeout(1200)
def test_six_bots_that_do_the_same(soak: Soak, forge: Forge, tmp_path: Path) -> None:
    """One commit and one pull request, whoever is first; and peace with the next pass."""
    files = {
        "imagebot.yaml": CONFIGURATION,
        DIRECT: pod("1.0.0", "r.example"),
        REVIEWED: pod("1.0.0", "r.example"),
    }
    url = forge.make_repository("acme/gitops", dict(files))
    text = (
        f"targets: [{{url: '{url}', branch: main, credential: it,"
        f" forge: {{kind: github, url: '{forge.api_url}'}}}}]\n"
        "credentials: {git: {it: {token: {env: TOKEN}}}}\n"
    )
    environment = {**os.environ, "TOKEN": forge.bot_token, "CACHES": str(tmp_path)}
    bare, tags = forge.git.repository("acme/gitops"), Tags()
    for done in range(1, soak.times(ROUNDS) + 1):
        tags.newest = done
        newest = pod(f"1.{done}.0", "r.example")
        outcomes = run_at_once([text] * BOTS, environment, tags)
        # Who comes second to a branch of a pull request says so, and the next pass goes on. Who
        # sees a branch before the emulated GitHub does (a hook tells it) cannot open one.
        told = [problem for outcome in outcomes for problem in outcome.plan.problems]
        late = [problem for problem in told if problem.message.endswith("head: invalid")]
        assert [p for p in told if p not in late and p.code != "push-rejected"] == []
        # Bots with the same plan and the same clock make the same commit: each may say that it did.
        published = [entry for outcome in outcomes for entry in outcome.published]
        made = {entry.commit for entry in published if entry.status == "committed"}
        assert made == {bare.head()}
        assert bare.read_files()[DIRECT] == newest
        assert len(bare.log()) == 1 + done
        again = run_at_once([text], environment, tags)
        assert again[0].plan.problems == ()
        (pull,) = forge.pull_requests("acme/gitops", "all")
        assert bare.read_files(pull["head"]["ref"]) == {**files, DIRECT: newest, REVIEWED: newest}
        assert bare.refs().keys() == {"refs/heads/main", f"refs/heads/{pull['head']['ref']}"}
    git(bare.folder, "fsck", "--strict")
