"""Pushes images, indexes and tags to a registry over plain HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support import images
from tests.support.images import Blob, Image


@dataclass(frozen=True, slots=True)
class Pusher:
    client: httpx.Client = field(repr=False)
    root: Path
    """Where docker-registry keeps its data; tags are written and removed there directly."""
    authorize: Callable[..., str] | None = field(repr=False)
    """Gives a Bearer token for (repository, *actions), where the registry wants one."""

    def push_image(
        self,
        repository: str,
        tag: str | None,
        *,
        content: str | None = None,
        created: str | None = images.CREATED,
        architecture: str = "amd64",
        os: str = "linux",
        variant: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> str:
        """Push an image of one platform and return its digest; without a tag, by digest only.

        The content defaults to the tag, so that different tags have different digests.
        """
        made = images.image(
            content if content is not None else (tag or ""),
            created=created,
            architecture=architecture,
            os=os,
            variant=variant,
            labels=labels,
            annotations=annotations,
            docker=docker,
        )
        return self._push(repository, tag, made)

    def push_index(
        self,
        repository: str,
        tag: str | None,
        platforms: Sequence[str] = ("linux/amd64", "linux/arm64"),
        *,
        nested: Sequence[Sequence[str]] = (),
        attestations: bool = False,
        content: str | None = None,
        created: str | None = images.CREATED,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> str:
        """Push an index of an image per platform ("os/architecture[/variant]"); returns its digest.

        nested: for each, one more entry that is an index of these platforms. attestations: an
        `unknown/unknown` entry per platform, as BuildKit adds. docker: a docker manifest list.
        """
        seed = content if content is not None else (tag or "")

        def entry(platform: str) -> dict[str, object]:
            os, architecture, *variant = platform.split("/")
            made = images.image(
                f"{seed} {platform}",
                created=created,
                os=os,
                architecture=architecture,
                variant=variant[0] if variant else None,
                docker=docker,
            )
            self._push(repository, None, made)
            return made.manifest.descriptor(platform=dict(made.platform))

        entries = [entry(platform) for platform in platforms]
        if attestations:
            entries += [self._attestation(repository, str(e["digest"])) for e in entries]
        for inner in nested:
            blob = images.index([entry(platform) for platform in inner], docker=docker)
            self.push_manifest(repository, None, blob)
            entries.append(blob.descriptor())
        return self.push_manifest(
            repository, tag, images.index(entries, annotations=annotations, docker=docker)
        )

    def push_manifest(self, repository: str, reference: str | None, manifest: Blob) -> str:
        """PUT any manifest, by tag or (None) by its digest; returns the digest."""
        self._ask(
            "PUT",
            repository,
            f"manifests/{reference or manifest.digest}",
            content=manifest.data,
            headers={"Content-Type": manifest.media_type},
        )
        return manifest.digest

    def push_blob(self, repository: str, blob: Blob) -> str:
        digest = blob.digest
        head = self._ask("HEAD", repository, f"blobs/{digest}", accept=(200, 404))
        if head.status_code == 404:
            upload = self._ask("POST", repository, "blobs/uploads/")
            self._request(
                "PUT",
                repository,
                httpx.URL(upload.headers["Location"]).copy_merge_params({"digest": digest}),
                content=blob.data,
                headers={"Content-Type": "application/octet-stream"},
            )
        return digest

    def tag(self, repository: str, reference: str, *tags: str) -> str:
        """Give the manifest of a tag or digest further tags, or move them there."""
        got = self._ask("GET", repository, f"manifests/{reference}")
        manifest = Blob(got.headers["Content-Type"], got.content)
        for tag in tags:
            self.push_manifest(repository, tag, manifest)
        return manifest.digest

    def digest(self, repository: str, reference: str) -> str:
        head = self._ask("HEAD", repository, f"manifests/{reference}")
        return str(head.headers["Docker-Content-Digest"])

    def tags(self, repository: str) -> list[str]:
        """Sorted, which docker-registry's own answer is not."""
        return sorted(self._ask("GET", repository, "tags/list").json()["tags"] or [])

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest, and with it all tags that point to it."""
        self._ask("DELETE", repository, f"manifests/{digest}")

    def untag(self, repository: str, tag: str) -> None:
        """Remove one tag; docker-registry 2.8 has no request for that."""
        shutil.rmtree(self._tags_folder(repository) / tag)

    def many_tags(self, repository: str, tags: Iterable[str], *, content: str = "") -> str:
        """Point thousands of tags to one image in a moment, by writing the registry's link files.

        Returns the image's digest.
        """
        digest = self.push_image(repository, None, content=content)
        self.write_tags(repository, tags, digest)
        return digest

    def write_tags(self, repository: str, tags: Iterable[str], digest: str) -> None:
        """Point tags to an image that is there, by writing the registry's link files."""
        folder = self._tags_folder(repository)
        for tag in tags:
            entry = folder / tag / "index" / "sha256" / digest.removeprefix("sha256:")
            current = folder / tag / "current"
            entry.mkdir(parents=True, exist_ok=True)
            current.mkdir(exist_ok=True)
            (entry / "link").write_text(digest)
            (current / "link").write_text(digest)

    def copy_repository(self, repository: str, others: Iterable[str]) -> None:
        """The same images and tags in new repositories, by copying the registry's link files."""
        folder = self._tags_folder(repository).parent.parent
        for other in others:
            shutil.copytree(folder, self._tags_folder(other).parent.parent)

    def _push(self, repository: str, tag: str | None, image: Image) -> str:
        for blob in image.blobs:
            self.push_blob(repository, blob)
        return self.push_manifest(repository, tag, image.manifest)

    def _attestation(self, repository: str, of: str) -> dict[str, object]:
        made = images.image(f"attestation of {of}", os="unknown", architecture="unknown")
        self._push(repository, None, made)
        notes = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of,
        }
        return made.manifest.descriptor(platform=dict(made.platform), annotations=notes)

    def _tags_folder(self, repository: str) -> Path:
        return self.root / "docker/registry/v2/repositories" / repository / "_manifests/tags"

    def _ask(
        self,
        method: str,
        repository: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Sequence[int] = (),
    ) -> httpx.Response:
        url = httpx.URL(f"/v2/{repository}/{path}")
        return self._request(
            method, repository, url, content=content, headers=headers, accept=accept
        )

    def _request(
        self,
        method: str,
        repository: str,
        url: httpx.URL,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Sequence[int] = (),
    ) -> httpx.Response:
        sent = {"Accept": images.ANY_MANIFEST, **(headers or {})}
        if self.authorize:
            token = self.authorize(repository, "pull", "push", "delete")
            sent["Authorization"] = f"Bearer {token}"
        response = self.client.request(method, url, content=content, headers=sent)
        if response.status_code not in accept and not response.is_success:
            raise PushError(f"{method} {url}: {response.status_code} {response.text[:500]}")
        return response


class PushError(Exception):
    """The registry answered with something else than success."""
