"""The kinds of differences from other projects, and the reason for each.

docs/policies.md has the same list, word for word.
"""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "Never lower": (
        "Flux writes the best tag there is, even if it is lower than the current one. imagebot "
        "does this only with `allow-downgrade: true`: a registry that loses its tags for an "
        "hour must not roll back production."
    ),
    "Empty ranges": (
        "In Masterminds/semver, an empty range allows every release. In imagebot it is an "
        "error, because it is usually a mistake. So are `>*`, `<*` and `!=*`, which allow "
        "nothing. `^*`, as documented there, and `<=*` allow every release."
    ),
    "Three numbers": (
        "With `version-syntax: strict`, a version has three numbers, as in Flux. "
        "Masterminds/semver can also read `1.2` and `20240101`, and then a date or a build "
        "number is higher than every release."
    ),
    "A leading v": (
        "With `version-syntax: strict`, `v1.2.3` is a version, as in Flux: many projects tag "
        "their releases so. The strict reading of Masterminds/semver refuses it."
    ),
    "Leading zeros": (
        "With `version-syntax: strict`, `2025.02.03` is a version: calendar versions are "
        "written so. The strict reading of Masterminds/semver, which Flux uses, refuses it."
    ),
    "One unusable tag": (
        "In Flux, one tag that is not a number stops a numerical policy. imagebot refuses that "
        "tag and orders the others: one odd push must not stop all updates."
    ),
    "Exact numbers": (
        "Flux compares numbers as floating point, where 9007199254740992 and 9007199254740993 "
        "are equal. imagebot compares them exactly, at any length: build numbers and timestamps "
        "can be that long."
    ),
    "Parts of a version": (
        "imagebot never compares `1.2` with `1.2.3`: `1.2` is usually a tag that moves with "
        "each patch. Argo CD Image Updater and Renovate's `loose` take the missing number for "
        "zero. Renovate's `docker` sorts `1.2` above `1.2.3`, but does not update one to the "
        "other either."
    ),
    "Order of variants": (
        "Renovate sorts the tags of all variants, but updates only within one. In imagebot, "
        "tags of different variants have no order unless `variant` allows both: `3.8.0` is not "
        "newer than `3.8.0-alpine`."
    ),
    "Single letters": (
        "Renovate reads `3.7.0b1` as a pre-release. imagebot reads it as a variant, because "
        "letters like `a` and `b` also mark builds. Neither moves from `3.7.0` to `3.8.0b1`, "
        "but imagebot does not move from `3.7.0b1` to `3.7.0` either."
    ),
    "The v stays": (
        "Renovate moves from `v1.2.3` to `1.2.4`. imagebot waits for `v1.2.4`: a repository "
        "with both may publish different images under them."
    ),
    "Pre-releases move on": (
        "Renovate compares only tags with the same text after the first `-`, so `1.3.0-rc.1` "
        "stays when `1.3.0` is there. imagebot moves to the next pre-release and to the "
        "release: a pre-release is not meant to stay."
    ),
    "Revisions and platforms move on": (
        "For the same reason, Renovate leaves `1.2.3-ls10` and `7.2.4-debian-11-r9` as they are "
        "for good. imagebot takes the next build revision, and a newer operating system when "
        "the present one has no newer version."
    ),
    "Dates and counters behind a word": (
        "Renovate's `docker` reads a version only at the start of a tag. imagebot also orders "
        "`main-20240101` and `main-201-f022da4`: such tags are common, and their order is "
        "certain."
    ),
    "Dates are not majors": (
        "For Renovate, `20240202` is a major update of `20240101`. For imagebot, a date has no "
        "major version, and `max` does not limit it: a new year is not a breaking change."
    ),
    "Numbers that may be hashes": (
        "Renovate reads every number as a version, so `7654321` is a major update of `1234567`. "
        "imagebot looks at the other tags: among commit hashes, a hash without letters is a "
        "hash too, and has no order."
    ),
    "Many numbers": (
        "Renovate's `loose` reads at most six numbers. imagebot reads any count: all parts of a "
        "tag of one shape can be compared."
    ),
    "Pinning alone": (
        "Renovate's `pinDigests` pins and updates. In imagebot, a policy that only has `pin` "
        "never changes the tag: pinning must be possible without an update. Add `max`, an order "
        "or a range to get both."
    ),
    "Adoption": (
        "Renovate leaves a tag alone that is not a version. In imagebot, a policy of your own "
        "replaces it with the best version, because it was written to choose one. The built-in "
        "policy, and `adopt: false`, keep the tag."
    ),
    "Names of releases": (
        "Renovate's `debian` knows that `bookworm` follows `bullseye`. imagebot keeps such a "
        "tag: a list of names would be out of date with every new one."
    ),
    "Layouts of dates": (
        "Argo CD Image Updater needs the layout of calendar versions. imagebot finds the date: "
        "year first, and the text around it must be the same. It reads no dates that start with "
        "the day, and compares neither a number before the date nor a word after it: without a "
        "layout, that would be a guess."
    ),
}
