"""How registries behave that are odd, broken or hostile: what a pass sends them, and what it does.

One scenario for each row of what is known of registries, token servers and limits.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

from tests.support.scripted_http import Answer, Request, drip

USER, SECRET, GRANTED = "robot$team+bot", "Zq7rT-pW9_kLm4xVbN2", "granted-0123456789-abcdefghij"
DIGEST = "sha256:" + "1" * 64
OLD, NEW, WRONG = "1.0.0", "1.1.0", "1.9.0"
LIST = "GET /v2/app/tags/list?n=1000"
TOKEN = "/token?service=reg&scope=repository%3Aapp%3Apull"
ACCOUNT = "&account=robot%24team%2Bbot"
HEAD = b"HTTP/1.1 200 OK\r\n"
NOTHING = "-"
"""There is neither an update nor a problem."""
GZIP = HEAD + b"Content-Encoding: gzip\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Stage:
    """The hosts of the registry and of a server elsewhere, which grants tokens and lists WRONG."""

    registry: str
    elsewhere: str


Behave = Callable[[Request, Stage], Answer]
Known = Literal["", "password", "identity-token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`sent` is what the registry is sent, in order, each with the scheme of its Authorization;
    `elsewhere` what the other server is. `says` is a pattern of the problem, "" where there is
    none, and the image gets the tag NEW. `known` is the credential that there is for the registry;
    `trusted`: the other server may see it. `pin`: the policy wants a digest, too.
    """

    behave: Behave
    sent: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    says: str = ""
    known: Known = "password"
    trusted: bool = False
    pin: bool = False


def tags(*names: Any, link: str = "", **more: Any) -> Answer:
    headers = {"Link": link} if link else {}
    return Answer(headers=headers, body={"name": "app", "tags": list(names), **more})


GOOD = tags(OLD, NEW)


def good(_request: Request, _stage: Stage) -> Answer:
    return GOOD


def asked(request: Request, name: str) -> str:
    return parse_qs(request.query).get(name, [""])[0]


def always(answer: Answer) -> Behave:
    return lambda _request, _stage: answer


def raw(*pieces: bytes) -> Behave:
    return lambda _request, _stage: Answer(raw=pieces)


def dripping(begin: bytes, piece: bytes) -> Behave:
    return lambda _request, _stage: Answer(raw=drip(begin, piece))


def in_turn(*answers: Answer) -> Behave:
    """By the `last` that is asked for: without one the first, for the last tag of it the next."""

    def behave(request: Request, _stage: Stage) -> Answer:
        last = asked(request, "last")
        return answers[int(last) if last else 0]

    return behave


def pages(link: Callable[[Stage], str], second: Answer = GOOD, *first: Any) -> Behave:
    """Two pages; `link` makes the Link header of the first."""

    def behave(request: Request, stage: Stage) -> Answer:
        return second if asked(request, "last") else tags(*(first or (OLD,)), link=link(stage))

    return behave


def guarded(challenge: Callable[[Stage], str | list[str]], behave: Behave = good) -> Behave:
    """Asks for an Authorization with this challenge, and grants tokens itself."""

    def answer(request: Request, stage: Stage) -> Answer:
        if request.path == "/token":
            return Answer(body={"token": GRANTED, "expires_in": 300})
        if request.authorization is None:
            given = challenge(stage)
            each = [given] if isinstance(given, str) else given
            return Answer(401, [("WWW-Authenticate", one) for one in each])
        return behave(request, stage)

    return answer


def bearer(
    realm: str = "http://{0.registry}/token", rest: str = ',service="reg"'
) -> Callable[[Stage], str]:
    return lambda stage: f'Bearer realm="{realm.format(stage)}"{rest}'


def token_server(behave: Behave) -> Behave:
    """A registry whose token server answers in its own way."""
    guard = guarded(bearer())

    def answer(request: Request, stage: Stage) -> Answer:
        return (behave if request.path == "/token" else guard)(request, stage)

    return answer


