"""The one place that starts git.

git runs through GitPython's `Git.execute`, with bytes in and out, in its own process group and in
an environment that holds nothing but what is listed here: no configuration of the user or the
system, no hooks, no prompts, no other protocol than that of the target's URL. What GitPython adds
are the few variables that the process keeps for its libraries (`cli/environment.py`); they are
taken away before git starts. Only the look at a remote does without GitPython, of which the import
takes as long as the look: most passes need nothing else of git.

A token goes to git over an inherited, unnamed file and git's credential protocol. It is never in
an argument, a variable, a configuration or a file that has a name, and it is only given to the
host of the target. Redirects are not followed: git would take an `Authorization` header along.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Literal

from imagebot.errors import GitError, GitUnreachableError
from imagebot.git.classify import NOT_FOUND, failure
from imagebot.git.credentials import Access
from imagebot.git.url import GitUrl
from imagebot.parallel.child import TimedOutError, TooMuchOutputError, communicate
from imagebot.parallel.stop import Stop
from imagebot.values import dataclass

LOCAL_SECONDS = 120.0
REMOTE_SECONDS = 600.0
MAX_OUTPUT = 256 * 1024 * 1024
# What a remote may make git use, whatever it sends: 8 GiB for a file (a pack; blocks of 512 bytes)
# and 4 GiB of memory for a process (KiB). Where a limit is lower already, it stays.
_LIMITS = "ulimit -S -f 16777216; ulimit -S -v 4194304"

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    # Packs are mapped in pieces, so that the memory limit does not limit their size.
    "core.packedGitWindowSize=64m",
    "core.packedGitLimit=512m",
    "gc.auto=0",
    "gc.autoDetach=false",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "credential.helper=",
    "http.followRedirects=false",
    "http.sslVerify=true",
    # Gives up on a server that sends next to nothing long before the time-out.
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
    "fetch.fsckObjects=true",
    # Flaws of old commits that every forge accepts; none can make git do anything.
    *(
        f"fetch.fsck.{name}=ignore"
        for name in (
            "badTimezone", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "missingEmail",
            "missingNameBeforeEmail", "zeroPaddedFilemode", "zeroPaddedDate", "badDate", "badEmail",
        )
    ),
)  # fmt: skip

# One argument of the shell instead of many: GitPython looks for passwords in each.
_GIT = " ".join(("git", *(f"-c {shlex.quote(each)}" for each in _SETTINGS)))
# Variables that every shell can take away; those that bash sets for good are not among them.
_SHELL_NAME_RE = re.compile(r"(?!(?:UID|EUID|PPID|BASHOPTS|SHELLOPTS)\Z)[A-Za-z_][A-Za-z0-9_]*")

# What is missing here is at the remote: of a clone without blobs, that is no damage.
_PROMISE = ("remote.origin.promisor=true", "remote.origin.partialclonefilter=blob:none")
# Linux passes on variables of at most this size, with their names.
_MAX_VARIABLE = 128 * 1024
_SPARE = 256

# Answers git's `get` with the token, but only for the one origin it is for.
_HELPER = (
    "!f() {"
    ' test "$1" = get || exit 0;'
    " p=; h=;"
    ' while IFS= read -r l && test -n "$l"; do'
    ' case "$l" in protocol=*) p=${l#protocol=};; host=*) h=${l#host=};; esac;'
    " done;"
    ' test "$p://$h" = "$IMAGEBOT_GIT_ORIGIN" || exit 0;'
    ' printf "username=%s\\npassword=" "$IMAGEBOT_GIT_USERNAME";'
    ' cat "/dev/fd/$IMAGEBOT_GIT_TOKEN";'
    " echo; }; f"
)


@dataclass(frozen=True, slots=True)
class Result:
    status: int
    out: bytes
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs git in `directory`; commands that reach `url` are given `access`.

    `repository` says where git finds the one it works on: `directory` itself, around it, or
    nowhere. `local_seconds` and `remote_seconds` are the most that one command may take. No command
    starts once `stop` was asked; only a push that has begun by then gets some time.
    """

    directory: Path
    access: Access
    url: GitUrl | None = None
    repository: Literal["here", "around", "none"] = "here"
    local_seconds: float = LOCAL_SECONDS
    remote_seconds: float = REMOTE_SECONDS
    stop: Stop = field(default_factory=Stop, compare=False, repr=False)

    @property
    def subject(self) -> str:
        return self.url.text if self.url else str(self.directory)

    def local(self, *args: str, payload: bytes = b"", limit: int = MAX_OUTPUT) -> bytes:
        """Stdout of a command that talks to no remote.

        Raises GitError.
        """
        return self._checked(self.try_local(*args, payload=payload, limit=limit))

    def try_local(
        self,
        *args: str,
        payload: bytes = b"",
        limit: int = MAX_OUTPUT,
        promised: bool = False,
    ) -> Result:
        """As `local`, but another status than 0 is an answer.

        With `promised`, git may take it that the remote has what is missing here.
        """
        settings: list[str] = []
        environment = self._environment("")
        if promised:
            _promise(settings, environment)
        return self._run(args, settings, environment, payload, limit, self.local_seconds, ())

    def remote(
        self,
        *args: str,
        payload: bytes = b"",
        limit: int = MAX_OUTPUT,
        promised: bool = False,
    ) -> bytes:
        """Stdout of a command that talks to the remote `origin`, which is `url`.

        With `promised`, git may take it that the remote has what is missing here. Raises
        GitAuthError, GitUnreachableError and GitError.
        """
        result = self.try_remote(*args, payload=payload, limit=limit, promised=promised)
        return self._checked(result)

    def try_remote(
        self,
        *args: str,
        payload: bytes = b"",
        limit: int = MAX_OUTPUT,
        promised: bool = False,
    ) -> Result:
        """As `remote`, but another status than 0 is an answer."""
        assert self.url is not None
        settings = [f"remote.origin.url={self.url.text}"]
        environment = self._environment(self.url.scheme)
        with self._token() as token:
            if token is not None:
                settings.append(f"credential.helper={_HELPER}")
                environment["IMAGEBOT_GIT_ORIGIN"] = self.url.origin
                environment["IMAGEBOT_GIT_USERNAME"] = self.access.username
                environment["IMAGEBOT_GIT_TOKEN"] = str(token)
            fds = () if token is None else (token,)
            seconds = self.remote_seconds
            if promised:
                _promise(settings, environment)
            return self._run(args, settings, environment, payload, limit, seconds, fds)

    def try_push(self, *args: str) -> Result:
        """As `try_remote` with `git push`; once begun, it may end although `stop` was asked."""
        with self.stop.finishing():
            return self.try_remote("push", *args)

    def _checked(self, result: Result) -> bytes:
        if result.status != 0:
            raise self.failure(result)
        return result.out

    def failure(self, result: Result) -> GitError:
        """The error for a command that ended with another status than 0."""
        access = self.access
        return failure(
            self.subject, result.status, result.err, access.redaction, origin=access.origin
        )

    def _environment(self, scheme: str) -> dict[str, str]:
        environment = {
            "HOME": "/nonexistent",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            **self.access.inherited,
            "LC_ALL": "C",
            "LANGUAGE": "C",
            "TZ": "UTC",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": scheme or "none",
            "GIT_OPTIONAL_LOCKS": "0",
            # `BareCache` reads them as files; git 3 would keep them in tables.
            "GIT_DEFAULT_REF_FORMAT": "files",
            "GIT_PAGER": "cat",
        }
        if self.repository == "here":
            environment["GIT_DIR"] = str(self.directory)
        elif self.repository == "none":
            # One above would bring its own configuration.
            environment["GIT_CEILING_DIRECTORIES"] = str(self.directory.parent)
        if scheme == "ssh":
            environment["GIT_SSH_COMMAND"] = ssh_command(self.access)
            environment["GIT_SSH_VARIANT"] = "ssh"
        return environment

    @contextlib.contextmanager
    def _token(self) -> Iterator[int | None]:
        """A file without a name that holds the token, as a descriptor to inherit."""
        if not self.access.token or self.url is None or not self.url.origin:
            yield None
            return
        with contextlib.ExitStack() as stack:
            if hasattr(os, "memfd_create"):
                descriptor = os.memfd_create("token")
                stack.callback(os.close, descriptor)
            else:
                descriptor = stack.enter_context(tempfile.TemporaryFile()).fileno()
            os.write(descriptor, self.access.token.encode())
            os.lseek(descriptor, 0, os.SEEK_SET)
            yield descriptor

    def _run(
        self,
        args: tuple[str, ...],
        settings: Sequence[str],
        environment: Mapping[str, str],
        payload: bytes,
        limit: int,
        seconds: float,
        inherit: tuple[int, ...],
    ) -> Result:
        if not self.directory.is_dir():
            # GitPython would run git in the folder that the bot happens to be in.
            raise GitError(str(self.directory), "no such folder")
        options = [part for each in settings for part in ("-c", each)]
        argv = ["/bin/sh", "-c", _script(environment), "sh", *options, *args]
        start = _start_alone if args[0] == "ls-remote" else _start
        try:
            status, out, err = communicate(
                lambda: start(argv, self.directory, environment, inherit),
                payload,
                seconds=seconds,
                limit=limit,
                stop=self.stop,
                spare=args[0] == "push",
            )
        except TimedOutError as error:
            raise GitUnreachableError(
                self.subject,
                f"git {args[0]} did not finish within {seconds:g} s",
                hint="the next pass tries again",
            ) from error
        except TooMuchOutputError as error:
            raise GitError(
                self.subject, f"git {args[0]} answers with more than {limit} bytes"
            ) from error
        return Result(status, out, err.decode("utf-8", "replace"))


