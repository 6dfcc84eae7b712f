from __future__ import annotations

import pytest

from imagebot.plan.model import Plan
from imagebot.publish.changes import changes_of
from tests.publish.conftest import make_route
from tests.publish.updates import make_update

TEST = make_route("test", "commit")
DEV = make_route("dev", "commit")
PRODUCTION = make_route("production")
STAGING = make_route("staging")
ONE = make_update("clusters/test/a.yaml", route="test")
TWO = make_update("clusters/dev/a.yaml", route="dev")
THREE = make_update("clusters/production/a.yaml")
FOUR = make_update("clusters/production/b.yaml", "nginx:1")
FIVE = make_update("clusters/production/a.yaml", "docker.io/library/nginx:1", line=9)


def test_one_commit_and_a_pull_request_for_each_route() -> None:
    plan = Plan(updates=(TWO, THREE, FOUR, ONE))
    routes = (TEST, STAGING, PRODUCTION, DEV)
    commit, pull_request = changes_of(plan, routes, target="t", base="trunk")
    assert (commit.mode, commit.route, commit.updates) == ("commit", "dev, test", (TWO, ONE))
    assert (commit.base, commit.branch, commit.target) == ("trunk", "trunk", "t")
    assert (pull_request.mode, pull_request.route) == ("pull-request", "production")
    assert pull_request.updates == (THREE, FOUR)
    assert pull_request.branch.startswith("imagebot/production-all-")
    assert (pull_request.base, pull_request.options) == ("trunk", PRODUCTION.pull_request)


def test_a_pull_request_for_each_repository() -> None:
    route = make_route("production", group="repository", labels=("images",))
    first, second = changes_of(Plan(updates=(THREE, FOUR, FIVE)), (route,), target="t", base="main")
    assert (first.updates, second.updates) == ((THREE,), (FOUR, FIVE))
    assert second.paths == ("clusters/production/b.yaml", "clusters/production/a.yaml")
    assert first.branch.startswith("imagebot/production-ghcr-io-acme-api-")
    assert second.branch.startswith("imagebot/production-docker-io-library-nginx-")
    assert second.options.labels == ("images",)


def test_nothing_to_publish() -> None:
    assert changes_of(Plan(), (TEST, PRODUCTION), target="t", base="main") == ()


def test_an_update_of_a_route_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        changes_of(Plan(updates=(ONE,)), (PRODUCTION,), target="t", base="main")
