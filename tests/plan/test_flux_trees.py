"""Flux's markers and objects from end to end, as Flux itself would follow them."""

from __future__ import annotations

import pytest

from imagebot.config.load import load_configuration
from imagebot.manifest.cache import decode, encode
from imagebot.manifest.flux.join import join
from imagebot.manifest.scan import scan
from imagebot.plan.assign import Assigned
from imagebot.plan.build import build
from imagebot.plan.edits import PlanWithEdits, edit_plan
from imagebot.plan.set_references import plan_references
from imagebot.reference import parse_reference, parse_repository
from imagebot.scan.inventory import find_named
from tests.manifest.flux.test_nearest import ONE, RELEASE, charts, policy, repository
from tests.plan.test_build import NOW, ROUTE, Files
from tests.support.fake_registry import FakeRegistry, digest_of
from tests.support.work import count_steps

WEB, OTHER = "ghcr.io/acme/web", "ghcr.io/acme/other"
TAGS = ("1.2.0", "1.4.0", "1.3.0")
OLD = digest_of("old")
NEW = digest_of(f"{WEB}:1.4.0")
FULL = f'image: {WEB}:1.2.0 # {{"$imagepolicy": "flux-system:web"}}\n'


def drafting(files: dict[str, str], route_policy: str = "shape") -> PlanWithEdits:
    configuration = load_configuration(
        ROUTE.replace("P", route_policy), "imagebot.yaml", trusted=False
    )
    registry = FakeRegistry({WEB: TAGS, OTHER: TAGS, "docker.io/library/web": TAGS})
    source = Files({path: text.encode() for path, text in files.items()})
    return edit_plan(source, build(source, configuration, registry, now=NOW).plan)


def drafting_one(objects: str, marked: str, route_policy: str = "shape") -> PlanWithEdits:
    return drafting({"flux.yaml": objects, "x.yaml": marked}, route_policy)


def changed(drafted: PlanWithEdits) -> str:
    assert drafted.plan.problems == ()
    (change,) = drafted.changes
    return change.new.decode()


def test_an_excluded_tag_is_not_written() -> None:
    objects = repository("web", ", exclusionList: ['^1[.]4']") + policy()
    assert changed(drafting_one(objects, FULL)) == FULL.replace("1.2.0", "1.3.0")


def test_an_exclusion_that_cannot_be_read_is_a_problem() -> None:
    objects = repository("web", ", exclusionList: ['(?=x)']") + policy()
    drafted = drafting_one(objects, FULL)
    assert drafted.changes == ()
    assert {each.code for each in drafted.plan.problems} == {"flux-policy", "unknown-policy"}
    assert all("exclude" in each.message for each in drafted.plan.problems)


SUSPENDED = {
    "ImageRepository": (
        repository("web", ", suspend: true") + policy(),
        "ImageRepository web (flux.yaml:2) is suspended",
    ),
    "ImagePolicy": (
        repository("web") + policy("1.x", ", suspend: true"),
        "ImagePolicy web (flux.yaml:7) is suspended",
    ),
}


@pytest.mark.parametrize(
    "marked",
    [FULL, 'a: 1.2.0 # {"$imagepolicy": "flux-system:web:tag"}\n'],
    ids=["full", "bare"],
)
@pytest.mark.parametrize(("objects", "reason"), SUSPENDED.values(), ids=SUSPENDED.keys())
def test_what_is_suspended_is_kept(objects: str, reason: str, marked: str) -> None:
    drafted = drafting_one(objects, marked)
    assert (drafted.changes, drafted.plan.problems) == ((), ())
    (decision,) = [each.decision for each in drafted.plan.kept]
    assert (decision.code, decision.reason) == ("suspended", reason)


def test_what_is_not_suspended_moves() -> None:
    objects = repository("web", ", suspend: false") + policy("1.x", ", suspend: false")
    assert changed(drafting_one(objects, FULL)) == FULL.replace("1.2.0", "1.4.0")


def test_a_marker_on_an_image_of_another_repository_is_a_problem() -> None:
    drafted = drafting_one(repository("web") + policy(), FULL.replace(WEB, OTHER))
    assert drafted.changes == ()
    (problem,) = drafted.plan.problems
    assert (problem.code, problem.path, problem.line) == ("invalid-marker", "x.yaml", 1)
    assert WEB in problem.message
    assert OTHER in problem.message
    assert [each.decision.code for each in drafted.plan.kept] == ["invalid-marker"]


