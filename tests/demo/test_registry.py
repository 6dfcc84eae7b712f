from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from imagebot.demo.distribution.images import OCI_INDEX
from imagebot.demo.registry import DemoRegistry
from tests.support.require import require

CREATED = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


class TestLife:
    def test_ends_with_the_block(self) -> None:
        before = threading.active_count()
        with DemoRegistry() as registry, httpx.Client(trust_env=False) as client:
            assert client.get(f"http://{registry.host}/v2/").status_code == 200
            url = f"http://{registry.host}/v2/"
            # The client's connection is kept open, idle, while the registry ends.
            registry.__exit__(None, None, None)
            with pytest.raises(httpx.TransportError):
                client.get(url)
        assert threading.active_count() <= before + 1

    def test_on_a_port_of_ones_choice(self) -> None:
        with DemoRegistry() as registry:
            port = int(registry.host.rpartition(":")[2])
            with pytest.raises(OSError, match="in use"):
                DemoRegistry(port=port)
        with DemoRegistry(port=port) as again:
            assert again.host == f"127.0.0.1:{port}"

    def test_content_survives_in_a_directory(self, tmp_path: Path) -> None:
        folder = tmp_path / "not" / "there" / "yet"
        with DemoRegistry(folder) as registry:
            digest = registry.seed("team/app", "1.0.0", created=CREATED)
        with DemoRegistry(folder) as registry, httpx.Client(trust_env=False) as client:
            url = f"http://{registry.host}/v2/team/app/manifests/1.0.0"
            assert client.get(url).headers["Docker-Content-Digest"] == digest
            assert registry.seed("team/app", "1.0.0", created=CREATED) == digest

    def test_content_ends_without_one(self) -> None:
        with DemoRegistry() as registry:
            registry.seed("team/app", "1.0.0", created=CREATED)
        with DemoRegistry() as registry, httpx.Client(trust_env=False) as client:
            url = f"http://{registry.host}/v2/team/app/tags/list"
            assert client.get(url).status_code == 404


class TestSeed:
    def test_an_index_of_images_that_can_be_pulled(
        self, demo: DemoRegistry, client: httpx.Client
    ) -> None:
        platforms = ("linux/amd64", "linux/arm/v7")
        digest = demo.seed("team/app", "1.0.0", platforms=platforms, created=CREATED)
        answer = client.get("/v2/team/app/manifests/1.0.0")
        assert answer.headers["Docker-Content-Digest"] == digest
        assert answer.headers["Content-Type"] == OCI_INDEX
        entries = answer.json()["manifests"]
        assert [entry["platform"] for entry in entries] == [
            {"os": "linux", "architecture": "amd64"},
            {"os": "linux", "architecture": "arm", "variant": "v7"},
        ]
        for entry in entries:
            manifest = client.get(f"/v2/team/app/manifests/{entry['digest']}")
            assert len(manifest.content) == entry["size"]
            config = client.get(f"/v2/team/app/blobs/{manifest.json()['config']['digest']}").json()
            assert config["created"] == "2024-01-02T03:04:05Z"
            assert config["architecture"] == entry["platform"]["architecture"]
            (layer,) = manifest.json()["layers"]
            assert client.head(f"/v2/team/app/blobs/{layer['digest']}").status_code == 200

    def test_the_same_twice_and_another_for_another(self, demo: DemoRegistry) -> None:
        first = demo.seed("team/app", "1.0.0", created=CREATED)
        elsewhere = CREATED.astimezone(timezone(timedelta(hours=5)))
        assert demo.seed("team/app", "1.0.0", created=elsewhere) == first
        assert demo.seed("team/app", "1.0.1", created=CREATED) != first
        assert demo.seed("team/other", "1.0.0", created=CREATED) != first
        assert demo.seed("team/app", "1.0.0", created=CREATED + timedelta(days=1)) != first

    @pytest.mark.parametrize(
        ("repository", "tag"), [("Team/App", "1.0"), ("../app", "1.0"), ("team/app", "a b")]
    )
    def test_what_is_not_a_reference(self, demo: DemoRegistry, repository: str, tag: str) -> None:
        with pytest.raises(ValueError, match="400"):
            demo.seed(repository, tag, created=CREATED)

    def test_a_time_without_a_zone(self, demo: DemoRegistry) -> None:
        with pytest.raises(ValueError, match="time zone"):
            demo.seed("team/app", "1.0", created=CREATED.replace(tzinfo=None))


class TestSkopeo:
    """A client that knows nothing of this code agrees with it."""

    def skopeo(self, *arguments: str) -> str:
        require("skopeo")
        done = subprocess.run(["skopeo", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_lists_and_inspects(self, demo: DemoRegistry) -> None:
        demo.seed("team/app", "1.0.0", created=CREATED)
        digest = demo.seed("team/app", "1.1.0", created=CREATED)
        image = f"docker://{demo.host}/team/app"
        listed = json.loads(self.skopeo("list-tags", "--tls-verify=false", image))
        assert listed["Tags"] == ["1.0.0", "1.1.0"]
        raw = self.skopeo("inspect", "--tls-verify=false", "--raw", f"{image}:1.1.0")
        assert "sha256:" + hashlib.sha256(raw.encode()).hexdigest() == digest
        found = json.loads(
            self.skopeo(
                "--override-os=linux",
                "--override-arch=arm64",
                "inspect",
                "--tls-verify=false",
                f"{image}:1.1.0",
            )
        )
        assert found["Architecture"] == "arm64"
        assert found["Created"] == "2024-01-02T03:04:05Z"

    def test_copies_there_and_back(self, demo: DemoRegistry, tmp_path: Path) -> None:
        """Out to a folder (every blob is checked), and from there in again, under other names."""
        digest = demo.seed("team/app", "1.0.0", created=CREATED)
        source, copy = f"docker://{demo.host}/team/app:1.0.0", f"docker://{demo.host}/copied:v1"
        folder = f"dir:{tmp_path / 'image'}"
        self.skopeo("copy", "--all", "--src-tls-verify=false", source, folder)
        self.skopeo("copy", "--all", "--dest-tls-verify=false", folder, copy)
        raw = self.skopeo("inspect", "--tls-verify=false", "--raw", copy)
        assert "sha256:" + hashlib.sha256(raw.encode()).hexdigest() == digest

    def test_copies_within_and_deletes(self, demo: DemoRegistry, client: httpx.Client) -> None:
        demo.seed("team/app", "1.0.0", created=CREATED)
        both = ["--src-tls-verify=false", "--dest-tls-verify=false"]
        copy = f"docker://{demo.host}/other/app:2.0.0"
        self.skopeo("copy", "--all", *both, f"docker://{demo.host}/team/app:1.0.0", copy)
        assert client.get("/v2/other/app/tags/list").json()["tags"] == ["2.0.0"]
        self.skopeo("delete", "--tls-verify=false", copy)
        assert client.get("/v2/other/app/tags/list").json()["tags"] == []
