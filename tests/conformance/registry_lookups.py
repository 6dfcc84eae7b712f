"""Docker, kubelet, go-containerregistry, oras-go and containerd: where credentials and challenges
come from, what a Link header leads to, and which references are valid.

The facts are those of the tests of these projects, and of the examples in RFC 8288 and RFC 9110
(`registry_lookups.json`, one list of rows for each table).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from imagebot.errors import CredentialError, InvalidReferenceError, RegistryProtocolError
from imagebot.http import guard
from imagebot.http.address import normalise_host
from imagebot.http.endpoint import find_endpoint
from imagebot.http.reach import Permit, Reach, literal_address
from imagebot.http.zone import NetworkZone, zone_of
from imagebot.reference import parse_reference
from imagebot.registry.challenge import parse_challenges
from imagebot.registry.credentials import Credential, Credentials
from imagebot.registry.protocol import next_page
from tests.conformance.table import Answer, Question, Table

ERROR = "error"

KINDS: Mapping[str, str] = {
    "Whole parts of a path": (
        "For a kubelet, the key `registry.example/acme` also fits the image "
        "`registry.example/acmeister/app`. In imagebot, a key ends at a `/`, as in docker and "
        "podman: the credential of one team must not be sent for another's repository."
    ),
    "A helper of another machine": (
        "For go-containerregistry, a `credsStore` whose program is not installed is an error. "
        "imagebot says so once, and then asks without a credential: the file may have been made on "
        "a laptop, and most images need none."
    ),
    "Plain http is asked for": (
        "go-containerregistry uses plain http for private addresses such as `10.2.3.4:5000`. "
        "imagebot uses it for this machine only, and elsewhere with `insecure: true`: a private "
        "network does not make a password safe in clear text. It does not take `::1` without "
        "brackets for a host; such a name cannot be in a reference."
    ),
    "Token servers on the same machine": (
        "go-containerregistry refuses a token server on another port of a loopback address. "
        "Without a bot's own file, imagebot accepts one for a registry that is on this machine "
        "itself, where nothing else could be reached that the registry could not reach anyway."
    ),
    "Links are never ignored": (
        "go-containerregistry and requests ignore a Link header that they cannot read, and "
        "requests one without `rel`. imagebot follows the first link without `rel`, as "
        "go-containerregistry does, and fails for a header that it cannot read: a list that ends "
        "too early would look like a whole one."
    ),
}


def credential(auths: str, image: str) -> str | None:
    """The user for an image; `auths` are `key=user`, parted by blanks."""
    entries = {}
    for each in auths.split():
        key, _, name = each.rpartition("=")
        entries[key] = {"username": name, "password": "x"}
    found = _look(json.dumps({"auths": entries}), image)
    return found.partition(":")[0] if found else None


def entry(text: str) -> str | None:
    """User and secret of an entry in JSON."""
    return _look(json.dumps({"auths": {"r.example": json.loads(text)}}), "r.example/app")


def _look(content: str, image: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(content, encoding="utf-8")
        try:
            found = _credential({"DOCKER_CONFIG": folder, "PATH": folder}, image)
        except CredentialError:
            return ERROR
    return f"{found.username}:{found.secret}" if found else None


def _credential(env: Mapping[str, str], image: str) -> Credential | None:
    repository = parse_reference(image).repository
    return Credentials([], env).lookup(repository.registry, repository.path)


_FILES = {
    "DOCKER_CONFIG": "config.json",
    "REGISTRY_AUTH_FILE": "",
    "XDG_RUNTIME_DIR": "containers/auth.json",
    "XDG_CONFIG_HOME": "containers/auth.json",
    "~/.docker": "config.json",
    "~/.config": "containers/auth.json",
}


def first_file(places: str) -> str | None:
    """Of the files in these places, the one whose credential is used."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"HOME": f"{folder}/home"}
        for place in places.split():
            below = Path(folder, "home", place[2:]) if "~" in place else Path(folder, place)
            file = below / _FILES[place] if _FILES[place] else below
            file.parent.mkdir(parents=True, exist_ok=True)
            known = {"r.example": {"username": place, "password": "x"}}
            file.write_text(json.dumps({"auths": known}), encoding="utf-8")
            if "~" not in place:
                env[place] = str(below)
        found = _credential(env, "r.example/app")
    return found.username if found else None


