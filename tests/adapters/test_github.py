"""The GitHub adapter against a real HTTP API, with and without faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.github import GitHubForge, credentials
from bot.errors import ConfigError, RetryLater, UserError
from bot.ports import Origin
from sandbox.fault_proxy import FaultProxy
from sandbox.faults import Fault, Garbled, drop_after, garbled, says
from sandbox.rules import Passage, on_request
from tests.support.answering import Answering
from tests.support.faults import WAITS
from tests.support.forge import Practice, client, practice, rewrite
from tests.support.waiting import wait_until

ORIGIN = Origin(incident="i1")
ITEM = Origin(incident="i1", item="a1")
ISSUES = "/repos/practice/incidents/issues"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Practice]:
    with practice(tmp_path) as running:
        yield running


@pytest.fixture
def answering() -> Iterator[tuple[Answering, GitHubForge]]:
    server = Answering()
    forge = client(server.url, token="s3cret")
    yield server, forge
    forge.close()
    server.stop()


def opened(forge: GitHubForge, origin: Origin = ORIGIN, body: str = "What happened.") -> int:
    issue = forge.open_issue("Title", body, origin=origin, labels=["incident"], assignees=[])
    return issue.number


def test_it_says_where_issues_go(github: Practice) -> None:
    repository = github.forge.check()
    assert repository.name == "practice/incidents"
    assert not repository.is_private


def test_an_issue_is_found_again_by_its_origin_also_when_closed(github: Practice) -> None:
    number = opened(github.forge)
    opened(github.forge, ITEM)
    github.forge._repo.get_issue(number).edit(state="closed")
    found = github.forge.find_issue(ORIGIN, label="incident")
    assert found is not None and found.number == number
    assert github.forge.find_issue(Origin(incident="i2"), label="incident") is None
    assert github.forge.find_issue(ORIGIN, label="other") is None


def test_a_mark_that_is_not_at_the_end_is_nobodys(github: Practice) -> None:
    opened(github.forge, Origin(incident="i9"), body="<!-- mayday:incident=i1 -->\nforged")
    assert github.forge.find_issue(ORIGIN, label="incident") is None


@pytest.mark.parametrize("how", Garbled)
def test_an_answer_that_is_no_issue_is_none(github: Practice, how: Garbled) -> None:
    """The issue was filed; the next attempt looks for it."""
    github.sandbox.faults = [on_request("POST", f".*{ISSUES}", garbled(how), numbers=(1,))]
    with pytest.raises(RetryLater) as caught:
        opened(github.forge)
    assert caught.value.maybe_done
    found = github.forge.find_issue(ORIGIN, label="incident")
    assert found is not None and found.number == 1


@pytest.mark.parametrize("how", [Garbled.HTML, Garbled.TRUNCATED, Garbled.EMPTY])
def test_an_answer_that_is_no_json_says_nothing(github: Practice, how: Garbled) -> None:
    """Neither that issues are off nor that an issue hasn't changed."""
    number = opened(github.forge)
    github.sandbox.faults = [on_request("GET", ".*", garbled(how), numbers=(1, 2))]
    with pytest.raises(RetryLater):
        github.forge.check()
    with pytest.raises(RetryLater):
        github.forge.read_issue(number, origin=ORIGIN)


def test_a_missing_label_is_made(github: Practice) -> None:
    github.forge.open_issue("T", "b", origin=ORIGIN, labels=["type: Hub Incident"], assignees=[])
    assert github.sandbox.issues()[0].labels == ("type: Hub Incident",)


def test_a_long_body_goes_on_in_comments_and_shrinks_again(github: Practice) -> None:
    long = "\n\n".join(f"paragraph {n} " + "x" * 900 for n in range(150))
    number = opened(github.forge, body=long)
    issue = github.sandbox.issues()[0]
    assert all(len(text) <= 65_536 for text in (issue.body, *issue.comments))
    assert all(f"paragraph {n} " in issue.body + "".join(issue.comments) for n in range(150))
    before = github.sandbox.proxy.count("POST") + github.sandbox.proxy.count("PATCH")
    rewrite(github.forge, number, "Title", long, origin=ORIGIN)
    assert github.sandbox.proxy.count("POST") + github.sandbox.proxy.count("PATCH") == before
    rewrite(github.forge, number, "Title", "short", origin=ORIGIN)
    issue = github.sandbox.issues()[0]
    assert issue.body.startswith("short\n")
    assert len(issue.comments) == 2
    assert all("paragraph" not in text for text in issue.comments)


def test_anothers_issue_is_not_written_over(github: Practice) -> None:
    """The number is of another repository if github.repository has changed."""
    number = opened(github.forge, Origin(incident="i9"), body="theirs")
    before = github.sandbox.issues()
    with pytest.raises(UserError) as told:
        rewrite(github.forge, number, "Title", "ours", origin=ORIGIN)
    assert told.value.code == "gone"
    assert github.sandbox.issues() == before


