from __future__ import annotations

import pytest

from imagebot.config.load import load_bot_configuration
from imagebot.config.model import (
    BotConfiguration,
    ForgeOptions,
    GitCredential,
    Limits,
    RegistryCredential,
    RegistryIdentity,
    RegistryOptions,
)
from imagebot.config.secret_source import SecretSource
from imagebot.errors import ConfigurationError
from tests.config.shown import show

DESIGN = """\
targets:
  - url: https://github.com/acme/gitops.git
    branch: main
    credential: gitops
    limits: {commit: [clusters/test/**], images: [ghcr.io/acme/**, docker.io/**], max-updates: 50}
credentials:
  git: {gitops: {token: {file: /run/secrets/github}}}
  registries:
    ghcr.io/acme: {username: acme-bot, password: {env: GHCR_TOKEN}}
"""

CANARY = "s3cr3t-canary"


def load(text: str) -> BotConfiguration:
    return load_bot_configuration(text, "deploy/bot.yaml")


def issues(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    found = [show(issue).removeprefix("deploy/bot.yaml:") for issue in caught.value.issues]
    assert CANARY not in "".join(found) + repr(caught.value) + str(caught.value.__cause__)
    return found


def test_the_example_of_the_design() -> None:
    bot = load(DESIGN)
    (target,) = bot.targets
    assert (target.name, target.branch) == ("acme/gitops", "main")
    assert target.credential == GitCredential(
        name="gitops", token=SecretSource("file", "/run/secrets/github")
    )
    assert target.limits == Limits(
        commit=("clusters/test/**",), images=("ghcr.io/acme/**", "docker.io/**"), max_updates=50
    )
    assert bot.registry_credentials == (
        RegistryCredential(
            key="ghcr.io/acme", username="acme-bot", password=SecretSource("env", "GHCR_TOKEN")
        ),
    )
    assert target.forge == ForgeOptions()
    assert target.configuration == "imagebot.yaml"
    assert bot.registry_deadline == 600
    assert bot.inline is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("3 days", "not a valid duration: '3 days'"),
        ("0s", "must be at least 1s"),
        ("600", "not a valid duration: '600'"),
    ],
)
def test_a_deadline_that_is_none(value: str, message: str) -> None:
    (found,) = issues(f"targets: []\nregistry-deadline: {value}\n")
    assert message in found


def test_the_other_keys() -> None:
    bot = load("""\
cache-dir: cache
registry-deadline: 2m 30s
registries:
  registry.example:5000: {insecure: true}
  docker.io: {mirror: harbor.example/other, ca-file: ca.pem}
  harbor.example/hub: {tags-from: docker.io}
  quay.io: {concurrency: 2, requests-per-second: 0.5}
  mtls.example: {client-certificate: bot.crt, client-key: /run/bot.key}
credentials:
  git:
    deploy: {ssh-key: keys/id_ed25519, known-hosts: /etc/ssh/known_hosts}
    bot: {username: bot, token: {env: TOKEN}}
targets:
  - {url: "git@git.example:acme/gitops.git", branch: main, credential: deploy, paused: moving}
  - url: https://git.example/acme/other.git
    branch: release/1.x
    name: other
    credential: bot
    forge: {kind: github, url: https://git.example/api/v3/}
    configuration: deploy/imagebot.yaml
    paused: true
    limits: {commit: [], images: []}
""")
    first, second = bot.targets
    assert bot.cache_dir == "deploy/cache"
    assert bot.registry_deadline == 150
    assert bot.registries == (
        RegistryOptions(host="registry.example:5000", insecure=True),
        RegistryOptions(host="docker.io", mirror="harbor.example/other", ca_file="deploy/ca.pem"),
        RegistryOptions(host="harbor.example", path="hub", tags_from="docker.io"),
        RegistryOptions(host="quay.io", concurrency=2, requests_per_second=0.5),
        RegistryOptions(
            host="mtls.example", client_certificate="deploy/bot.crt", client_key="/run/bot.key"
        ),
    )
    assert first.credential == GitCredential(
        name="deploy", ssh_key="deploy/keys/id_ed25519", known_hosts="/etc/ssh/known_hosts"
    )
    assert (first.name, first.paused) == ("acme/gitops", "moving")
    assert second.forge == ForgeOptions(kind="github", url="https://git.example/api/v3")
    assert (second.name, second.paused) == ("other", "paused in deploy/bot.yaml")
    # An empty list lets nothing through; a key that is not there does not limit.
    assert second.limits == Limits(commit=(), images=(), max_updates=None)


