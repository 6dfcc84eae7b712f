from __future__ import annotations

import pytest

from imagebot.forge.project import ProjectLocation, is_loopback, place_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com/acme/gitops.git", ProjectLocation("github.com", "acme/gitops")),
        ("https://GitHub.com/acme/gitops/", ProjectLocation("github.com", "acme/gitops")),
        ("ssh://git@github.com:22/acme/gitops.git", ProjectLocation("github.com", "acme/gitops")),
        ("git@github.com:acme/gitops.git", ProjectLocation("github.com", "acme/gitops")),
        ("github.com:/acme/gitops", ProjectLocation("github.com", "acme/gitops")),
        ("https://gitlab.com/a/b/c.git", ProjectLocation("gitlab.com", "a/b/c")),
        ("file:///srv/git/gitops.git", ProjectLocation("", "srv/git/gitops")),
        ("/srv/git/gitops.git", ProjectLocation("", "srv/git/gitops")),
        ("https://github.com.evil.com/a/b", ProjectLocation("github.com.evil.com", "a/b")),
        ("https://github.com@evil.com/a/b", ProjectLocation("evil.com", "a/b")),
    ],
)
def test_places(url: str, place: ProjectLocation) -> None:
    assert place_of(url) == place


def test_loopback() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1")] == [True] * 3
    assert not any(is_loopback(host) for host in ("", "10.0.0.1", "localhost.evil.com", "x"))
