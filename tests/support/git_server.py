"""`git http-backend` behind a small loopback server that wants a token."""

from __future__ import annotations

import base64
import contextlib
import io
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from tests.support.certificates import Tls, write_tls
from tests.support.git_repository import (
    BareRepository,
    Commit,
    Entry,
    GitError,
    git,
    isolated_environment,
)
from tests.support.loopback import Exchange, LoopbackServer, serving
from tests.support.require import require

TOKEN = "token-of-the-bot-0123456789"
"""What `git_server` wants unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class GitRequest:
    method: str
    path: str
    query: str
    headers: Message
    status: int


@dataclass(slots=True)
class GitServer:
    """Tests may change tokens, read_only, redirect_to and fail_with while it runs."""

    url: str
    root: Path
    ca_file: Path | None
    tokens: set[str]
    """Passwords that may read and write, whatever the user's name; none: no login is wanted."""
    read_only: set[str] = field(default_factory=set)
    """Passwords that may read, and get 403 on a push."""
    redirect_to: str | None = None
    """Send every request on, with 302, to this other server's URL."""
    fail_with: int | None = None
    """Answer every request with this status."""
    allow_filter: bool = True
    """Whether partial clones (`--filter`) and fetches by object id are served."""
    requests: list[GitRequest] = field(default_factory=list)
    begun: int = 0
    """Exchanges that have begun; `ended` of them are over, with all that they started."""
    ended: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def token(self) -> str:
        return next(iter(self.tokens))

    def make_repository(
        self, name: str, files: Mapping[str, Entry] | None = None, branch: str = "main"
    ) -> str:
        """A bare repository `name` (slashes are fine); returns its URL, without credentials."""
        BareRepository.create(self.root / f"{name}.git", files, branch)
        return self.url_of(name)

    def url_of(self, name: str, *, token: str | None = None) -> str:
        """With a token: a URL that carries it, for the tests' own git commands."""
        scheme, _, rest = self.url.partition("://")
        user = f"git:{token}@" if token else ""
        return f"{scheme}://{user}{rest}/{name}.git"

    def repository(self, name: str) -> BareRepository:
        return BareRepository(self.root / f"{name}.git")

    def read_files(self, name: str, branch: str = "main") -> dict[str, bytes]:
        return self.repository(name).read_files(branch)

    def log(self, name: str, branch: str = "main") -> list[Commit]:
        return self.repository(name).log(branch)

    def serve(self, exchange: Exchange) -> None:
        with self._lock:
            self.begun += 1
        try:
            self._serve(exchange)
        finally:
            with self._lock:
                self.ended += 1

    def assert_sound(self, name: str) -> None:
        """`git fsck`, which may only fail while somebody pushes: it reads objects, then refs."""
        while True:
            before = self.begun, self.ended
            try:
                git(self.repository(name).folder, "fsck", "--strict")
            except GitError:
                if self.begun == self.ended and before == (self.begun, self.ended):
                    raise
            else:
                return

    def _serve(self, exchange: Exchange) -> None:
        path, _, query = exchange.path.partition("?")

        def record(status: int) -> None:
            # Before the client can see the answer, so that a test that has it finds the request.
            self.requests.append(
                GitRequest(exchange.command, path, query, exchange.headers, status)
            )

        status = self._refusal(exchange, path, query)
        if status is None:
            _cgi(exchange, self._environment(exchange, path, query), record)
            return
        exchange.read_body()
        record(status)
        headers = {}
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="git"'
        elif status == 302:
            headers["Location"] = f"{self.redirect_to}{exchange.path}"
        exchange.send(status, headers)

    def _refusal(self, exchange: Exchange, path: str, query: str) -> int | None:
        if self.fail_with:
            return self.fail_with
        if self.redirect_to:
            return 302
        password = _password(exchange)
        if not self.tokens or password in self.tokens:
            return None
        if password not in self.read_only:
            return 401
        return 403 if "git-receive-pack" in path + query else None

    def _environment(self, exchange: Exchange, path: str, query: str) -> dict[str, str]:
        filters = "true" if self.allow_filter else "false"
        settings = {
            "safe.directory": "*",
            "http.receivepack": "true",
            "uploadpack.allowFilter": filters,
            "uploadpack.allowAnySHA1InWant": filters,
        }
        environment = {
            **isolated_environment(),
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": exchange.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_USER": "bot",
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (key, value) in enumerate(settings.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        for header, variable in (
            ("Content-Type", "CONTENT_TYPE"),
            ("Content-Encoding", "HTTP_CONTENT_ENCODING"),
            ("Git-Protocol", "GIT_PROTOCOL"),
        ):
            if sent := exchange.headers.get(header):
                environment[variable] = sent
        return environment


@contextlib.contextmanager
def git_server(
    folder: Path, *, tokens: set[str] | None = None, tls: Tls | bool = False
) -> Iterator[GitServer]:
    """Serves the bare repositories under folder/repositories. An empty set: no login is wanted."""
    require("git http-backend")
    root = folder / "repositories"
    root.mkdir(parents=True, exist_ok=True)
    files = write_tls(folder / "tls") if tls is True else tls or None
    http = LoopbackServer(
        lambda exchange: server.serve(exchange), tls=files.server_context() if files else None
    )
    server = GitServer(
        url=http.url,
        root=root,
        ca_file=files.ca_file if files else None,
        tokens={TOKEN} if tokens is None else tokens,
    )
    with serving(http):
        yield server


def _password(exchange: Exchange) -> str | None:
    scheme, _, value = exchange.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    return base64.b64decode(value).decode().partition(":")[2]


def _cgi(exchange: Exchange, environment: dict[str, str], record: Callable[[int], None]) -> None:
    """Hand the request to git http-backend, and its answer back."""
    body = exchange.read_body()
    environment["CONTENT_LENGTH"] = str(len(body))
    with subprocess.Popen(
        ["git", "http-backend"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as process:
        assert isinstance(process.stdin, io.BufferedWriter)
        assert isinstance(process.stdout, io.BufferedReader)
        feeding = threading.Thread(target=_feed, args=(process.stdin, body), daemon=True)
        feeding.start()
        _send_head(exchange, process.stdout, record)
        while chunk := process.stdout.read1(65536):
            exchange.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        feeding.join()
        # The client hears of the end only once the hooks of its push are done.
        process.wait()
        exchange.wfile.write(b"0\r\n\r\n")


def _send_head(
    exchange: Exchange, stdout: io.BufferedReader, record: Callable[[int], None]
) -> None:
    status = 200
    headers = []
    while line := stdout.readline().rstrip(b"\r\n").decode():
        name, _, value = line.partition(": ")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name, value))
    record(status)
    exchange.send_response(status)
    for name, value in headers:
        exchange.send_header(name, value)
    exchange.send_header("Transfer-Encoding", "chunked")
    exchange.end_headers()


def _feed(stdin: io.BufferedWriter, body: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), stdin:
        stdin.write(body)