def _script(environment: Mapping[str, str]) -> str:
    """What the shell does: it limits itself, and becomes git with nothing but `environment`.

    GitPython adds to the environment it runs in and cannot take away. The shell can, without
    another program; `env` does it for names that are none of a shell's variables.
    """
    names = [name for name in os.environ if name not in environment]
    own = [name for name in names if _SHELL_NAME_RE.fullmatch(name)]
    others = [f"-u {shlex.quote(name)}" for name in names if not _SHELL_NAME_RE.fullmatch(name)]
    unset = f"unset {' '.join(own)};" if own else ""
    env = f"env {' '.join(others)} " if others else ""
    return f'{{ {_LIMITS}; }} 2>/dev/null; {unset} exec {env}{_GIT} "$@"'


def _promise(settings: list[str], environment: dict[str, str]) -> None:
    """Add that the remote has what is missing here, and that git must not fetch it by itself.

    A command that meets a damaged object would start a fetch to get it, which meets it again and
    starts another one, without end. GIT_NO_LAZY_FETCH is of git 2.45. Before, each adds a setting
    to the variable that hands all of them on; a meaningless one makes it so long that few more
    fit, and then git cannot be started.
    """
    environment["GIT_NO_LAZY_FETCH"] = "1"
    settings += _PROMISE
    all_ = (*_SETTINGS, *settings)
    # As git quotes them: 'name'='value', separated by spaces; a ' and a ! take four characters.
    taken = sum(len(each.encode()) + 5 + 3 * (each.count("'") + each.count("!")) for each in all_)
    name = "imagebot.padding="
    free = _MAX_VARIABLE - len("GIT_CONFIG_PARAMETERS=") - taken - len(name) - _SPARE
    settings.append(name + "x" * free)