def redirected(location: str, status: int = 307) -> Behave:
    """To another place, after the credential was given."""

    def behave(_request: Request, stage: Stage) -> Answer:
        return Answer(status, {"Location": location.format(stage)})

    return guarded(lambda _: 'Basic realm="x"', behave)


def echo(request: Request, _stage: Stage) -> Answer:
    said = f"{request.authorization} {SECRET} {GRANTED}"
    return Answer(403, {"X-Said": said}, {"errors": [{"code": "DENIED", "message": said}]})


def manifests(answer: Callable[[Request], Answer]) -> Behave:
    return lambda request, _stage: answer(request) if "/manifests/" in request.path else GOOD


def error(status: int, code: str, message: str = "no", **headers: str) -> Behave:
    """An error as the specification has it; underscores of a header's name are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return always(Answer(status, named, {"errors": [{"code": code, "message": message}]}))


BASIC = (LIST, f"{LIST} Basic")
BY_TOKEN = (LIST, f"GET {TOKEN}{ACCOUNT} Basic", f"{LIST} Bearer")
THRICE = (LIST,) * 3
PINNED = (LIST, f"HEAD /v2/app/manifests/{NEW}")
FULL = [f"0.0.{number}" for number in range(1000)]
SECOND = "/v2/app/tags/list?last=1"
INNER = ("169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "10.1.2.3",
         "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[fd00:ec2::254]", "0.0.0.0",
         "[fe80::1]", "localhost")  # fmt: skip


def with_second(*more: str) -> tuple[str, ...]:
    return (LIST, f"GET {SECOND}", *more)


LISTS: Mapping[str, Scenario] = {
    "distribution: everything, unsorted, whatever n is": Scenario(
        behave=always(tags(NEW, "latest", OLD)), sent=(LIST,)
    ),
    "distribution: null for an empty list": Scenario(
        behave=always(Answer(body={"name": "app", "tags": None})), sent=(LIST,), says=NOTHING
    ),
    "zot: a relative link that is not encoded": Scenario(
        behave=pages(lambda _: '</v2/app/tags/list?n=1000&last=1 0>; rel="next"'),
        sent=(LIST, f"{LIST}&last=1%200"),
    ),
    "zot: 404 when the tag of a page has gone": Scenario(
        behave=pages(lambda _: f"<{SECOND}>; rel=next", Answer(404)),
        sent=with_second(LIST, f"GET {SECOND}"),
        says="keeps changing while it is read",
    ),
    "Harbor: a relative link": Scenario(
        behave=pages(lambda _: f'<{SECOND}>; rel="next"'), sent=with_second()
    ),
    "Quay: an absolute link, and fewer than were asked for": Scenario(
        behave=pages(lambda stage: f'<http://{stage.registry}{SECOND}>; rel="next"'),
        sent=with_second(),
    ),
    "Quay: an opaque next_page": Scenario(
        behave=pages(lambda _: '</v2/app/tags/list?next_page=gAA%3D%3D&last=1>; rel="next"'),
        sent=(LIST, "GET /v2/app/tags/list?next_page=gAA%3D%3D&last=1"),
    ),
    "GHCR: an empty page between": Scenario(
        behave=in_turn(
            tags(OLD, link=f"<{SECOND}>; rel=next"),
            tags(link="</v2/app/tags/list?last=2>; rel=next"),
            GOOD,
        ),
        sent=with_second("GET /v2/app/tags/list?last=2"),
    ),
    "ECR: no more than 1,000 at a time, text/plain": Scenario(
        behave=lambda request, _: (
            Answer(405, body={"errors": [{"code": "UNSUPPORTED"}]})
            if int(asked(request, "n")) > 1000
            else Answer(headers={"Content-Type": "text/plain"}, body=json.dumps({"tags": [NEW]}))
        ),
        sent=(LIST,),
    ),
    "Google: more fields than there should be": Scenario(
        behave=always(tags(OLD, NEW, child=[], manifest={"sha256:0": {"tag": [WRONG]}})),
        sent=(LIST,),
    ),
    "Google: 200 and HTML for an error": Scenario(
        behave=always(Answer(headers={"Content-Type": "text/html"}, body="<html>Sign in")),
        sent=(LIST,),
        says="is not JSON",
    ),
    "Artifactory: a link without the prefix of the repository": Scenario(
        behave=pages(lambda _: '</v2/other/tags/list?last=1>; rel="next"'), sent=with_second()
    ),
    "Artifactory: digests, and of signatures, among tags": Scenario(
        behave=always(tags(DIGEST, f"sha256-{'1' * 64}", f"sha256-{'1' * 64}.sig", OLD, NEW)),
        sent=(LIST,),
    ),
    "Nexus: an absolute link with its own path, and nulls": Scenario(
        behave=pages(
            lambda stage: (
                f"<http://{stage.registry}/repository/r/v2/app/tags/list?last=1>; rel=next"
            ),
            tags(None, "", 7, NEW),
        ),
        sent=with_second(),
    ),
    "Gitea: pages without a link": Scenario(
        behave=lambda request, _: GOOD if asked(request, "last") else tags(*FULL),
        sent=(LIST, f"{LIST}&last=0.0.999"),
    ),
    "the specification: a link without rel, one with an empty parameter": Scenario(
        behave=in_turn(
            tags(OLD, link=f"<{SECOND}>"),
            tags(OLD, link="</v2/app/tags/list?last=2>;; rel=next;"),
            GOOD,
        ),
        sent=with_second("GET /v2/app/tags/list?last=2"),
    ),
    "a link that cannot be read": Scenario(
        behave=pages(lambda _: f"{SECOND}; rel=next"), sent=(LIST,), says="cannot be read"
    ),
    "a link in a circle": Scenario(
        behave=always(tags(OLD, WRONG, link=f"<{SECOND}>; rel=next")),
        sent=with_second(),
        says="links back",
    ),
    "a link to another server": Scenario(
        behave=guarded(
            lambda _: "Basic realm=x",
            pages(lambda stage: f"<http://{stage.elsewhere}{SECOND}>; rel=next"),
        ),
        sent=BASIC,
        says="next page of tags on another server",
    ),
    "a link with a user's name in it": Scenario(
        behave=pages(lambda stage: f"<http://a:b@{stage.registry}{SECOND}>; rel=next"),
        sent=(LIST,),
        says="next page of tags on another server",
    ),
    "not UTF-8": Scenario(behave=always(Answer(body=b"\xff\xfe")), sent=(LIST,), says="not JSON"),
    "cut short": Scenario(
        behave=always(Answer(body={"tags": [WRONG]}, cut_at=5)),
        sent=THRICE,
        says="connection broke",
    ),
    "gzip that unpacks to gigabytes": Scenario(
        behave=always(
            Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b" " * 40_000_000))
        ),
        sent=(LIST,),
        says="is larger than",
    ),
    "an encoding that was not asked for": Scenario(
        behave=always(Answer(headers={"Content-Encoding": "br"}, body=b"x")),
        sent=(LIST,),
        says="encoding that was not requested",
    ),
    "brackets": Scenario(behave=always(Answer(body=b"[" * 99_999)), sent=(LIST,), says="not JSON"),
}
MANIFESTS: Mapping[str, Scenario] = {
    "HEAD says the digest": Scenario(
        behave=manifests(lambda _: Answer(headers={"Docker-Content-Digest": DIGEST})),
        sent=PINNED,
        pin=True,
    ),
    "HEAD says no digest, or what is none": Scenario(
        behave=manifests(lambda _: Answer(headers={"Docker-Content-Digest": "x"}, body="{}")),
        sent=(*PINNED, f"GET /v2/app/manifests/{NEW}"),
        pin=True,
    ),
    "HEAD is not known": Scenario(
        behave=manifests(lambda one: Answer(405 if one.method == "HEAD" else 200, body="{}")),
        sent=(*PINNED, f"GET /v2/app/manifests/{NEW}"),
        pin=True,
    ),
    "404 unless every type is accepted": Scenario(
        behave=manifests(
            lambda one: Answer(
                200 if one.headers["Accept"].count("application/vnd.") == 4 else 404,
                {"Docker-Content-Digest": DIGEST},
            )
        ),
        sent=PINNED,
        pin=True,
    ),
    "listed, and not there": Scenario(
        behave=manifests(lambda _: Answer(404)),
        sent=(*PINNED, f"HEAD /v2/app/manifests/{OLD}"),
        says=NOTHING,
        pin=True,
    ),
}
REDIRECTS: Mapping[str, Scenario] = {
    "to a server elsewhere": Scenario(
        behave=redirected("http://{0.elsewhere}/v2/app/tags/list"),
        sent=BASIC,
        elsewhere=("GET /v2/app/tags/list",),
        # That server asks for credentials, and gets none.
        says="refused access",
    ),
    **{
        f"to {inner}": Scenario(
            behave=redirected(f"http://{inner}/latest/meta-data"),
            sent=BASIC,
            says="where no registry is asked|does not name it|not a usable address|cannot connect",
        )
        for inner in INNER
    },
    "without an end": Scenario(
        behave=redirected("/v2/app/tags/list?n=1000", 302),
        sent=(LIST, *(f"{LIST} Basic",) * 6),
        says="more than 5 redirects",
    ),
    "to a file": Scenario(
        behave=redirected("file:///etc/passwd"), sent=BASIC, says="not an http\\(s\\) address"
    ),
    "with a user's name": Scenario(
        behave=redirected("http://a@{0.elsewhere}/"), sent=BASIC, says="user name in it"
    ),
}
ACCESS: Mapping[str, Scenario] = {
    "Basic": Scenario(behave=guarded(lambda _: 'Basic realm="x"'), sent=BASIC),
    "Basic, and nothing to say": Scenario(
        behave=guarded(lambda _: 'Basic realm="x"'), sent=(LIST,), known="", says=r"access \(401"
    ),
    "nobody asks for the credential": Scenario(behave=always(GOOD), sent=(LIST,)),
    "Bearer": Scenario(behave=guarded(bearer()), sent=BY_TOKEN),
    "Bearer, anonymous": Scenario(
        behave=guarded(bearer()), sent=(LIST, f"GET {TOKEN}", f"{LIST} Bearer"), known=""
    ),
    "Bearer and Basic in one header, behind Negotiate": Scenario(
        behave=guarded(lambda stage: f"Negotiate YII=, {bearer()(stage)}, Basic realm=x"),
        sent=BY_TOKEN,
    ),
    "Codeberg: Bearer and Basic in two headers": Scenario(
        behave=guarded(lambda stage: ["basic realm=x", bearer()(stage)]), sent=BY_TOKEN
    ),
    "a relative realm, nothing quoted": Scenario(
        behave=guarded(lambda _: "bEARER Realm=/token,SERVICE=reg"), sent=BY_TOKEN
    ),
    "a scope of its own, which is asked for each time": Scenario(
        behave=guarded(
            bearer(rest=',service="reg",scope="repository:app:pull a:b:c"'),
            manifests(lambda _: Answer(headers={"Docker-Content-Digest": DIGEST})),
        ),
        sent=(
            *(LIST, f"GET {TOKEN}&scope=a%3Ab%3Ac{ACCOUNT} Basic", f"{LIST} Bearer"),
            *(PINNED[1], f"{PINNED[1]} Bearer"),
        ),
        pin=True,
    ),
    "OAuth2's access_token, and a lifetime that is none": Scenario(
        behave=token_server(always(Answer(body={"access_token": GRANTED, "expires_in": "soon"}))),
        sent=BY_TOKEN,
    ),
    "insufficient_scope for ever": Scenario(
        behave=guarded(
            bearer(),
            lambda _, stage: Answer(
                401, {"WWW-Authenticate": f'{bearer()(stage)},error="insufficient_scope"'}
            ),
        ),
        sent=BY_TOKEN,
        says=r"refused access \(401",
    ),
    "an identity token": Scenario(
        behave=guarded(bearer()),
        sent=(LIST, "POST /token", f"{LIST} Bearer"),
        known="identity-token",
    ),
    "an identity token, and no OAuth2": Scenario(
        behave=token_server(
            lambda request, _: Answer(
                404 if request.method == "POST" else 200, body={"token": GRANTED}
            )
        ),
        sent=(LIST, "POST /token", *BY_TOKEN[1:]),
        known="identity-token",
    ),
    "GitLab: a token server on another host": Scenario(
        behave=guarded(bearer("http://{0.elsewhere}/token")),
        sent=(LIST, f"{LIST} Bearer"),
        elsewhere=(f"GET {TOKEN}{ACCOUNT} Basic",),
        trusted=True,
    ),
    "GHCR: 403 from the token server": Scenario(
        behave=token_server(error(403, "DENIED", "requested access to the resource is denied")),
        sent=BY_TOKEN[:2],
        says="token server .* refused access",
    ),
    "Docker Hub: 401 for what is not there": Scenario(
        behave=guarded(bearer(), error(401, "UNAUTHORIZED")),
        sent=BY_TOKEN,
        says=r"refused access \(401",
    ),
    "no token": Scenario(
        behave=token_server(always(Answer(body={"token": ""}))),
        sent=BY_TOKEN[:2],
        says="no usable token",
    ),
    "a token that would break a header": Scenario(
        behave=token_server(always(Answer(body={"token": "a\r\nX-Injected: b"}))),
        sent=BY_TOKEN[:2],
        says="no usable token",
    ),
    "a token server that redirects": Scenario(
        behave=token_server(
            lambda _, stage: Answer(307, {"Location": f"http://{stage.elsewhere}/token"})
        ),
        sent=BY_TOKEN[:2],
        says="token server .* returned 307",
    ),
    **{
        f"a realm at {realm.partition('{')[0]}": Scenario(
            behave=guarded(bearer(realm)), sent=(LIST,), says=says
        )
        for realm, says in (
            ("ftp://{0.elsewhere}/token", "not an http"),
            ("http://a:b@{0.elsewhere}/token", "user name in it"),
            ("http://169.254.169.254/latest", "where no registry is asked"),
            ("http://[::ffff:a9fe:a9fe]/token", "where no registry is asked"),
            ("http://10.0.0.1/token", "does not name it"),
            ("http://2852039166/token", "where no registry is asked"),
            ("http://%31%36%39.254.169.254/", "characters in its host"),
            ("", "it is missing"),
        )
    },
    "it sends back what it got": Scenario(
        behave=guarded(bearer(), echo), sent=BY_TOKEN, says="DENIED"
    ),
    "its token server sends back what it got": Scenario(
        behave=token_server(
            lambda request, stage: error(403, "DENIED", f"{request.authorization} {SECRET}")(
                request, stage
            )
        ),
        sent=BY_TOKEN[:2],
        says="DENIED",
    ),
}
LIMITS: Mapping[str, Scenario] = {
    "429 without a word": Scenario(
        behave=always(Answer(429)), sent=THRICE, says="asks for a pause"
    ),
    "seconds": Scenario(
        behave=error(429, "TOOMANYREQUESTS", Retry_After="1"), sent=THRICE, says="asks for a pause"
    ),
    "an hour": Scenario(
        behave=error(429, "TOOMANYREQUESTS", Retry_After="3600"),
        sent=(LIST,),
        says="asks for a pause",
    ),
    "a date": Scenario(
        behave=error(429, "TOOMANYREQUESTS", Retry_After="Tue, 14 Nov 2090 22:13:20 GMT"),
        sent=(LIST,),
        says="asks for a pause",
    ),
    "several, the longest last": Scenario(
        behave=error(429, "TOOMANYREQUESTS", Retry_After="1, 3600"),
        sent=(LIST,),
        says="asks for a pause",
    ),
    "GHCR: microseconds in the text": Scenario(
        behave=error(429, "TOOMANYREQUESTS", "retry-after: 880µs, allowed: 44000/minute"),
        sent=THRICE,
        says="asks for a pause",
    ),
    "Docker Hub: nothing left": Scenario(
        behave=error(
            429,
            "TOOMANYREQUESTS",
            RateLimit_Limit="100;w=21600",
            RateLimit_Remaining="0;w=21600",
            RateLimit_Reset="3600",
        ),
        sent=(LIST,),
        says="asks for a pause",
    ),
    **{
        f"{status}": Scenario(
            behave=error(status, "UNKNOWN"), sent=THRICE, says=f"failed .{status}"
        )
        for status in (408, 500, 502, 503, 504, 522)
    },
    "501, which does not pass": Scenario(
        behave=always(Answer(501)), sent=(LIST,), says="failed .501"
    ),
    "403 DENIED": Scenario(behave=error(403, "DENIED"), sent=(LIST,), says="refused access .403"),
    "404 NAME_UNKNOWN": Scenario(
        behave=error(404, "NAME_UNKNOWN"), sent=(LIST,), says="does not have it .404"
    ),
    "an error in HTML": Scenario(
        behave=always(Answer(418, body="<h1>internal admin</h1>")),
        sent=(LIST,),
        says="returned 418$",
    ),
    "an error that moves the cursor": Scenario(
        behave=error(400, "NAME_INVALID", "\x1b[2J\r\n::error::x"),
        sent=(LIST,),
        says="NAME_INVALID",
    ),
}
STALLS: Mapping[str, Scenario] = {
    "silence": Scenario(behave=always(Answer(hang=True)), sent=(LIST,), says="sent nothing for"),
    "silence in the middle": Scenario(
        behave=raw(HEAD + b"Content-Length: 99\r\n\r\n{"), sent=(LIST,), says="nothing for|less"
    ),
    "the end before an answer": Scenario(
        behave=always(Answer(drop=True)), sent=THRICE, says="connection broke"
    ),
    **{
        f"drips in {where}": Scenario(
            behave=behave, sent=(LIST,), says="less than|more than .* for"
        )
        for where, behave in (
            ("the status line", dripping(b"HT", b"T")),
            ("a header", dripping(HEAD + b"X: ", b"x")),
            ("headers", dripping(HEAD, b"X: y\r\n")),
            ("interim responses", dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")),
            ("the body", dripping(HEAD + b"Content-Length: 9999\r\n\r\n{", b" ")),
            ("a chunk's extension", dripping(CHUNKED + b"5;", b"a")),
            ("the size of a chunk", dripping(CHUNKED, b"0")),
            ("trailers", dripping(CHUNKED + b"0\r\nX: ", b"a")),
            # Blocks of no bytes
            ("gzip", dripping(GZIP + gzip.compress(b"")[:10], b"\0\0\0\xff\xff")),
        )
    },
    "redirects that take their time": Scenario(
        behave=lambda request, _: Answer(302, {"Location": request.path + "/x"}, delay=0.7),
        sent=(LIST, *(f"GET /v2/app/tags/list{'/x' * number}" for number in range(1, 6))),
        says="more than|redirects",
    ),
    "not HTTP": Scenario(
        behave=raw(b"220 mail.example ESMTP\r\n\r\n"), sent=THRICE, says="connection broke"
    ),
}
TABLES: Mapping[str, Mapping[str, Scenario]] = {
    "lists": LISTS,
    "manifests": MANIFESTS,
    "redirects": REDIRECTS,
    "access": ACCESS,
    "limits": LIMITS,
    "stalls": STALLS,
}
