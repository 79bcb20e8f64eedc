"""The issues of action items, by real PyGithub against a real HTTP API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.github import credentials
from bot.adapters.github_issues import TrackedIssues
from bot.domain.item_states import IssueState, ItemState
from bot.errors import RetryLater, UserError
from bot.ports import Origin
from sandbox.faults import Fault, drop_after, says
from sandbox.github import OTHER_TOKEN, GitHubSandbox
from sandbox.rules import on_request
from tests.support.faults import WAITS
from tests.support.forge import Practice, practice
from tests.support.strict_github import Refusal, StrictGitHub

REPOSITORY = GitHubSandbox.repository
ISSUES = f"/repos/{REPOSITORY}/issues"
ITEM = Origin(incident="i1", item="a1")
LONG_AGO = datetime(2017, 2, 24, tzinfo=UTC)


def tracked(url: str, token: str = GitHubSandbox.token) -> TrackedIssues:
    return TrackedIssues(
        auth=credentials(token=token),
        api_url=url,
        seconds_between_requests=0,
        seconds_between_writes=0,
        backoff=0,
    )


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A GitHub, as it is and made strict, with the adapter to the strict one."""

    github: Practice
    strict: StrictGitHub
    issues: TrackedIssues

    def file(self, origin: Origin = ITEM) -> int:
        issue = self.github.forge.open_issue(
            "Title", "Body.", origin=origin, labels=["x"], assignees=[]
        )
        return issue.number

    def state(self, number: int) -> tuple[str, str | None]:
        raw = self.github.sandbox.get(f"{ISSUES}/{number}")
        return raw["state"], raw["state_reason"]


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as running:
        yield running


@pytest.fixture
def setup(github: Practice) -> Iterator[Setup]:
    github.sandbox.faults = []
    port = github.sandbox.proxy.address[1]
    with StrictGitHub(port, frozenset({GitHubSandbox.token, OTHER_TOKEN})) as strict:
        host, number = strict.address
        issues = tracked(f"http://{host}:{number}")
        yield Setup(github=github, strict=strict, issues=issues)
        issues.close()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com/2i2c-org/infrastructure/issues/12", ("2i2c-org/infrastructure", 12)),
        ("https://github.com/a/b/pull/7#issuecomment-1", ("a/b", 7)),
        ("https://github.com/a/b/pull/7/files", ("a/b", 7)),
        ("https://github.example.org/a/b/issues/1", None),
        ("https://github.com/a/b/wiki", None),
        ("https://github.com/a/b/issues", None),
        ("https://evil.example/github.com/a/b/issues/1", None),
        ("", None),
    ],
)
def test_only_issues_and_pull_requests_of_this_github_are_followed(
    url: str, place: tuple[str, int] | None
) -> None:
    issues = tracked("https://api.github.com")
    assert issues.place(url) == place
    issues.close()


def test_what_changed_is_listed_once(setup: Setup) -> None:
    number = setup.file()
    first = setup.issues.changed(REPOSITORY, since=LONG_AGO, etag="")
    assert first is not None and first.issues[-1].number == number
    assert first.issues[-1].state is IssueState.OPEN
    again = setup.issues.changed(REPOSITORY, since=first.since, etag=first.etag)
    assert again is not None and again.etag
    before = setup.strict.remaining
    assert setup.issues.changed(REPOSITORY, since=again.since, etag=again.etag) is None
    assert setup.strict.remaining == before  # a 304 costs nothing
    setup.issues.set_state(REPOSITORY, number, ItemState.DROPPED, origin=ITEM)
    changed = setup.issues.changed(REPOSITORY, since=again.since, etag=again.etag)
    assert changed is not None
    assert changed.issues[-1].state is IssueState.NOT_PLANNED


