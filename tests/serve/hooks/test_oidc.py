"""Tokens of CI jobs: whose they are, for whom, until when, and what they may announce."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from imagebot.serve.hooks.jwks import read_keys
from imagebot.serve.hooks.model import Delivery, Heard, Refused
from imagebot.serve.hooks.oidc import key_id, verify
from imagebot.serve.hooks.receive import receive
from tests.serve.hooks.deliveries import images
from tests.serve.hooks.issuer import (
    AUDIENCE,
    ISSUER,
    NOW,
    claims,
    delivery,
    forged,
    jwk,
    jwks,
    key,
    known_keys,
    oidc_hook,
    pem,
    token,
)


def reason(made: str, **options: Any) -> str:
    """Why a token is refused; "" when it is accepted."""
    found = verify(made, known_keys(), oidc_hook(**options), NOW)
    if not isinstance(found, Refused):
        return ""
    assert found.status == 401
    return found.reason.removeprefix("the token is refused: ")


def test_a_token_of_the_issuer_is_accepted() -> None:
    assert reason(token()) == ""
    assert reason(token(algorithm="ES256", private=key("ec", "P-256"), kid="ec")) == ""
    found = verify(token(), known_keys(), oidc_hook(), NOW)
    assert not isinstance(found, Refused)
    assert found["repository"] == "acme/app"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://evil.example.com"}, "its issuer is https://evil.example.com"),
        ({"iss": ISSUER + "/"}, f"its issuer is {ISSUER}/"),
        ({"iss": None}, "its issuer is missing"),
        ({"iss": [ISSUER]}, "its issuer is missing"),
        ({"aud": "sts.amazonaws.com"}, "it is for another audience"),
        ({"aud": None}, "it is for another audience"),
        ({"aud": []}, "it is for another audience"),
        ({"aud": {AUDIENCE: 1}}, "it is for another audience"),
        ({"aud": AUDIENCE[:-1]}, "it is for another audience"),
        ({"exp": NOW - 60}, "it has expired"),
        ({"exp": 0}, "it has expired"),
        ({"exp": None}, "it never expires"),
        ({"exp": "1e12"}, "its exp is not a time"),
        ({"exp": True}, "its exp is not a time"),
        ({"exp": 10**400}, "its exp is not a time"),
        ({"exp": [NOW + 60]}, "its exp is not a time"),
        ({"nbf": NOW + 61}, "it is not valid yet"),
        ({"iat": NOW + 61}, "it is not valid yet"),
        ({"nbf": "soon"}, "its nbf is not a time"),
        ({"iat": {}}, "its iat is not a time"),
        ({"repository": "evil/app"}, "its repository is evil/app"),
        ({"repository": "acme/app/x"}, "its repository is acme/app/x"),
        ({"repository": None}, "it has no repository"),
        ({"repository": {"acme/app": 1}}, "it has no repository"),
        ({"repository": []}, "it has no repository"),
        ({"ref": "refs/heads/feature"}, "its ref is refs/heads/feature"),
        ({"ref": "refs/heads/main\nx"}, r"its ref is refs/heads/main\nx"),
    ],
)
def test_what_a_token_must_say(changes: dict[str, Any], why: str) -> None:
    assert reason(token(claims(**changes))) == why


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["x", AUDIENCE]},
        {"exp": NOW - 59},
        {"nbf": NOW + 60},
        {"iat": NOW + 60},
        {"nbf": None, "iat": None},
        {"exp": NOW + 0.5},
        {"ref": "refs/tags/v1"},
        {"ref": ["refs/heads/other", "refs/heads/main"]},
    ],
)
def test_what_a_token_may_say(changes: dict[str, Any]) -> None:
    assert reason(token(claims(**changes))) == ""


@pytest.mark.parametrize(
    ("value", "glob", "fits"),
    [
        (True, "true", True),
        (True, "1", False),
        (False, "false", True),
        (None, "**", False),
        (42, "42", True),
        (42, "4*", True),
        (1.5, "1.5", True),
        ("x", "[", False),
        (["a", "b"], "b", True),
        (["a", ["b"]], "b", False),
        ([True, 7], "7", True),
        ({"a": "b"}, "**", False),
        ("a/b", "*", False),
        ("a/b", "**", True),
    ],
)
def test_claims_are_compared_with_globs(value: object, glob: str, fits: bool) -> None:
    made = token(claims(thing=value))
    assert (reason(made, claims={"thing": (glob,)}) == "") == fits


def test_every_claim_must_match() -> None:
    assert reason(token(claims(a="1", b="2")), claims={"a": ("1",), "b": ("2",)}) == ""
    assert reason(token(claims(a="1", b="3")), claims={"a": ("1",), "b": ("2",)}) == "its b is 3"
    assert reason(token(), claims={"repository": ()}) == "its repository is acme/app"


def test_a_hook_without_an_audience_accepts_nothing() -> None:
    for audience in ("", None, [""]):
        assert reason(token(claims(aud=audience)), audience="") == "it is for another audience"


# Signatures


def test_only_the_issuer_s_keys_count() -> None:
    stranger = key("stranger")
    assert reason(token(private=stranger)) == "its signature is wrong"
    assert reason(token(kid="other")) == "the issuer has no key with its id"
    assert reason(token(kid="ec")) == "its key is not one for RS256"
    assert reason(token(algorithm="RS512")) == "its key is not one for RS512"
    for header in (
        {"jwk": jwk(stranger, "main")},
        {"jku": "https://evil.example.com/keys"},
        {"x5c": ["MIIB"]},
    ):
        assert reason(token(private=stranger, **header)) == "its signature is wrong"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 0])
def test_no_signature_is_no_proof(algorithm: object) -> None:
    made = forged({"alg": algorithm, "kid": "main", "typ": "JWT"}, claims())
    assert reason(made) == "it is signed in a way that is not accepted"
    assert reason(token().rpartition(".")[0] + ".") == "its signature is wrong"


@pytest.mark.parametrize("algorithm", ["HS256", "hs256", "HS384", "RS256", "EdDSA"])
def test_the_public_key_is_no_secret(algorithm: str) -> None:
    """An HMAC by the key that everybody has, under its own name or that of RSA."""
    published = json.dumps(jwk(key("main"), "main")).encode()
    for secret in (pem(key("main")), pem(key("main")).strip(), published, b"main"):
        made = forged({"alg": algorithm, "kid": "main"}, claims(), secret)
        assert reason(made) in (
            "it is signed in a way that is not accepted",
            "its signature is wrong",
        )


def test_any_changed_character_is_refused() -> None:
    made = token()
    start, _, signature = made.rpartition(".")
    for index in range(0, len(start), 7):
        other = "A" if made[index] != "A" else "B"
        assert reason(made[:index] + other + made[index + 1 :]), index
    assert reason(f"{start}.{signature[:-2]}") == "its signature is wrong"


@pytest.mark.parametrize("extension", [{"crit": ["exp"]}, {"crit": []}, {"b64": False}])
def test_extensions_are_refused(extension: dict[str, Any]) -> None:
    made = forged({"alg": "RS256", "kid": "main", **extension}, claims())
    assert reason(made).startswith("it is ")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("", "has no token: Authorization: Bearer TOKEN"),
        ("a.b.c", "it is not a signed token"),
        ("....", "it is not a signed token"),
        ("é.é.é", "it is not a token"),
        ("a" * 20_000, "it is not a token"),
        (forged({"alg": "RS256"}, claims()), "it names no key, or"),
        (forged({"alg": "RS256", "kid": 7}, claims()), "it "),
        (forged({"alg": "RS256", "kid": "main"}, [1]), "it names no key, or"),  # type: ignore[arg-type]
    ],
    ids=range(8),
)
def test_what_is_not_a_token(made: str, why: str) -> None:
    assert reason(made).startswith(why)


@given(st.text(st.characters(), max_size=100) | st.from_regex(r"[\w-]{0,40}(\.[\w-]{0,40}){0,4}"))
def test_any_text_is_refused(made: str) -> None:
    assert reason(made)
    assert isinstance(key_id(made, oidc_hook()), Refused)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(claims())), JSON, min_size=1))
def test_signed_claims_of_any_kind_are_judged(changes: dict[str, Any]) -> None:
    """Nothing is raised, and whatever is not what was asked for is refused."""
    why = reason(token({**claims(), **changes}))
    asked = {name: value for name, value in changes.items() if name in ("iss", "repository")}
    assert why or all(value in (claims()[name], [claims()[name]]) for name, value in asked.items())


# Which key


def test_a_stranger_s_token_makes_nobody_ask_for_keys() -> None:
    assert key_id(token(), oidc_hook()) == "main"
    assert key_id(token(kid="new"), oidc_hook()) == "new"
    for made in (token(claims(iss="https://evil.example.com")), "", "a.b.c", forged({}, {})):
        refused = key_id(made, oidc_hook())
        assert isinstance(refused, Refused)
        # A stranger's words are in no log.
        assert "evil" not in refused.reason


@pytest.mark.parametrize(
    ("published", "usable"),
    [
        (jwk(key("main"), "k"), True),
        (jwk(key("main"), "k", use=None), True),
        (jwk(key("main"), "k", use="enc"), False),
        (jwk(key("main"), "k", alg="HS256"), False),
        (jwk(key("main"), "k", alg="RS384"), False),
        (jwk(key("main"), "k", kty="oct", k="c2VjcmV0"), False),
        (jwk(key("main"), "k", n="!"), False),
        (jwk(key("main"), "k", n=7), False),
        (jwk(key("main"), "k", e=""), False),
        (jwk(key("main"), ""), False),
        ({**jwk(key("main"), "k"), "kid": 7}, False),
        (jwk(key("small", "rsa-1024"), "k"), False),
        (jwk(key("ec", "P-256"), "k"), False),
        (jwk(key("ec", "P-256"), "k", alg="RS256"), False),
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "k", "alg": "RS256"}, False),
    ],
)
def test_keys_of_an_issuer(published: dict[str, Any], usable: bool) -> None:
    keys = read_keys(jwks(published))
    found = keys.get("k")
    assert (found is not None and "RS256" in found.algorithms) == usable
    if usable:
        assert not isinstance(verify(token(kid="k"), keys, oidc_hook(), NOW), Refused)


def test_a_private_key_that_is_published_is_used_as_a_public_one() -> None:
    private = key("main")
    assert isinstance(private, RSAPrivateKey)
    published = {**RSAAlgorithm.to_jwk(private, as_dict=True), "kid": "main"}
    published.pop("key_ops")
    keys = read_keys(jwks(published))
    assert not isinstance(verify(token(), keys, oidc_hook(), NOW), Refused)


def test_each_curve_has_one_algorithm() -> None:
    keys = read_keys(jwks(jwk(key("ec", "P-256"), "a"), jwk(key("ec3", "P-384"), "b")))
    assert {name: set(each.algorithms) for name, each in keys.items()} == {
        "a": {"ES256"},
        "b": {"ES384"},
    }


def test_the_first_of_two_keys_with_one_id_counts() -> None:
    keys = read_keys(jwks(jwk(key("main"), "main"), jwk(key("stranger"), "main")))
    assert not isinstance(verify(token(), keys, oidc_hook(), NOW), Refused)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":{}}', b"[" * 100_000, b"\xff"])
def test_what_is_not_a_set_of_keys(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_keys(body)


@given(JSON)
def test_keys_of_any_kind_are_left_out(published: object) -> None:
    assert read_keys(json.dumps({"keys": [published, {"kid": published}]}).encode()) == {}


# Whole deliveries


def hear(given: Delivery, **options: Any) -> Heard | Refused:
    return receive(oidc_hook(**options), given, "", now=NOW, keys=known_keys())


def test_a_job_announces_its_image() -> None:
    digest = "sha256:" + "ab" * 32
    body = json.dumps({"image": f"ghcr.io/acme/app:1.2@{digest}", "digest": digest}).encode()
    assert images(hear(delivery(token(), body))) == ["ghcr.io/acme/app:1.2"]
    assert images(hear(delivery(token(), body), images=("ghcr.io/acme/*",)))


def test_a_job_may_only_announce_what_the_hook_allows() -> None:
    refused = hear(delivery(token()), images=("ghcr.io/other/*",))
    assert refused == Refused(403, "announces nothing that `images` of the hook allows")


@pytest.mark.parametrize(
    "given",
    [
        Delivery(body=b"{}"),
        Delivery(headers={"authorization": token()}),
        Delivery(headers={"authorization": f"Basic {token()}"}),
        Delivery(query={"token": token()}),
        delivery(token(claims(exp=NOW - 3600))),
        delivery(token(private=key("stranger"))),
    ],
    ids=range(6),
)
def test_a_delivery_without_a_good_token_is_refused(given: Delivery) -> None:
    refused = hear(given)
    assert isinstance(refused, Refused)
    assert refused.status == 401


def test_without_keys_nothing_is_accepted() -> None:
    refused = receive(oidc_hook(), delivery(token()), "", now=NOW)
    assert isinstance(refused, Refused)
    assert refused.status == 401