def test_an_identity_takes_the_place_of_a_password() -> None:
    bot = load("""\
targets: [{url: /srv/git/a.git, branch: main}]
credentials:
  registries:
    123456789012.dkr.ecr.eu-west-1.amazonaws.com: {identity: aws}
    europe-docker.pkg.dev/acme: {identity: gcp}
    eu.gcr.io/acme/team: {identity: gcp}
    acme.azurecr.io: {identity: azure}
""")
    assert bot.registry_credentials == (
        RegistryIdentity(key="123456789012.dkr.ecr.eu-west-1.amazonaws.com", cloud="aws"),
        RegistryIdentity(key="europe-docker.pkg.dev/acme", cloud="gcp"),
        RegistryIdentity(key="eu.gcr.io/acme/team", cloud="gcp"),
        RegistryIdentity(key="acme.azurecr.io", cloud="azure"),
    )


def test_policies_and_routes_may_stand_in_the_bots_own_file() -> None:
    bot = load("""\
targets: [{url: /srv/git/a.git, branch: main}]
policies: {careful: {max: patch}}
routes:
  - {name: all, files: ["**"], publish: commit, images: [{match: "**", policy: careful}]}
""")
    assert bot.inline is not None
    assert bot.inline.path == "deploy/bot.yaml"
    assert bot.inline.policies["careful"].max == "patch"


def test_targets_of_one_repository_are_told_apart_by_their_branch() -> None:
    targets = load("""\
targets:
  - {url: https://a.example/x/y.git, branch: main}
  - {url: https://a.example/x/y.git, branch: next}
  - {url: https://a.example/z, branch: next}
""").targets
    assert [target.name for target in targets] == ["x/y@main", "x/y@next", "z"]


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/a/b.git",
        "ssh://git@github.com:22/a/b.git",
        "git@github.com:a/b.git",
        "host.example:a/b",
        "file:///srv/git/b.git",
        "/srv/git/b.git",
        "http://localhost:3000/a/b.git",
    ],
)
def test_git_urls(url: str) -> None:
    assert load(f"targets: [{{url: '{url}', branch: main}}]").targets[0].url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ext::sh -c id", "a URL must not contain spaces"),
        ("fd::7", "remote helpers"),
        ("-oProxyCommand=id", "a URL must not begin with a hyphen"),
        ("relative/path", "not a URL and not an absolute path"),
        ("ftp://a/b", "the protocol 'ftp' is not allowed"),
        ("https:///b", "the URL has no valid host"),
        ("https://a:99999999/b", "not a valid URL"),
        (f"https://user:{CANARY}@a/b", "the URL contains a user name or password"),
        (f"https://{CANARY}@a/b", "the URL contains a user name or password"),
        (f"ssh://git:{CANARY}@a/b", "the URL contains a password"),
        ("", "must not be empty"),
    ],
)
def test_bad_git_urls(url: str, reason: str) -> None:
    (issue,) = issues(f"targets: [{{url: '{url}', branch: main}}]")
    assert f": targets[0].url: {reason}" in issue


BRANCHES = "-main a..b a~1 a^ a:b /a a/ a//b a.lock @ a@{1} .a a/.b a*"