def test_more_than_a_page_of_changes_is_read_in_parts(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part begins later than the one before, also where many changed in the same second."""
    monkeypatch.setattr("bot.adapters.github_issues.PAGE", 1)
    setup.file()
    setup.file()
    since = datetime.now(UTC) - timedelta(minutes=5)
    for _ in range(10):
        part = setup.issues.changed(REPOSITORY, since=since, etag="")
        assert part is not None
        if not part.is_more:
            return
        assert part.since > since and not part.etag
        since = part.since
    pytest.fail("it reads the same part again and again")


def test_an_issue_is_closed_and_reopened_and_left_alone_where_it_is_so(setup: Setup) -> None:
    number = setup.file()
    for state, shown in (
        (ItemState.DONE, ("closed", "completed")),
        (ItemState.DROPPED, ("closed", "not_planned")),
        (ItemState.OPEN, ("open", "reopened")),
    ):
        setup.issues.set_state(REPOSITORY, number, state, origin=ITEM)
        assert setup.state(number) == shown
    sent = setup.github.sandbox.proxy.count("PATCH")
    found = setup.issues.set_state(REPOSITORY, number, ItemState.OPEN, origin=ITEM)
    assert found.state is IssueState.OPEN
    assert setup.github.sandbox.proxy.count("PATCH") == sent


def test_an_issue_of_others_is_never_closed(setup: Setup) -> None:
    number = setup.file(Origin(incident="i9", item="a9"))
    with pytest.raises(UserError, match="no mark of mayday's"):
        setup.issues.set_state(REPOSITORY, number, ItemState.DONE, origin=ITEM)
    theirs = tracked(setup.github.sandbox.api_url, OTHER_TOKEN)
    with pytest.raises(UserError, match="no mark of mayday's"):
        theirs.set_state(
            REPOSITORY, number, ItemState.DONE, origin=Origin(incident="i9", item="a9")
        )
    theirs.close()
    assert setup.state(number)[0] == "open"


@pytest.mark.parametrize(
    ("status", "told", "state"),
    [
        (410, "This issue was deleted", IssueState.GONE),
        (404, "Not Found", IssueState.GONE),
        (301, "Moved Permanently", IssueState.MOVED),
    ],
)
def test_a_deleted_or_transferred_issue_is_found_as_such(
    setup: Setup, status: int, told: str, state: IssueState
) -> None:
    number = setup.file()
    where = {"Location": "/repositories/1/issues/1"} if status == 301 else {}
    refusal = Refusal(status=status, message=told, path=f"{ISSUES}/{number}", headers=where)
    setup.strict.refusals.append(refusal)
    assert setup.issues.find(REPOSITORY, number).state is state
    with pytest.raises(UserError):
        setup.issues.set_state(REPOSITORY, number, ItemState.DONE, origin=ITEM)


def test_a_renamed_repository_is_not_followed_elsewhere(setup: Setup) -> None:
    setup.strict.refusals.append(
        Refusal(status=301, message="Moved", path=ISSUES, headers={"Location": "/repositories/1"})
    )
    with pytest.raises(UserError, match="renamed or transferred"):
        setup.issues.changed(REPOSITORY, since=LONG_AGO, etag="")


def test_an_answer_about_another_repository_changes_nothing(setup: Setup) -> None:
    number = setup.file()
    raw = setup.github.sandbox.get(f"{ISSUES}/{number}")
    with pytest.raises(UserError) as told:
        setup.issues._found({**raw, "repository_url": "http://x/repos/other/place"}, REPOSITORY)
    assert told.value.code == "moved"


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after()])
def test_a_lost_answer_is_no_second_change(setup: Setup, fault: Fault) -> None:
    number = setup.file()
    setup.github.sandbox.faults = [on_request("PATCH", f"{ISSUES}/{number}$", fault, times=1)]
    with pytest.raises(RetryLater) as lost:
        setup.issues.set_state(REPOSITORY, number, ItemState.DONE, origin=ITEM)
    assert lost.value.maybe_done
    sent = setup.github.sandbox.proxy.count("PATCH")
    found = setup.issues.set_state(REPOSITORY, number, ItemState.DONE, origin=ITEM)
    assert found.state is IssueState.COMPLETED
    assert setup.github.sandbox.proxy.count("PATCH") == sent


@pytest.mark.parametrize("fault", WAITS, ids=str)
def test_an_outage_is_said_as_one(setup: Setup, fault: Fault) -> None:
    setup.github.sandbox.faults = [on_request("GET", ISSUES, fault)]
    with pytest.raises(RetryLater):
        setup.issues.changed(REPOSITORY, since=LONG_AGO, etag="")
    setup.github.sandbox.faults = []
