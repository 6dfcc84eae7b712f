from __future__ import annotations

from datetime import UTC, datetime

from imagebot.reference import parse_repository
from imagebot.registry.api import Pushed, Registry
from imagebot.registry.charts import ChartRegistry
from tests.support.fake_registry import FakeRegistry, digest_of

WEB = parse_repository("ghcr.io/acme/charts/web")


def test_it_is_asked_by_versions_and_answers_from_tags() -> None:
    pushed = Pushed(datetime(2025, 7, 1, tzinfo=UTC), "a registry")
    fake = FakeRegistry({str(WEB): ("1.2.3_a", "1.3.0")}, pushes={"1.2.3_a": pushed})
    charts: Registry = ChartRegistry(fake)
    assert charts.tags(WEB) == ("1.2.3_a", "1.3.0")
    digest = charts.digest(WEB, "1.2.3+a")
    assert digest == digest_of(f"{WEB}:1.2.3_a")
    assert charts.digest(WEB, "1.3.0") == digest_of(f"{WEB}:1.3.0")
    assert charts.pushed(WEB, ["1.2.3+a", "1.3.0"]) == {"1.2.3+a": pushed}
    assert charts.platforms(WEB, digest) == fake.platforms(WEB, digest)
    assert charts.created(WEB, digest) is None
    assert charts.check("ghcr.io") == fake.check("ghcr.io")