@pytest.mark.parametrize("branch", [*BRANCHES.split(), "a b", ""])
def test_bad_branches(branch: str) -> None:
    (issue,) = issues(f"targets: [{{url: /a, branch: '{branch}'}}]")
    assert "targets[0].branch: " in issue


ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PLAIN_AZURE = "registries: {acme.azurecr.io: {insecure: true}}"
SOME = "{username: a, password: {env: A}}"
ISSUES = [
    ("targets: [{url: /a}]", "1:11: targets[0]: branch is missing"),
    ("targets: [{branch: main}]", "1:11: targets[0]: url is missing"),
    ("targets: [{url: /a, branch: b, credential: c}]",
     "1:44: targets[0].credential: there is no Git credential 'c' (define it under "),
    ("targets: [{url: /a, branch: b, credential: gh}]\ncredentials: {git: {ghe: {ssh-key: a}}}",
     "1:44: targets[0].credential: there is no Git credential 'gh' (did you mean ghe?)"),
    ("targets: [{url: http://h/a, branch: b}]",
     "1:17: targets[0].url: plain http can be read and changed on its way (use https)"),
    ("targets: [{url: /a, branch: b, name: x}, {url: /c, branch: d, name: x}]",
     "1:42: targets[1]: another target has the name 'x'"),
    ("targets: [{url: /a, branch: b, limits: {max-updates: 0}}]",
     "1:54: targets[0].limits.max-updates: must be 1 or more"),
    ("targets: [{url: /a, branch: b, limits: {max_updates: 5}}]",
     "1:41: targets[0].limits.max_updates: unknown key (did you mean max-updates?)"),
    ("targets: [{url: /a, branch: b, limits: {images: [nginx]}}]",
     "1:50: targets[0].limits.images[0]: 'nginx' cannot match anything"),
    *(
        (f"targets: [{{url: /a, branch: b, limits: {{private-hosts: ['{host}']}}}}]",
         f"1:58: targets[0].limits.private-hosts[0]: {reason}")
        for host, reason in {
            "**": "would name hosts of anybody (*.corp.example, 10.0.0.0/8)",
            "10.*": "would name hosts of anybody",
            "*-*": "would name hosts of anybody",
            "*5000": "would name hosts of anybody",
            "harbor.?:5000": "would name hosts of anybody",
            "{a,b}.corp.example": "not a host, a glob of hosts or a network",
            "[fd00::1]:5000": "not a host, a glob of hosts or a network",
            "user@r.example": "not a host, a glob of hosts or a network",
            "r.example/path": "not a network",
            "10.0.0.1/8": "has bits set behind its prefix",
            "10.0.0.0/33": "not a network",
            "0.0.0.0/0": "would name every address",
            "::/0": "would name every address",
            "169.254.0.0/16": "no registry is asked at a link-local, unspecified or metadata",
        }.items()
    ),
    ("targets: [{url: /a, branch: b, configuration: ../x.yaml}]",
     "1:47: targets[0].configuration: not a path within the target: '../x.yaml'"),
    ("targets: [{url: /a, branch: b, forge: {kind: gitlab}}]",
     "1:46: targets[0].forge.kind: must be one of github, sandbox, none, not 'gitlab'"),
    ("targets: [{url: /a, branch: b, forge: {url: 'http://h/api'}}]",
     "1:46: targets[0].forge.url: would send the token in clear text (use https)"),
    (f"targets: [{{url: /a, branch: b, forge: {{url: 'https://u:{CANARY}@h/api'}}}}]",
     "1:46: targets[0].forge.url: must not hold a credential"),
    ("limits: {max-updates: 5}", "1:1: limits: unknown key"),
    (f"credentials: {{git: {{a: {{token: {CANARY}}}}}}}",
     "1:32: credentials.git.a.token: must be a mapping, not text ({file: PATH} or {env: NAME}; "),
    ("credentials: {git: {a: {token: {file: a, env: b}}}}",
     "1:32: credentials.git.a.token: needs one of file and env"),
    (f"credentials: {{git: {{a: {{token: {{env: A}}, password: {CANARY}}}}}}}",
     "1:42: credentials.git.a.password: unknown key"),
    ("credentials: {git: {a: {username: b}}}",
     "1:24: credentials.git.a: needs a token or an ssh-key (both, for ssh and a forge's API)"),
    ("credentials: {git: {a: {token: {env: A}, known-hosts: b}}}",
     "1:24: credentials.git.a: known-hosts goes with ssh-key"),
    (f'credentials: {{git: {{a: {{ssh-key: "-----BEGIN PRIVATE KEY-----\\n{CANARY}"}}}}}}',
     "1:34: credentials.git.a.ssh-key: must be the path of a key file, not the key itself"),
    (f"credentials: {{registries: {{ghcr.io: {{username: a, password: {CANARY}}}}}}}",
     "1:61: credentials.registries.ghcr.io.password: must be a mapping, not text"),
    (f"credentials: {{registries: {{ghcr.io: {{username: a, password: [{CANARY}]}}}}}}",
     "1:61: credentials.registries.ghcr.io.password: must be a mapping, not a list"),
    ("credentials: {registries: {ghcr.io: {password: {env: A}}}}",
     "1:37: credentials.registries.ghcr.io: username is missing"),
    ("credentials: {registries: {ghcr.io: {}}}",
     "1:37: credentials.registries.ghcr.io: needs a username and a password, or an identity"),
    (f"credentials: {{registries: {{{ECR}: {{identity: aws, username: a}}}}}}",
     f"1:74: credentials.registries.{ECR}: an identity needs no username and no password"),
    (f"credentials: {{registries: {{{ECR}: {{identity: ibm}}}}}}",
     f"1:85: credentials.registries.{ECR}.identity: must be one of aws, azure, gcp, not 'ibm'"),
    (f"credentials: {{registries: {{{ECR}.evil.example: {{identity: aws}}}}}}",
     f"1:28: credentials.registries.{ECR}.evil.example: not a private registry of Amazon ECR (ACC"),
    ("credentials: {registries: {public.ecr.aws: {identity: aws}}}",
     "1:28: credentials.registries.public.ecr.aws: not a private registry of Amazon ECR"),
    ("credentials: {registries: {europe-docker.pkg.dev: {identity: gcp}}}",
     "1:28: credentials.registries.europe-docker.pkg.dev: needs the project: all of Google's"),
    ("credentials: {registries: {pkg.dev.evil.example/acme: {identity: gcp}}}",
     "1:28: credentials.registries.pkg.dev.evil.example/acme: not a registry of Google"),
    ("credentials: {registries: {acme.azurecr.io.evil.example: {identity: azure}}}",
     "1:28: credentials.registries.acme.azurecr.io.evil.example: not a registry of Azure"),
    (f"credentials: {{registries: {{acme.azurecr.io: {{identity: azure}}}}}}\n{PLAIN_AZURE}",
     "1:28: credentials.registries.acme.azurecr.io: an identity is not used over plain http"),
    (f"credentials: {{registries: {{ACME.azurecr.io: {{identity: azure}}}}}}\n{PLAIN_AZURE}",
     "1:28: credentials.registries.ACME.azurecr.io: an identity is not used over plain http"),
    (f"credentials: {{registries: {{'https://u:{CANARY}@ghcr.io': {SOME}}}}}",
     "1:28: credentials.registries.https://ghcr.io: must be a host without a scheme"),
    ("registries: {'ghcr.io/A': {tags-from: quay.io}}",
     "1:14: registries.ghcr.io/A: not a registry host and path"),
    ("registries: {'ghcr.io/a/b': {}}",
     "1:14: registries.ghcr.io/a/b: a host with a path has tags-from, and nothing else"),
    ("registries: {ghcr.io/a: {tags-from: quay.io, insecure: true}}",
     "1:14: registries.ghcr.io/a: a host with a path has tags-from, and nothing else"),
    ("registries: {h.example/a: {tags-from: h.example/a/b}}",
     "1:39: registries.h.example/a.tags-from: a cache cannot be its own origin"),
    ("registries: {docker.io: {tags-from: index.docker.io/library}}",
     "1:37: registries.docker.io.tags-from: a cache cannot be its own origin"),
    ("registries: {docker.io: {mirror: m.example}, index.docker.io: {concurrency: 2}}",
     "1:46: registries.index.docker.io: the same registry as docker.io (put all into one entry)"),
    ("registries: {Reg.example/a: {tags-from: quay.io}, reg.example/a: {tags-from: ghcr.io}}",
     "1:51: registries.reg.example/a: the same registry as Reg.example/a"),
    (f"credentials: {{registries: {{index.docker.io: {SOME}, docker.io: {SOME}}}}}",
     "1:80: credentials.registries.docker.io: the same registry as index.docker.io (keep one"),
    (f"credentials: {{registries: {{ghcr.io/acme: {SOME}, GHCR.io/acme: {SOME}}}}}",
     "1:77: credentials.registries.GHCR.io/acme: the same registry as ghcr.io/acme"),
    ("registries: {ghcr.io:65536: {}}", "1:14: registries.ghcr.io:65536: 65536 is not a port"),
    ("registries: {'[::1]:0': {}}", "1:14: registries.[::1]:0: 0 is not a port"),
    (("registries: {h.example/a: {tags-from: index.docker.io},"
     " docker.io: {mirror: h.example/a}}"),
     "1:39: registries.h.example/a.tags-from: index.docker.io is asked through its mirror, which"),
    ("registries: {ghcr.io: {mirror: 'https://m'}}",
     "1:33: registries.ghcr.io.mirror: must be a host without a scheme"),
    ("registries: {ghcr.io: {concurrency: 65}}",
     "1:37: registries.ghcr.io.concurrency: must be 64 or less"),
    ("registries: {ghcr.io: {requests-per-second: 0}}",
     "1:45: registries.ghcr.io.requests-per-second: must be 0.1 or more"),
    ("registries: {ghcr.io: {requests-per-second: few}}",
     "1:45: registries.ghcr.io.requests-per-second: must be a number, not text"),
    ("registries: {ghcr.io: {client-key: k.pem}}",
     "1:23: registries.ghcr.io: client-key goes with client-certificate"),
    ("registries: {ghcr.io: {client-certificate: c.pem, insecure: true}}",
     "1:23: registries.ghcr.io: a client certificate needs TLS, and insecure is plain HTTP"),
    ("registries: {ghcr.io: {insecure: yes}}",
     "1:34: registries.ghcr.io.insecure: must be true or false, not text"),
    ("notify: {slack: x}", "1:1: notify: not yet: notifications"),
    ("serve: {port: 1}", "1:9: serve.port: unknown key"),
    ("policies: {a: {extends: b}}", "1:25: policies.a.extends: there is no policy or preset 'b'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ISSUES)
def test_issues(text: str, expected: str) -> None:
    (issue,) = issues(text)
    assert issue[: len(expected)] == expected