def test_another_spelling_is_the_same_repository() -> None:
    objects = repository("web").replace("ghcr.io/acme/web", "docker.io/library/web") + policy()
    marked = FULL.replace(WEB, "web")
    assert changed(drafting_one(objects, marked)) == marked.replace("1.2.0", "1.4.0")


def test_a_full_reference_may_follow_a_policy_whose_repository_is_missing() -> None:
    assert changed(drafting_one(policy(), FULL)) == FULL.replace("1.2.0", "1.4.0")
    bare = 'a: 1.2.0 # {"$imagepolicy": "flux-system:web:tag"}\n'
    drafted = drafting_one(policy(), bare)
    assert drafted.changes == ()
    (problem,) = drafted.plan.problems
    assert problem.code == "marker"
    assert "whose ImageRepository is not in these files" in problem.message


def test_policies_of_two_clusters_are_followed_each_in_its_own() -> None:
    files = {
        "c/a/flux.yaml": repository("web") + policy("1.x"),
        "c/b/flux.yaml": repository("web") + policy("~1.2.0 || ~1.3.0"),
        "c/a/x.yaml": FULL,
        "c/b/x.yaml": FULL,
    }
    drafted = drafting(files)
    assert drafted.plan.problems == ()
    assert {u.field.path: (u.tag, u.decision.policy) for u in drafted.plan.updates} == {
        "c/a/x.yaml": ("1.4.0", "flux-system:web"),
        "c/b/x.yaml": ("1.3.0", "flux-system:web"),
    }


REFLECTIONS = ["Never", "IfNotPresent", "Always"]


def objects_with(reflection: str) -> str:
    return repository("web") + policy("1.x", f", digestReflectionPolicy: {reflection}")


def mark(part: str, name: str = "web") -> str:
    return f'# {{"$imagepolicy": "flux-system:{name}:{part}"}}'


def kustomize(*lines: str) -> str:
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nimages:\n"
    return head + "".join(["- name: ghcr.io/acme/web\n", *(f"  {line}\n" for line in lines)])


# What is marked, before and after, with every reflection policy.
PARTS = {
    "a Kustomize digest": (
        kustomize(f"digest: {OLD} {mark('digest')}"),
        kustomize(f"digest: {NEW} {mark('digest')}"),
    ),
    "a Kustomize tag": (
        kustomize(f"newTag: 1.2.0 {mark('tag')}"),
        kustomize(f"newTag: 1.4.0 {mark('tag')}"),
    ),
    "a Kustomize tag and digest": (
        kustomize(f"newTag: 1.2.0 {mark('tag')}", f"digest: {OLD} {mark('digest')}"),
        kustomize(f"newTag: 1.4.0 {mark('tag')}", f"digest: {NEW} {mark('digest')}"),
    ),
    "a Helm tag": (
        f"image: {{repository: {WEB},\n  tag: 1.2.0 {mark('tag')}\n}}\n",
        f"image: {{repository: {WEB},\n  tag: 1.4.0 {mark('tag')}\n}}\n",
    ),
    "an empty Kustomize digest": (
        kustomize(f'digest: "" {mark("digest")}'),
        kustomize(f'digest: "{NEW}" {mark("digest")}'),
    ),
    "a Helm tag with its digest behind it": (
        f"image: {{repository: {WEB},\n  tag: 1.2.0@{OLD} {mark('tag')}\n}}\n",
        f"image: {{repository: {WEB},\n  tag: 1.4.0@{NEW} {mark('tag')}\n}}\n",
    ),
    "a bare digest": (f"dig: {OLD} {mark('digest')}\n", f"dig: {NEW} {mark('digest')}\n"),
    "a bare tag": (f"a: 1.2.0 {mark('tag')}\n", f"a: 1.4.0 {mark('tag')}\n"),
}


@pytest.mark.parametrize("reflection", REFLECTIONS)
@pytest.mark.parametrize(("before", "after"), PARTS.values(), ids=PARTS.keys())
def test_only_the_marked_part_is_written(before: str, after: str, reflection: str) -> None:
    drafted = drafting_one(objects_with(reflection), before)
    assert changed(drafted) == after
    (update,) = drafted.plan.updates
    assert update.tag == ("1.4.0" if "1.4.0" in after else None)
    assert update.digest == (NEW if NEW in after else None)
    again = drafting_one(objects_with(reflection), after)
    assert (again.changes, again.plan.problems) == ((), ())
    assert [each.decision.code for each in again.plan.kept] == ["current"]