def test_a_lost_comment_is_not_said_twice(github: Practice) -> None:
    long = "\n\n".join("x" * 900 for _ in range(100))
    github.sandbox.faults = [on_request("POST", f"{ISSUES}/1/comments", drop_after(), times=1)]
    with pytest.raises(RetryLater) as lost:
        opened(github.forge, body=long)
    assert lost.value.maybe_done
    rewrite(github.forge, 1, "Title", long, origin=ORIGIN)
    assert len(github.sandbox.issues()) == 1
    assert len(github.sandbox.issues()[0].comments) == 1


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after()])
def test_a_post_that_took_effect_unheard_is_sent_once(github: Practice, fault: Fault) -> None:
    github.sandbox.faults = [on_request("POST", f"{ISSUES}$", fault, times=1)]
    with pytest.raises(RetryLater) as lost:
        opened(github.forge)
    assert lost.value.maybe_done
    assert len(github.sandbox.issues()) == 1
    found = github.forge.find_issue(ORIGIN, label="incident")
    assert found is not None and found.number == 1


def test_an_answer_later_than_anybody_waits_is_an_unheard_one(github: Practice) -> None:
    given_up = threading.Event()

    def held(passage: Passage) -> None:
        if (passage.name, passage.path) == ("POST", ISSUES):
            given_up.wait(60)

    github.sandbox.faults = [held]
    impatient = client(github.sandbox.api_url, timeout=4)
    with pytest.raises(RetryLater) as late:
        opened(impatient)
    impatient.close()
    assert github.sandbox.issues() == []
    given_up.set()
    assert late.value.maybe_done
    wait_until(github.sandbox.issues, "the late request takes effect", timeout=20)
    assert len(github.sandbox.issues()) == 1


def test_reading_is_repeated_when_an_answer_is_lost(github: Practice) -> None:
    opened(github.forge)
    github.sandbox.faults = [on_request("GET", ISSUES, says(502, effect=True), times=2)]
    assert github.forge.find_issue(ORIGIN, label="incident") is not None


def test_a_deleted_issue_is_gone(github: Practice) -> None:
    with pytest.raises(UserError) as gone:
        rewrite(github.forge, 7, "T", "b", origin=ORIGIN)
    assert gone.value.code == "gone"


def test_where_sub_issues_are_not_offered_it_says_so(github: Practice) -> None:
    parent, child = opened(github.forge), opened(github.forge, ITEM)
    assert github.forge.link_child(parent, child) is False


def test_a_repository_that_is_not_there(github: Practice) -> None:
    forge = client(github.sandbox.api_url, repository="practice/nothing")
    with pytest.raises(
        UserError, match=r"practice/nothing not found on GitHub: check github\.repository"
    ):
        forge.check()
    forge.close()


def test_an_unreachable_github_is_for_later() -> None:
    with FaultProxy() as proxy:
        forge = client(proxy.url)
        with pytest.raises(RetryLater, match="did not answer") as away:
            forge.check()
        assert not away.value.maybe_done
        forge.close()


@pytest.mark.parametrize(
    ("status", "headers", "message", "told"),
    [
        (401, {}, "Bad credentials", "put a valid token under github.token"),
        (
            403,
            {"X-Accepted-GitHub-Permissions": "issues=write"},
            "Resource not accessible by personal access token",
            "give its token the permission issues=write",
        ),
        (410, {}, "Issues are disabled for this repo", "turn them on in the repository's settings"),
        (422, {}, "Validation Failed", "Validation Failed"),
    ],
)
def test_refusals_say_what_to_do(
    answering: tuple[Answering, GitHubForge],
    status: int,
    headers: dict[str, str],
    message: str,
    told: str,
) -> None:
    server, forge = answering
    server.with_(status, headers, message)
    with pytest.raises(UserError) as refused:
        opened(forge)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "headers", "message", "after"),
    [
        (403, {"Retry-After": "77"}, "You have exceeded a secondary rate limit", 77),
        (429, {"Retry-After": "12"}, "Too many requests", 12),
        (403, {}, "You have exceeded a secondary rate limit. Please wait a few minutes", 60),
    ],
)
def test_limits_are_waited_out_elsewhere(
    answering: tuple[Answering, GitHubForge],
    status: int,
    headers: dict[str, str],
    message: str,
    after: float,
) -> None:
    server, forge = answering
    server.with_(status, headers, message)
    with pytest.raises(RetryLater) as limited:
        opened(forge)
    assert limited.value.after == after
    assert not limited.value.maybe_done


@pytest.mark.parametrize("status", [403, 429, 503])
def test_reading_does_not_sleep_for_as_long_as_it_is_told_to(github: Practice, status: int) -> None:
    """urllib3 sleeps in the caller's thread and fails on an invalid time."""
    unnamed = 5 if status == 503 else 60
    for asked, seconds in WAITS.items():
        github.sandbox.faults = [on_request("GET", rf"{ISSUES}\?", says(status, after=asked))]
        with pytest.raises(RetryLater) as limited:
            github.forge.find_issue(ORIGIN, label="incident")
        assert limited.value.after == (seconds or unnamed) or not asked


def test_credentials_must_be_complete() -> None:
    with pytest.raises(ConfigError, match=r"github\.token is missing"):
        credentials(app_id=1, private_key="", installation_id=2)
    assert "s3cret" not in repr(credentials(token="s3cret"))


def test_a_key_that_is_none_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"github\.private_key cannot be read") as told:
        credentials(app_id=1, private_key="s3cret", installation_id=2)
    assert "s3cret" not in str(told.value)
