"""What GitHub says of the protection of a branch, from answers as it documents them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from imagebot.errors import ForgeAuthError, ForgeError, ForgeRateLimitError, ForgeUnreachableError
from imagebot.forge.protection import obstacles_of

PLAIN = {"name": "main", "protected": False}
PROTECTED = {"name": "main", "protected": True}
REVIEWS: Mapping[str, object] = {"required_approving_review_count": 1}
ENFORCED = {"enabled": True}
NOT_FOUND = ForgeError("acme/gitops", "no such project", status=404)
FORBIDDEN = ForgeAuthError("acme/gitops", "not allowed", status=403)


def judge(answers: Mapping[str, object], branch: str = "main", *, own: bool = False) -> list[str]:
    """The obstacles, the certain ones with a `!`; `answers` are by path."""

    def get(path: str) -> object:
        found = answers.get(path.partition("?")[0], NOT_FOUND)
        if isinstance(found, ForgeError):
            raise found
        return found

    found = obstacles_of(get, branch, own=own)
    return [f"{'!' if each.certain else ''}{each.reason}" for each in found]


def rules(*types: str, bypass: object = None) -> dict[str, object]:
    ruleset = {"id": 7} if bypass is None else {"id": 7, "current_user_can_bypass": bypass}
    listed = [{"type": each, "ruleset_id": 7, "ruleset_source": "acme"} for each in types]
    return {"/rules/branches/main": listed, "/rulesets/7": ruleset, "/branches/main": PLAIN}


def protected(**keys: object) -> dict[str, object]:
    return {"/branches/main": PROTECTED, "/branches/main/protection": keys}


ONLY_SOME = "only some people and apps may push to it"
ONLY_PULLS = "only pull requests may change it"
CASES: Mapping[str, tuple[Mapping[str, object], list[str]]] = {
    "nothing": ({"/branches/main": PLAIN, "/rules/branches/main": []}, []),
    "no rulesets on this server": ({"/branches/main": PLAIN}, []),
    "a rule that the bot may not bypass": (
        rules("pull_request", bypass="never"),
        [f"!a ruleset of acme: {ONLY_PULLS}"],
    ),
    "a rule that is bypassed by pull requests alone": (
        rules("update", bypass="pull_requests_only"),
        ["!a ruleset of acme: nobody may push to it"],
    ),
    "a rule that the bot may bypass": (rules("pull_request", bypass="always"), []),
    "a rule that the bot is exempt from": (rules("pull_request", bypass="exempt"), []),
    "a rule of which the bypass is not told": (
        rules("pull_request"),
        [f"a ruleset of acme: {ONLY_PULLS}; GitHub does not say whether the bot may bypass it"],
    ),
    "a ruleset that may not be read": (
        {**rules("pull_request"), "/rulesets/7": FORBIDDEN},
        [f"a ruleset of acme: {ONLY_PULLS}; GitHub does not say whether the bot may bypass it"],
    ),
    "rules that refuse no push": (
        rules("deletion", "non_fast_forward", "required_linear_history", bypass="never"),
        [],
    ),
    "rules that may not be read": (
        {"/rules/branches/main": FORBIDDEN, "/branches/main": PLAIN},
        ["the token may not read the rules of the branch"],
    ),
    "a protection that may not be read": (
        {"/branches/main": PROTECTED, "/branches/main/protection": FORBIDDEN},
        ["it is protected, and the token may not read how (administration: read)"],
    ),
    "a protection that does not refuse pushes": (
        protected(allow_deletions={"enabled": False}, required_signatures={"enabled": False}),
        [],
    ),
    "reviews, for administrators too": (
        protected(required_pull_request_reviews=REVIEWS, enforce_admins=ENFORCED),
        [f"!it is protected: {ONLY_PULLS}"],
    ),
    "reviews, not for administrators": (
        protected(required_pull_request_reviews=REVIEWS, enforce_admins={"enabled": False}),
        [f"it is protected: {ONLY_PULLS}; the bot's account may be an exception"],
    ),
    "reviews with exceptions": (
        protected(
            required_pull_request_reviews={"bypass_pull_request_allowances": {"users": [{}]}},
            enforce_admins=ENFORCED,
        ),
        [f"it is protected: {ONLY_PULLS}; the bot's account may be an exception"],
    ),
    "status checks": (
        protected(required_status_checks={"contexts": ["ci"]}, enforce_admins=ENFORCED),
        ["!it is protected: commits need status checks before they are pushed"],
    ),
    "some may push": (
        protected(restrictions={"users": []}, enforce_admins=ENFORCED),
        [f"it is protected: {ONLY_SOME}; the bot's account may be an exception"],
    ),
    "locked": (protected(lock_branch={"enabled": True}), ["!it is protected: it is locked"]),
    "archived": (
        {"": {"archived": True}},
        ["!the project is archived: it can only be read"],
    ),
}


@pytest.mark.parametrize(("answers", "found"), CASES.values(), ids=CASES)
def test_what_keeps_a_push_from_a_branch(answers: Mapping[str, object], found: list[str]) -> None:
    assert judge({"": {"archived": False}, **answers}) == found


@pytest.mark.parametrize("own", [False, True])
def test_what_to_do_about_an_archived_project(own: bool) -> None:
    (found,) = obstacles_of(lambda _: {"archived": True}, "main", own=own)
    assert "out of the archive" in found.hint


@pytest.mark.parametrize("kind", ["creation", "deletion", "non_fast_forward", "pull_request"])
def test_a_branch_of_the_bot_is_also_made_and_deleted(kind: str) -> None:
    answers = rules(kind, bypass="never")
    answers["/rules/branches/imagebot%2Fdoctor"] = answers["/rules/branches/main"]
    (found,) = judge({"": {}, **answers}, "imagebot/doctor", own=True)
    assert found.startswith("!a ruleset of acme: ")


@pytest.mark.parametrize("odd", [None, "text", 3, {}, [3, None, {"type": ["x"]}, {"type": "new"}]])
def test_odd_answers_are_no_obstacle(odd: object) -> None:
    places = ("", "/rules/branches/main", "/branches/main", "/branches/main/protection")
    assert judge(dict.fromkeys(places, odd)) == []


@pytest.mark.parametrize("error", [ForgeRateLimitError, ForgeUnreachableError])
@pytest.mark.parametrize(
    "place",
    ["", "/rules/branches/main", "/rulesets/7", "/branches/main", "/branches/main/protection"],
)
def test_what_is_no_answer_is_told(place: str, error: type[ForgeError]) -> None:
    answers = {"": {}, **rules("update", bypass="never"), **protected()}
    answers[place] = error("acme/gitops", "later", status=403)
    with pytest.raises(error):
        judge(answers)
