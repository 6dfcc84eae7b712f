"""Which repository a split form names; by the full parser and by the outline."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imagebot.manifest.images.field import Scan
from imagebot.manifest.scan import scan

DIGEST = "sha256:" + "d" * 64
CR = "apiVersion: example.com/v1\nkind: Foo\nspec:\n"
Expected = tuple[list[str], list[str]]


def names(found: Scan) -> Expected:
    """References, and the codes of what is unread; all of those are expected ones."""
    assert all(each.expected for each in found.unread), found.unread
    references = [f"{f.reference.repository}:{f.reference.tag}" for f in found.fields]
    return references, [each.code for each in found.unread]


def scanned(text: str, path: str = "values.yaml") -> Expected:
    return names(scan(path, text.encode()))


JOINED = {
    "{image: {repository: nvcr.io/nvidia, image: driver, tag: '1.0'}}": "nvcr.io/nvidia/driver:1.0",
    "{driver: {repository: nvcr.io/nvidia, image: driver, tag: '1.0'}}": (
        "nvcr.io/nvidia/driver:1.0"
    ),
    "{image: {repository: ghcr.io/acme/web, image: web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {repository: ghcr.io, name: acme/web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {repository: 'localhost:5000', name: web, tag: v1}}": "localhost:5000/web:v1",
    "{image: {repository: ghcr.io/acme/web, name: web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {repository: '', name: acme/web, tag: v1}}": "docker.io/acme/web:v1",
    "{image: {repository: ~, name: ghcr.io/acme/web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {name: web, tag: v1}}": "docker.io/library/web:v1",
    "{image: {repo: ghcr.io/acme/web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {name: acme/web, group: front, tag: v1}}": "docker.io/acme/web:v1",
    "{image: {name: ghcr.io/acme/web, host: reg.acme.io, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {registry: ghcr.io, repository: acme/web, host: web.acme.io, tag: v1}}": (
        "ghcr.io/acme/web:v1"
    ),
    "{image: {name: web, group: 1000, path: /usr/bin, tag: v1}}": "docker.io/library/web:v1",
    "{image: {name: web, url: 'https://hub.docker.com/_/web', tag: v1}}": (
        "docker.io/library/web:v1"
    ),
    "{container: {image: ghcr.io/acme/web, version: v1}}": "ghcr.io/acme/web:v1",
    "{containers: [{name: a, image: ghcr.io/acme/web, version: v1}]}": "ghcr.io/acme/web:v1",
    "{containers: [{name: a, image: ghcr.io/acme/web, imageVersion: v1}]}": "ghcr.io/acme/web:v1",
    "{image: {namespace: acme, name: web, tag: v1}}": "docker.io/acme/web:v1",
    "{image: {registry: ghcr.io, namespace: acme, name: web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{image: {registry: ghcr.io, namespace: acme, repository: web, tag: v1}}": (
        "ghcr.io/acme/web:v1"
    ),
    "{image: {registry: ghcr.io, namespace: acme, repository: acme/web, tag: v1}}": (
        "ghcr.io/acme/web:v1"
    ),
    "{image: {registry: ghcr.io, org: acme, name: web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{pilot: {hub: docker.io/istio, image: pilot, tag: v1}}": "docker.io/istio/pilot:v1",
    "{pilot: {hub: docker.io/istio, image: acme/pilot, tag: v1}}": "docker.io/acme/pilot:v1",
    "{image: {registry: ~, defaultRegistry: ghcr.io, repository: acme/web, tag: v1}}": (
        "ghcr.io/acme/web:v1"
    ),
    "{a: {repository: ghcr.io/acme/web, name: web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{a: {imageRegistry: ghcr.io, imageName: acme/web, imageTag: v1}}": "ghcr.io/acme/web:v1",
    "{a: {imageRepository: ghcr.io/acme/web, imageName: web, imageTag: v1}}": (
        "ghcr.io/acme/web:v1"
    ),
    "{a: {imageRepository: acme/web, imageTag: v1}}": "docker.io/acme/web:v1",
    "{a: {imageRepository: acme/web, tag: v1}}": "docker.io/acme/web:v1",
    "{a: {imageName: acme/web, tag: v1}}": "docker.io/acme/web:v1",
    "{a: {namespace: prod, image: acme/web, tag: v1}}": "docker.io/acme/web:v1",
    "{a: {repository: 'https://git.example.com/x', image: acme/web, tag: v1}}": (
        "docker.io/acme/web:v1"
    ),
    "{a: {repository: backups, image: 'acme/web:v1'}}": "docker.io/acme/web:v1",
    "{a: {registry: ghcr.io, repository: acme, image: web, tag: v1}}": "ghcr.io/acme/web:v1",
    "{images: {api: 'ghcr.io/acme/api:v1'}}": "ghcr.io/acme/api:v1",
    "{images: {tags: {api: 'ghcr.io/acme/api:v1'}}}": "ghcr.io/acme/api:v1",
    "{images: {api: {name: acme/api, tag: v1}}}": "docker.io/acme/api:v1",
    "{images: [{name: acme/api, tag: v1}]}": "docker.io/acme/api:v1",
    "{images: [{repository: acme/api, tag: v1}]}": "docker.io/acme/api:v1",
}


def block(text: str) -> str:
    """The same values in block style."""
    from io import StringIO

    from ruamel.yaml import YAML

    out = StringIO()
    data = YAML(typ="safe", pure=True).load(text)
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.dump(data, out)
    return out.getvalue()


@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
@pytest.mark.parametrize(("text", "name"), JOINED.items(), ids=JOINED)
def test_the_name_is_put_together(text: str, name: str, style: Callable[[str], str]) -> None:
    assert scanned(style(text)) == ([name], [])


@pytest.mark.parametrize(
    "text",
    [
        "{image: {repository: ghcr.io/acme, name: web, tag: v1}}",
        "{image: {repository: acme/front, name: web, tag: v1}}",
        "{image: {repository: jenkins, name: jenkins, tag: v1}}",
        "{image: {repository: quay.io/keycloak, name: keycloak, tag: v1}}",
        "{image: {repository: acme, image: ghcr.io/acme/web, tag: v1}}",
        "{image: {org: acme, repository: team, name: web, tag: v1}}",
        "{image: {account: 123456789012.dkr.ecr.eu-west-1.amazonaws.com, name: web, tag: v1}}",
        "{image: {account: '123456789012', name: web, tag: v1}}",
        "{image: {host: reg.acme.io, repository: acme/web, tag: v1}}",
        "{image: {server: 'localhost:5000', repository: acme/web, tag: v1}}",
        "{image: {repo: reg.acme.io/acme, name: web, tag: v1}}",
        "{image: {repositoryUrl: reg.acme.io/acme, name: web, tag: v1}}",
        "{image: {project: acme, name: web, tag: v1}}",
        "{image: {registry: ghcr.io, owner: acme, name: web, tag: v1}}",
        "{image: {path: acme/front, name: web, tag: v1}}",
        "{images: {api: {prefix: acme, name: api, tag: v1}}}",
        "{a: {repository: ghcr.io/acme, name: web, tag: v1}}",
        "{a: {imageRepository: ghcr.io/acme, imageName: web, imageTag: v1}}",
        "{a: {repository: backups, image: web, tag: v1}}",
        "{a: {repository: ghcr.io/acme, image: 'web:v1'}}",
        "{a: {registry: ghcr.io, image: 'acme/web:v1'}}",
        "{image: {repository: ghcr.io, tag: v1}}",
        "{image: {repository: 'localhost:5000', tag: v1}}",
        "{a: {repository: ghcr.io, tag: v1}}",
        "{a: {imageRepository: ghcr.io, imageTag: v1}}",
        "{a: {image: ghcr.io, tag: v1}}",
        "{image: {registry: '', repository: '', name: operator, tag: ''}}",
        "{image: {repository: ~, name: operator, tag: v1}}",
        "{image: {repository: '', image: operator, tag: v1}}",
        "{defaultImageRegistry: quay.io, defaultImageRepository: strimzi, defaultImageTag: v1}",
        "{global: {defaultImageRepository: ghcr.io/acme, defaultImageTag: v1}}",
        "{pilot: {hub: '', image: pilot, tag: v1}}",
    ],
)
@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
def test_what_is_uncertain_is_unread(text: str, style: Callable[[str], str]) -> None:
    assert scanned(style(text)) == ([], ["ambiguous"])


@pytest.mark.parametrize(
    "text",
    [
        "{container: {image: ghcr.io/acme/web, version: 1.x}}",
        "{containers: [{name: a, image: ghcr.io/acme/web, container_tag: v1}]}",
    ],
)
@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
def test_no_tag_is_written_into_a_name_beside_its_version(
    text: str, style: Callable[[str], str]
) -> None:
    assert scanned(style(text)) == ([], ["no-tag"])


@pytest.mark.parametrize(
    "text",
    [
        "{image: {tag: '1.0'}}",
        "{image: {repository: '', tag: '1.0'}}",
        "{image: {repository: ~, tag: '1.0'}}",
        "{image: {registry: ghcr.io, tag: '1.0'}}",
        "{image: {repo: acme/web, tag: '1.0'}}",
        "{image: {repo: github.com/acme/web, tag: '1.0'}}",
        "{image: {path: ghcr.io/acme/web, tag: '1.0'}}",
        "{image: {main: {tag: '1.0'}}}",
        "{a: {repository: '', tag: '1.0'}}",
        "{a: {repository: ~, tag: '1.0'}}",
        "{a: {image: '', tag: '1.0'}}",
        "{global: {hub: docker.io/istio, tag: 1.20.0, proxy: {image: proxyv2}}}",
        "{_internal_defaults: {global: {hub: docker.io/istio, tag: v1, image: ''}}, image: ''}",
    ],
)
@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
def test_a_tag_without_a_repository_is_unread(text: str, style: Callable[[str], str]) -> None:
    assert scanned(style(text)) == ([], ["no-repository"])


@pytest.mark.parametrize(
    "text",
    [
        "{image: {tag: ''}}",
        "{image: {pullPolicy: Always}}",
        "{a: {tag: '1.0'}}",
        "{a: {hub: docker.io/istio, image: ''}}",
        "{global: {hub: '', tag: '1.0', image: {pullPolicy: Always}}}",
        "{global: {hub: docker.io/istio, tag: ''}, a: {image: ''}}",
        "{images: {registry: 'localhost:5000', mirror: 'harbor.local:443', pullPolicy: Always}}",
        "{images: {logo: 'https://example.com/logo.png:1'}}",
        "{a: {gitRepository: acme/web, gitTag: v1}}",
        "{a: {repository: git@github.com:acme/web, tag: v1}}",
        "{a: {repository: github.com/acme/web, tag: v1}}",
        "{a: {repository: acme/web.git, tag: v1}}",
        "{a: {image: {pullPolicy: Always}, tag: v1}}",
        "{a: {repository: {url: 'https://example.com'}, tag: v1}}",
    ],
)
@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
def test_other_things_are_not_images(text: str, style: Callable[[str], str]) -> None:
    assert scanned(style(text)) == ([], [])


def test_a_tag_with_its_digest_is_not_a_listed_image() -> None:
    digest = f"sha256:{'a' * 64}"
    text = f"images: {{repository: nvcr.io/nvidia, image: driver, tag: 'v1@{digest}'}}\n"
    assert scanned(text) == (["nvcr.io/nvidia/driver:v1"], [])


def test_a_joined_name_with_a_variable_is_unread() -> None:
    text = "image: {repository: '${REGISTRY}', image: web, tag: v1}\n"
    assert scanned(text) == ([], ["variable"])


KINDS = {
    "  sidecar: {repository: x/y, tag: '1.0'}\n": ["docker.io/x/y:1.0"],
    "  sidecar:\n    repository: x/y\n    tag: '1.0'\n": ["docker.io/x/y:1.0"],
    "  imageRepository: ghcr.io/a/b\n  imageTag: v1\n": ["ghcr.io/a/b:v1"],
    "  workerImageRepository: ghcr.io/a/b\n  workerImageTag: v1\n": ["ghcr.io/a/b:v1"],
    "  images: ['x/y:1', 'z']\n": ["docker.io/x/y:1"],
    "  images:\n    - x/y:1\n": ["docker.io/x/y:1"],
    "  images: [{name: x/y, tag: v1}]\n": ["docker.io/x/y:v1"],
    "  images: {api: 'x/y:v1'}\n": ["docker.io/x/y:v1"],
    "  dns: {imageRepository: registry.k8s.io/coredns, imageTag: v1.11.1}\n": [
        "registry.k8s.io/coredns/coredns:v1.11.1"
    ],
    "  etcd: {local: {imageRepository: registry.k8s.io, imageTag: 3.5.1-0}}\n": [
        "registry.k8s.io/etcd:3.5.1-0"
    ],
    "  driver: {repository: nvcr.io/nvidia, image: driver, tag: v1}\n": [
        "nvcr.io/nvidia/driver:v1"
    ],
}


@pytest.mark.parametrize(("text", "wanted"), KINDS.items(), ids=KINDS)
def test_resources_have_split_forms_too(text: str, wanted: list[str]) -> None:
    assert scanned(CR + text, "foo.yaml") == (wanted, [])


@pytest.mark.parametrize(
    "text",
    [
        "  source: {repository: acme/web, tag: v1}\n",
        "  sources: [{repository: acme/web, tag: v1}]\n",
        "  git: {repository: acme/web, tag: v1}\n",
        "  chart: {repository: acme/web, tag: v1}\n",
        "  a: {repository: 'https://github.com/acme/web', tag: v1}\n",
        "  a: {repository: github.com/acme/web, tag: v1}\n",
        "  a: {repository: git@example.com:acme/web, tag: v1}\n",
        "  a: {repository: stable, tag: v1}\n",
        "  a: {sourceRepository: acme/web, sourceTag: v1}\n",
        "  images: ['*', 'ghcr.io/acme/*']\n",
        "  imageRepository: container-registry.oracle.com/mysql\n  version: 9.6.0\n",
    ],
)
def test_sources_of_code_are_not_images(text: str) -> None:
    assert scanned(CR + text, "foo.yaml") == ([], [])


def test_a_git_kind_has_no_images() -> None:
    text = "apiVersion: example.com/v1\nkind: GitSync\nspec: {repository: acme/web, tag: v1}\n"
    assert scanned(text, "foo.yaml") == ([], [])


@pytest.mark.parametrize("value", ["", ' ""', " ~", " # none"])
def test_an_empty_image_of_a_container_is_unread(value: str) -> None:
    text = f"{CR}  containers:\n  - name: a\n    image:{value}\n"
    found = scan("foo.yaml", text.encode())
    assert [(u.line, u.code, u.expected) for u in found.unread] == [(6, "no-repository", True)]


@pytest.mark.parametrize(
    "image",
    [
        " [nginx:1.0]",
        " {nginx: 1}",
        "\n    - nginx:1.0",
        "\n    - name: nginx",
        "\n      - image: nginx:1.0",
        "\n      nginx: 1",
        "\n      nginx: '1.0'\n      policy: Always",
        " {}",
        " []",
        "\n      name: nginx",
        "\n      main:\n        x: y",
    ],
)
def test_the_image_of_a_container_is_a_text(image: str) -> None:
    rest = "    args: [a]\n  - name: b\n    image: ghcr.io/acme/b:1.0\n"
    found = scan("foo.yaml", f"{CR}  containers:\n  - name: a\n    image:{image}\n{rest}".encode())
    assert "ghcr.io/acme/b:1.0" in [str(f.reference) for f in found.fields]
    assert [(u.line, u.code, u.expected) for u in found.unread] == [(6, "not-a-reference", False)]


def test_a_list_that_is_merged_into_a_container_is_not_an_image() -> None:
    text = f"{CR}  a: &a\n    image: [nginx:1.0]\n  containers:\n  - name: a\n    <<: *a\n"
    found = scan("foo.yaml", text.encode())
    assert [(u.line, u.code) for u in found.unread] == [(8, "not-a-reference")]


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("", "containers: [{name: a, image: {pullPolicy: Always}}]\n"),
        (CR, "  other: {image: {nginx: 1}}\n"),
        (CR, "  containers: [{name: a, initImage: [nginx]}]\n"),
        (CR, "  containers: [{name: a, env: [{name: b, image: [nginx]}]}]\n"),
    ],
)
def test_other_places_than_containers_may_have_anything_there(head: str, text: str) -> None:
    assert scanned(head + text, "foo.yaml") == ([], [])


@pytest.mark.parametrize("path", ["pod.yaml", "compose.yaml"])
def test_an_image_id_is_not_a_reference(path: str) -> None:
    image = f"image: sha256:{'a' * 64}\n"
    text = f"services:\n  a:\n    {image}" if path == "compose.yaml" else ""
    found = scan(path, (text or f"{CR}  containers:\n  - {image}").encode())
    assert not found.fields
    assert [(u.code, u.expected) for u in found.unread] == [("not-a-reference", True)]


def test_a_release_that_sets_a_tag_only_is_listed() -> None:
    text = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
        "spec:\n  values:\n    image:\n      tag: v1.0\n"
    )
    assert scanned(text) == ([], ["no-repository"])


@pytest.mark.parametrize(
    "image", ["{registry: ghcr.io, repository: 'acme/web:v1'}", "{hub: ghcr.io, name: 'web:v1'}"]
)
def test_a_whole_reference_beside_a_part_of_its_name_is_unread(image: str) -> None:
    assert scanned(f"image: {image}\n") == ([], ["ambiguous"])


VERSIONED = {
    "{image: {name: cr.l5d.io/linkerd/proxy, version: stable-2.14.0}}": (
        "cr.l5d.io/linkerd/proxy:stable-2.14.0"
    ),
    "{image: {repository: web, version: v1}}": "docker.io/library/web:v1",
    "{image: {registry: ghcr.io, name: web, version: v1}}": "ghcr.io/web:v1",
    "{image: {registry: ghcr.io, repository: acme/web, version: '1.10'}}": "ghcr.io/acme/web:1.10",
    "{initImage: {name: acme/web, version: v1}}": "docker.io/acme/web:v1",
    "{image: {repository: acme/web, tag: v1, version: '9'}}": "docker.io/acme/web:v1",
    "{driver: {repository: nvcr.io/nvidia, image: driver, version: 550.54.15}}": (
        "nvcr.io/nvidia/driver:550.54.15"
    ),
    "{tigeraOperator: {image: tigera/operator, version: v1.30.0, registry: quay.io}}": (
        "quay.io/tigera/operator:v1.30.0"
    ),
    "{a: {image: 'quay.io/acme/web:v1', version: '9', registry: quay.io}}": "quay.io/acme/web:v1",
    "{a: {image: acme/web, tag: v1, version: '9', registry: quay.io}}": "quay.io/acme/web:v1",
}
NO_VERSIONS = (
    "{image: {name: gardenlinux, version: 1312.3.0}}",
    "{image: {name: acme/web, version: ''}}",
    "{image: {name: acme/web, version: {a: b}}}",
    "{a: {name: acme/web, version: v1}}",
    "{a: {repository: acme/web, version: v1}}",
    "{a: {image: web, repository: stable, version: v1}}",
    "{a: {image: web, repository: 'https://charts.example.com/x', version: v1}}",
    "{a: {imageName: acme/web, registry: quay.io, version: v1}}",
    "{a: {registry: quay.io, version: v1}}",
    "{chart: {name: acme/web, version: 1.0.0}}",
    "{image: {chart: {name: acme/web, version: 1.0.0}}}",
)


@pytest.mark.parametrize("head", ["", CR], ids=["values", "resource"])
@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
@pytest.mark.parametrize(("text", "name"), VERSIONED.items(), ids=VERSIONED)
def test_a_version_is_the_tag_of_what_must_be_an_image(
    text: str, name: str, style: Callable[[str], str], head: str
) -> None:
    lines = style(text).splitlines()
    indent = "  " if head else ""
    values = "".join(f"{indent}{line}\n" for line in lines)
    if head and style is str:
        values = f"  x: {text}\n"
    assert scanned(head + values, "foo.yaml") == ([name], [])


@pytest.mark.parametrize("head", ["", CR], ids=["values", "resource"])
@pytest.mark.parametrize("text", NO_VERSIONS)
def test_a_version_is_not_a_tag_elsewhere(text: str, head: str) -> None:
    texts = [f"{head}  x: {text}\n"] if head else [text, block(text)]
    assert [scanned(each, "foo.yaml") for each in texts] == [([], [])] * len(texts)


PAIRS = {
    "{a: {image: ghcr.io/acme/web, version: v1}}": (["ghcr.io/acme/web:v1"], []),
    "{a: {image: ghcr.io/acme/web, imageVersion: v1}}": (["ghcr.io/acme/web:v1"], []),
    "{a: {image: acme/web, image-version: v1, registry: ghcr.io}}": (["ghcr.io/acme/web:v1"], []),
    "{a: {api_image_name: ghcr.io/acme/web, api_image_tag: v1}}": (["ghcr.io/acme/web:v1"], []),
    "{global: {imageRegistry: ghcr.io}, a: {image_name: acme/web, image_tag: v1}}": (
        ["ghcr.io/acme/web:v1"],
        [],
    ),
    "{a: {image: acme/web, version: v1}}": ([], ["no-repository"]),
    "{a: {image_name: web, image_tag: v1}}": ([], ["no-repository"]),
    "{a: {image_name: '${REGISTRY}/web', image_tag: v1}}": ([], ["variable"]),
    "{a: {image: acme/web, version: stable}}": ([], []),
    "{a: {image: acme/web, version: 1.x}}": ([], []),
    "{a: {image_name: web}}": ([], []),
}


@pytest.mark.parametrize("style", [str, block], ids=["flow", "block"])
@pytest.mark.parametrize(("text", "expected"), PAIRS.items(), ids=PAIRS)
def test_a_name_with_its_version_beside_it(
    text: str, expected: tuple[list[str], list[str]], style: Callable[[str], str]
) -> None:
    assert scanned(style(text), "foo.yaml") == expected


def test_the_image_of_a_resource_has_no_tag_in_a_version_beside_it() -> None:
    text = f"{CR}  x: {{image: ghcr.io/acme/web, version: v1}}\n"
    assert scanned(text, "foo.yaml") == ([], ["no-tag"])


def test_a_key_that_is_there_twice_is_refused() -> None:
    text = "image:\n  repository: acme/a\n  repository: acme/b\n  tag: v1\n"
    (field,) = scan("values.yaml", text.encode()).fields
    assert field.refusal == "the key `repository` appears twice"


@pytest.mark.parametrize("end", [f"tag: v1@{DIGEST}", f"tag: v1\n  digest: {DIGEST}"])
def test_the_parts_of_one_image_under_images_are_not_images(end: str) -> None:
    found = scan("values.yaml", f"images:\n  repository: ghcr.io/acme/web\n  {end}\n".encode())
    assert [str(field.reference) for field in found.fields] == [f"ghcr.io/acme/web:v1@{DIGEST}"]
    assert found.unread == ()
    assert scan("values.yaml", f"images:\n  {end}\n".encode()).fields == ()


def test_an_image_that_is_named_tag_is_one() -> None:
    found = scan("values.yaml", b"images: {tag: acme/tag:1.0, tags: {digest: acme/digest:2.0}}\n")
    assert [str(field.reference) for field in found.fields] == ["acme/tag:1.0", "acme/digest:2.0"]