def test_a_digest_alone_is_an_update_of_the_digest() -> None:
    drafted = drafting_one(objects_with("Always"), f"dig: {OLD} {mark('digest')}\n")
    assert [each.decision.update_type for each in drafted.plan.updates] == ["digest"]


def test_a_given_reference_leaves_no_tag_where_the_digest_alone_is_marked() -> None:
    files = {"flux.yaml": objects_with("Never"), "x.yaml": f"dig: {OLD} {mark('digest')}\n"}
    scans = {path: scan(path, text.encode()) for path, text in files.items()}
    (field,) = join(scans).scans["x.yaml"].fields
    (update,) = plan_references(
        [Assigned(target="", field=field)], [parse_reference(f"{WEB}:1.4.0@{NEW}")]
    ).updates
    assert (update.tag, update.digest) == (None, NEW)


def test_a_given_reference_adds_no_digest_where_the_tag_alone_is_marked() -> None:
    tagged = kustomize(f"newTag: 1.2.0 {mark('tag')}")
    files = {"flux.yaml": objects_with("Never"), "x.yaml": tagged}
    scans = {path: scan(path, text.encode()) for path, text in files.items()}
    (field,) = join(scans).scans["x.yaml"].fields
    (update,) = plan_references(
        [Assigned(target="", field=field)], [parse_reference(f"{WEB}:1.4.0@{NEW}")]
    ).updates
    assert (update.tag, update.digest) == ("1.4.0", None)


@pytest.mark.parametrize("reflection", ["IfNotPresent", "Always"])
def test_an_empty_digest_beside_a_tag_is_filled(reflection: str) -> None:
    before = kustomize(f"newTag: 1.2.0 {mark('tag')}", f'digest: "" {mark("digest")}')
    after = kustomize(f"newTag: 1.4.0 {mark('tag')}", f'digest: "{NEW}" {mark("digest")}')
    assert changed(drafting_one(objects_with(reflection), before)) == after


@pytest.mark.parametrize("quote", ['"', "'"])
def test_an_empty_text_that_is_marked_as_a_tag_is_filled(quote: str) -> None:
    before, after = (
        f"env:\n- name: TAG\n  value: {quote}{tag}{quote} {mark('tag')}\n" for tag in ("", "1.4.0")
    )
    assert changed(drafting_one(objects_with("Never"), before)) == after


HALF_MARKED = {
    "the tag": (kustomize(f"newTag: 1.2.0 {mark('tag')}", f"digest: {OLD}"), "digest", 5),
    "the digest": (kustomize("newTag: 1.2.0", f"digest: {OLD} {mark('digest')}"), "tag", 6),
    "of two policies": (
        kustomize(f"newTag: 1.2.0 {mark('tag')}", f"digest: {OLD} {mark('digest', 'other')}"),
        "flux-system:other",
        6,
    ),
}


@pytest.mark.parametrize(("text", "said", "line"), HALF_MARKED.values(), ids=HALF_MARKED.keys())
def test_a_tag_and_a_digest_are_marked_together(text: str, said: str, line: int) -> None:
    """Else one would be moved and the other left to speak of another image."""
    drafted = drafting_one(objects_with("Always"), text)
    assert drafted.changes == ()
    (problem,) = drafted.plan.problems
    assert (problem.code, problem.path, problem.line) == ("invalid-marker", "x.yaml", line)
    assert said in problem.message


def test_an_empty_value_is_no_digest() -> None:
    drafted = drafting_one(objects_with("Always"), f'dig: "" {mark("digest")}\n')
    assert drafted.changes == ()
    (problem,) = drafted.plan.problems
    assert (problem.code, problem.line) == ("marker", 1)
    assert "digest" in problem.message
    assert ":name" not in problem.message


MISSING_NAME = {
    "in a list": kustomize(f"newName: {WEB} {mark('name', 'wbe')}", "newTag: 1.2.0"),
    "of a chart": f"image:\n  repository: {WEB} {mark('name', 'wbe')}\n  tag: 1.2.0\n",
    "beside a tag": (
        f"image:\n  repository: {WEB} {mark('name', 'wbe')}\n  tag: 1.2.0 {mark('tag')}\n"
    ),
}