def scheme(host: str) -> str:
    return find_endpoint(normalise_host(host), {}).url.partition(":")[0]


def realm_is_refused(realm: str, registry: str) -> bool:
    """As for one's own references; every name is taken for a public one."""
    if guard.refuse(realm, registry):
        return True
    here, there = (literal_address(urlsplit(url).hostname or "") for url in (registry, realm))
    near = zone_of(here) if here else NetworkZone.PUBLIC
    return bool(there) and not Permit(Reach(own=True), near).allows("r", 443, there)


def is_reference(text: str) -> bool:
    try:
        parse_reference(text)
    except InvalidReferenceError:
        return False
    return True


KNOWN_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "newauth"})


def schemes(headers: str) -> tuple[str, ...]:
    found = parse_challenges(headers.split("\n"))
    return tuple(each.scheme for each in found if each.scheme in KNOWN_SCHEMES)


def parameters(headers: str) -> tuple[str, ...]:
    first = parse_challenges(headers.split("\n"))[0]
    return tuple(f"{key}={value}" for key, value in sorted(first.parameters.items()))


def following(links: str, url: str) -> str | None:
    try:
        return next_page("r.example/app", links.split("\n"), url)
    except RegistryProtocolError:
        return ERROR


def _rows(name: str) -> list[tuple[Answer, ...]]:
    """JSON has lists for tuples."""
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    rows = json.loads(text)[name]
    return [tuple(tuple(each) if isinstance(each, list) else each for each in row) for row in rows]


_PARTIAL = (
    (
        "fake.registry.io=root fake.registry.io/nested=nested fake.registry.io/nested/repo=leaf "
        "fake.registry.io/par=partial"
    ),
    "fake.registry.io/partial",
)
_LIST = "https://example.com/v2/myrepo/tags/list"
_OTHER_LIST = "https://registry.example.com/v2/app/tags/list"
_UNREAD: dict[Question, tuple[str, Answer]] = {
    (link, _LIST): ("Links are never ignored", ERROR) for link in ("<", "><", "<>", "<\x7f>")
}

TABLES = (
    Table(
        "credentials",
        credential,
        _rows("credentials"),
        {_PARTIAL: ("Whole parts of a path", "root")},
    ),
    Table("entries", entry, _rows("entries")),
    Table(
        "files",
        _look,
        _rows("files"),
        {
            ('{"credsStore":"#definitely-does-not-exist"}', "test.io/my-repo"): (
                "A helper of another machine",
                None,
            )
        },
    ),
    Table("order", first_file, _rows("order")),
    Table(
        "schemes",
        scheme,
        _rows("schemes"),
        {
            ("::1",): ("Plain http is asked for", "https"),
            ("10.2.3.4:5000",): ("Plain http is asked for", "https"),
        },
    ),
    Table(
        "realms",
        realm_is_refused,
        _rows("realms"),
        {
            ("http://127.0.0.1:8080/auth", "http://127.0.0.1:5000"): (
                "Token servers on the same machine",
                False,
            )
        },
    ),
    Table("references", is_reference, _rows("references")),
    Table("challenge schemes", schemes, _rows("challenge schemes")),
    Table("challenge parameters", parameters, _rows("challenge parameters")),
    Table(
        "next pages",
        following,
        _rows("next pages"),
        {
            **_UNREAD,
            (f"<{_OTHER_LIST}?n=2&last=b>", _OTHER_LIST): (
                "Links are never ignored",
                f"{_OTHER_LIST}?n=2&last=b",
            ),
        },
    ),
)