def _start_alone(
    argv: list[str], directory: Path, environment: Mapping[str, str], inherit: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    """As `_start`, without GitPython."""
    return subprocess.Popen(
        argv,
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        pass_fds=inherit,
    )


def _start(
    argv: list[str], directory: Path, environment: Mapping[str, str], inherit: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    try:
        from git import Git  # takes 0.1 s, and runs git once
    except ImportError as error:
        raise failure("git", NOT_FOUND, "") from error

    started = Git(str(directory)).execute(
        argv,
        istream=subprocess.PIPE,
        as_process=True,
        env=environment,
        start_new_session=True,
        pass_fds=inherit,
    )
    # GitPython's wrapper kills the process when it is collected; from here on it is ours to end.
    process, started.proc = started.proc, None
    assert process is not None
    return process


def ssh_command(access: Access) -> str:
    """An ssh that never prompts and trusts only known hosts; with a key, it uses only that key."""
    options = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "ConnectTimeout=20",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=3",
        "ForwardAgent=no",
        "ForwardX11=no",
        "PermitLocalCommand=no",
    ]
    command = ["ssh"]
    if access.ssh_key:
        command += ["-F", "/dev/null", "-i", access.ssh_key]
        options += ["IdentitiesOnly=yes", "IdentityAgent=none"]
    if access.known_hosts:
        # In quotes, because ssh splits the value at spaces.
        options += [f'UserKnownHostsFile="{access.known_hosts}"', "GlobalKnownHostsFile=/dev/null"]
    return shlex.join([*command, *(part for each in options for part in ("-o", each))])
