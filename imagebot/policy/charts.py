"""The rule `chart`: of a chart's repository, the tags that are versions Helm takes.

Everything is said in versions (`1.2.3+ref.4f2a9c1`), as fields write them; only the filters of a
policy see the tags that the registry lists (`1.2.3_ref.4f2a9c1`), as they do for images.
"""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.policy.filters import drop_artifacts, filter_tags
from imagebot.policy.model import Policy
from imagebot.policy.ranking import Pool
from imagebot.policy.rejections import Refusals
from imagebot.reference import Reference
from imagebot.version.chart import chart_version, registry_tag, without_metadata


def spelled_as(current: Reference, tags: Sequence[str]) -> Sequence[str]:
    """The tags of a repository as fields write them; what is not a version stays as it is."""
    return [chart_version(tag) or tag for tag in tags] if current.chart else tags


def filter_for(current: Reference, policy: Policy, tags: Sequence[str], refusals: Refusals) -> Pool:
    """The tags that pass the filters, each once; for a chart only versions, without their build
    metadata where the order reads them."""
    if not current.chart:
        return filter_tags(policy, tags, refusals)
    images = drop_artifacts(list(dict.fromkeys(tags)), refusals)
    versions = _versions(images, current.tag or "", refusals)
    listed = {registry_tag(version): version for version in versions}
    own = Refusals()
    pool = filter_tags(policy, list(listed), own)
    for block in own.freeze().blocks:
        refusals.add(block.rule, [listed[tag] for tag in block.tags], block.reason)
    kept = [listed[tag] for tag in pool.tags]
    if policy.pattern is not None and policy.pattern.extract:
        return Pool(kept, pool.texts)
    return Pool(kept, [without_metadata(version) for version in kept])


def why_no_version(tag: str, current: str = "") -> str:
    """Why a tag cannot be the version of a chart whose field has `current`; "" if it can.

    Helm fetches `v1.2.3` if it is asked for exactly that, but its ranges never find it: whoever
    writes no `v` means the other one.
    """
    version = chart_version(tag)
    if version is None:
        return "not a chart version: Helm takes only SemVer 2, such as 1.2.3"
    if version.startswith("v") and not current.startswith("v"):
        return "not a chart version: SemVer 2 has no v, and neither has the field"
    return ""


def _versions(tags: Sequence[str], current: str, refusals: Refusals) -> Sequence[str]:
    kept = [tag for tag in tags if not why_no_version(tag, current)]
    if len(kept) < len(tags):
        among = set(kept)
        others = [tag for tag in tags if tag not in among]
        refusals.add("chart", others, lambda tag: why_no_version(tag, current))
    return kept