@pytest.mark.parametrize("text", MISSING_NAME.values(), ids=MISSING_NAME.keys())
def test_a_name_marker_that_names_no_policy_blocks_its_field(text: str) -> None:
    line = next(n for n, each in enumerate(text.splitlines(), 1) if ":wbe" in each)
    drafted = drafting_one(objects_with("Never"), text)
    assert drafted.changes == ()
    assert drafted.plan.problems[0].code == "marker"
    assert drafted.plan.problems[0].line == line
    assert "flux-system:wbe" in drafted.plan.problems[0].message
    named = drafting_one(objects_with("Never"), text.replace("wbe", "web"))
    assert named.plan.problems == ()
    assert len(named.changes) == 1


NOT_OBEYED = {
    "words before it": (
        f'image: {WEB}:1.2.0 # ours {{"$imagepolicy": "flux-system:web"}}\n',
        1,
    ),
    "a comment before it": (
        f'image: {WEB}:1.2.0 # ours # {{"$imagepolicy": "flux-system:web"}}\n',
        1,
    ),
    "no braces": (f"image: {WEB}:1.2.0 # $imagepolicy: flux-system:web\n", 1),
    "a number in it": (
        f'image: {WEB}:1.2.0 # {{"$imagepolicy": "flux-system:web", "n": 1}}\n',
        1,
    ),
    "above an item's mapping": (
        f'x:\n  # {{"$imagepolicy": "flux-system:web"}}\n  - image: {WEB}:1.2.0\n',
        2,
    ),
    "above a key": (f'# {{"$imagepolicy": "flux-system:web"}}\nimage: {WEB}:1.2.0\n', 1),
    "behind a key": (f'image: # {{"$imagepolicy": "flux-system:web"}}\n  {WEB}:1.2.0\n', 1),
    "behind a key of an item": (
        f'- image: # {{"$imagepolicy": "flux-system:web"}}\n    {WEB}:1.2.0\n',
        1,
    ),
    "above a key of a split form": (
        (
            'x:\n  # {"$imagepolicy": "flux-system:web:tag"}\n'
            f"  image:\n    repository: {WEB}\n    tag: 1.2.0\n"
        ),
        2,
    ),
    "above, under words": (
        f'x:\n# ours\n# {{"$imagepolicy": "flux-system:web"}}\n- image: {WEB}:1.2.0\n',
        3,
    ),
    "above an image item, under words": (
        f'images:\n# ours\n# {{"$imagepolicy": "flux-system:web"}}\n- {WEB}:1.2.0\n',
        3,
    ),
    "above an image item, some way under words": (
        f'images:\n# ours\n\n# {{"$imagepolicy": "flux-system:web"}}\n- {WEB}:1.2.0\n',
        4,
    ),
    "above an item that has a comment": (
        f'images:\n# {{"$imagepolicy": "flux-system:web"}}\n- {WEB}:1.2.0 # ours\n',
        2,
    ),
    "the whole, where a tag is": (
        f'image:\n  repository: {WEB}\n  tag: 1.2.0 # {{"$imagepolicy": "flux-system:web"}}\n',
        3,
    ),
    "a tag, where the whole is": (
        f'image: {WEB}:1.2.0 # {{"$imagepolicy": "flux-system:web:tag"}}\n',
        1,
    ),
    "a name, where the whole is": (
        f'image: {WEB}:1.2.0 # {{"$imagepolicy": "flux-system:web:name"}}\n',
        1,
    ),
    "behind an alias": (
        f'a: &a {WEB}:1.2.0\nimage: *a # {{"$imagepolicy": "flux-system:web"}}\n',
        2,
    ),
    "behind a block": (
        f'image: |- # {{"$imagepolicy": "flux-system:web"}}\n  {WEB}:1.2.0\n',
        1,
    ),
}


@pytest.mark.parametrize(("text", "line"), NOT_OBEYED.values(), ids=NOT_OBEYED.keys())
def test_what_is_not_obeyed_is_a_problem_and_blocks_what_it_is_meant_for(
    text: str, line: int
) -> None:
    drafted = drafting_one(objects_with("Never"), text)
    assert drafted.changes == ()
    codes = [(each.code, each.line) for each in drafted.plan.problems if each.code == "marker"]
    assert codes == [("marker", line)]
    other = drafting_one(objects_with("Never"), text + f"other: {{image: '{OTHER}:1.2.0'}}\n")
    if not text.startswith("- "):
        assert [each.tag for each in other.plan.updates if "other" in each.field.keys] == ["1.4.0"]


OBEYED = {
    "above the value of a key": (
        f'image:\n  # {{"$imagepolicy": "flux-system:web"}}\n  {WEB}:1.2.0\n'
    ),
    "behind a comma": (
        f'x: {{image: {WEB}:1.2.0, # {{"$imagepolicy": "flux-system:web"}}\n  y: 1}}\n'
    ),
    "the last of a flow mapping": (
        f'x: {{\n  image: {WEB}:1.2.0 # {{"$imagepolicy": "flux-system:web"}}\n}}\n'
    ),
    "behind the dash": f'images:\n- # {{"$imagepolicy": "flux-system:web"}}\n  {WEB}:1.2.0\n',
}


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED.keys())
def test_what_flux_obeys_is_obeyed(text: str) -> None:
    assert changed(drafting_one(objects_with("Never"), text, "ignore")) == text.replace(
        "1.2.0", "1.4.0"
    )


NO_MARKERS = {
    "in a value": "note: 'write # $imagepolicy: a:b'\n",
    "in a script": "script: |\n  echo 1 # $imagepolicy: a:b\n",
    "in a plain value": "note: see#$imagepolicy\n",
    "in words": "# Flux finds $imagepolicy markers in this file\nnote: x\n",
}


@pytest.mark.parametrize("text", NO_MARKERS.values(), ids=NO_MARKERS.keys())
def test_what_is_no_comment_is_no_marker(text: str) -> None:
    text = f"{text}image: {WEB}:1.2.0\n"
    assert changed(drafting_one(objects_with("Never"), text)) == text.replace("1.2.0", "1.4.0")


def test_a_name_marker_makes_a_search_look_at_policies_in_files_that_name_no_image() -> None:
    files = {
        "flux.yaml": policy(),
        "x.yaml": f"image:\n  repository: {WEB} {mark('name')}\n  tag: 1.2.0\n",
    }
    source = Files(
        {
            path: text.replace("name: web", "name: front").replace(":web:", ":front:").encode()
            for path, text in files.items()
        }
    )
    configuration = load_configuration(ROUTE.replace("P", "shape"), "imagebot.yaml", trusted=False)
    found = find_named(source, configuration, [parse_repository(WEB)])
    assert found.unread == ()
    assert [field.refusal for field in found.fields] == [""]


def test_objects_and_markers_survive_a_cache() -> None:
    objects = repository("web", ", suspend: true, exclusionList: ['^x', y]") + policy(
        "1.x", ", suspend: true"
    )
    text = objects + repository("web", ", exclusionList: x") + HALF_MARKED["the tag"][0]
    found = scan("x.yaml", f"{text}---\na: {WEB} {mark('name')}\n".encode())
    assert {each.kind for each in found.objects} == {
        "ImageRepository",
        "ImagePolicy",
        "NameMarker",
    }
    (field,) = found.fields
    assert field.marker is not None
    assert "its digest has no marker" in field.marker.problem
    assert decode(encode(found)) == found


def test_many_markers_are_read_in_one_go() -> None:
    """Eight times as many take eight times as many steps: no work is done again for each."""
    check_many_markers(1)
    few = count_steps(lambda: check_many_markers(25))
    assert count_steps(lambda: check_many_markers(200)) <= 8 * few


def check_many_markers(count: int) -> None:
    each = f"a{{0}}: 1.0.{{0}} {mark('tag').replace('{', '{{').replace('}', '}}')}"
    lines = [each.format(number) for number in range(count)]
    others = [f"image{number}Image: app:1.{number}" for number in range(count)]
    found = scan("many.yaml", "\n".join(["note: é", *lines, *others]).encode())
    assert (len(found.pending), len(found.fields), found.unread) == (count, count, ())
    bad = [f"# $imagepolicy: x\n{line}" for line in lines]
    found = scan("many.yaml", "\n".join(bad).encode())
    assert {entry.code for entry in found.unread} == {"marker"}
    assert len(found.unread) == count
    assert all(pending.field.refusal for pending in found.pending)


def test_a_search_knows_the_nearest_chart_repository_even_when_it_has_no_images() -> None:
    files = {"far/h.yaml": ONE, "c/h.yaml": charts("https://charts"), "c/r.yaml": RELEASE}
    source = Files({path: text.encode() for path, text in files.items()})
    configuration = load_configuration(ROUTE.replace("P", "shape"), "imagebot.yaml", trusted=False)
    wanted = [parse_repository("ghcr.io/one/podinfo")]
    assert find_named(source, configuration, wanted).fields == ()
    nearer = Files({**source.files, "c/h.yaml": ONE.encode()})
    assert len(find_named(nearer, configuration, wanted).fields) == 1
