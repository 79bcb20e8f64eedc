"""Action items and their issues stay in step, by real PyGithub and the practice GitHub."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.github import credentials
from bot.adapters.github_issues import TrackedIssues
from bot.domain.item_states import ItemState
from bot.services.examine_issues import check_issues
from bot.services.item_follow import RECHECK, Hint
from bot.store import items as rows
from bot.store.engine import Store
from bot.store.report_tables import followed_repository
from bot.store.tables import item as item_table
from bot.store.tables import resource
from sandbox.faults import Fault, drop_after, hangs, says
from sandbox.github import GitHubSandbox
from sandbox.rules import on_request
from tests.support.following import ISSUES, REPOSITORY, Setup
from tests.support.forge import Practice, practice
from tests.support.rows import Hands, stored
from tests.support.strict_github import Refusal, StrictGitHub


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as running:
        yield running


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one incident, which each test copies."""
    file = tmp_path_factory.mktemp("pristine") / "rows.db"
    made = Store(f"sqlite:///{file}")
    made.migrate()
    stored(made)
    made.close()
    return file


@pytest.fixture
def setup(github: Practice, pristine: Path, tmp_path: Path) -> Iterator[Setup]:
    github.sandbox.faults = []
    store = Store(f"sqlite:///{shutil.copy(pristine, tmp_path / 'rows.db')}")
    with StrictGitHub(github.sandbox.proxy.address[1], frozenset({GitHubSandbox.token})) as strict:
        host, port = strict.address
        issues = TrackedIssues(
            auth=credentials(token=GitHubSandbox.token),
            api_url=f"http://{host}:{port}",
            seconds_between_requests=0,
            seconds_between_writes=0,
            timeout=3,
            backoff=0,
        )
        yield Setup(github=github, strict=strict, store=store, now=Hands(), issues=issues)
        issues.close()
    store.close()


def test_an_issue_closed_on_github_finishes_its_item(setup: Setup) -> None:
    setup.on_github(state="closed")
    setup.later()
    assert setup.follow.tick() == 1
    assert (setup.item.state, setup.item.state_by) == ("done", "github")
    setup.on_github(state="closed", state_reason="not_planned")
    setup.later()
    setup.follow.tick()
    assert setup.item.state == "dropped"
    setup.on_github(state="open")
    setup.later()
    setup.follow.tick()
    assert setup.item.state == "open"


@pytest.mark.parametrize(
    ("state", "shown"),
    [(ItemState.DONE, ("closed", "completed")), (ItemState.DROPPED, ("closed", "not_planned"))],
)
def test_an_item_finished_in_slack_closes_its_issue_once(
    setup: Setup, state: ItemState, shown: tuple[str, str]
) -> None:
    before = setup.writes()
    setup.decide(state)
    setup.follow.tick()
    assert setup.shown() == shown
    for _ in range(3):  # what comes back from GitHub starts nothing again
        assert setup.follow.told(setup.hint())
        setup.follow.tick()
        setup.later()
    assert (setup.item.state, setup.item.state_by) == (state, "U0BEN")
    assert setup.writes() == before + 1
    setup.decide(ItemState.OPEN)
    setup.follow.tick()
    assert setup.shown() == ("open", "reopened")


def test_nothing_new_costs_one_conditional_request(setup: Setup) -> None:
    for _ in range(3):
        setup.later()
        setup.follow.tick()
    left, sent = setup.strict.remaining, setup.github.sandbox.proxy.count("GET")
    setup.later()
    assert setup.follow.tick() == 1
    assert setup.strict.remaining == left
    assert setup.github.sandbox.proxy.count("GET") == sent + 1
    assert setup.follow.tick() == 0


def test_a_webhook_makes_its_repository_due_at_once(setup: Setup) -> None:
    setup.on_github(state="closed")
    assert setup.follow.tick() == 0
    assert setup.follow.told(setup.hint())
    assert setup.follow.tick() == 1
    assert setup.item.state == "done"


def test_a_webhook_about_anything_else_changes_nothing(setup: Setup) -> None:
    for hint in (
        Hint(repository=REPOSITORY, number=setup.number + 1000),
        Hint(repository="others/place", number=setup.number),
        Hint(repository="practice/%", number=setup.number),
    ):
        assert not setup.follow.told(hint)
    assert setup.follow.tick() == 0


def test_what_a_webhook_says_while_the_repository_is_read_is_read_again(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = setup.issues.changed

    def meanwhile(*args: Any, **values: Any) -> Any:
        found = read(*args, **values)
        monkeypatch.setattr(setup.issues, "changed", read)
        setup.on_github(state="closed")
        setup.now.at += timedelta(seconds=1)
        setup.follow.told(setup.hint())
        return found

    monkeypatch.setattr(setup.issues, "changed", meanwhile)
    setup.later()
    assert setup.follow.tick() == 2
    assert setup.item.state == "done"


def test_a_deleted_issue_is_said_and_not_guessed(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.delete(monkeypatch)
    setup.follow.told(setup.hint())
    setup.follow.tick()
    assert (setup.item.state, setup.item.issue_state) == ("open", "gone")
    with setup.store.read() as tx:
        (nag,) = tx.execute(resource.select()).mappings()
    assert nag["subject"] == "a1/gone" and nag["spec"]["to"] == "U0ANA"
    before = setup.writes()
    setup.decide(ItemState.DONE)
    setup.later()
    setup.follow.tick()
    assert setup.item.state == "done"
    assert setup.writes() == before


def test_a_deleted_issue_is_noticed_within_a_day_without_a_webhook(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.delete(monkeypatch)
    setup.later()
    setup.follow.tick()
    assert setup.item.issue_state == "open"
    setup.later(RECHECK)
    setup.follow.tick()
    assert setup.item.issue_state == "gone"


def test_a_renamed_repository_stops_and_says_so(setup: Setup) -> None:
    where = {"Location": "/repositories/1/issues"}
    setup.strict.refusals.append(Refusal(status=301, message="Moved", path=ISSUES, headers=where))
    before = setup.writes()
    setup.decide(ItemState.DONE)
    setup.follow.tick()
    with setup.store.read() as tx:
        assert "renamed or transferred" in rows.problems(tx)[REPOSITORY]
        assert check_issues(tx, setup.now()).ok is False
    assert (setup.item.state, setup.item.issue_state) == ("done", "open")
    assert setup.writes() == before
    setup.strict.healed()
    setup.later(timedelta(hours=1))
    setup.follow.tick()
    assert setup.shown() == ("closed", "completed")
    with setup.store.read() as tx:
        assert not rows.problems(tx)
        assert check_issues(tx, setup.now()).ok
        assert check_issues(tx, setup.now() + timedelta(hours=1)).ok is False  # nobody reads it


@pytest.mark.parametrize(
    "fault", [says(502), says(502, effect=True), drop_after(), hangs()], ids=str
)
def test_a_failure_is_repeated_and_changes_once(setup: Setup, fault: Fault) -> None:
    setup.github.sandbox.faults = [on_request("PATCH", ISSUES, fault, times=1)]
    setup.decide(ItemState.DONE)
    setup.follow.tick()
    setup.github.sandbox.faults = []
    setup.later(timedelta(minutes=2))
    setup.follow.tick()
    assert setup.shown() == ("closed", "completed")
    assert (setup.item.state, setup.item.issue_state) == ("done", "completed")


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_refusal_changes_nothing_and_is_tried_again(
    setup: Setup, method: str, status: int
) -> None:
    refusal = Refusal(status=status, message="Not now", method=method, path=ISSUES)
    setup.strict.refusals.append(refusal)
    setup.decide(ItemState.DONE)
    setup.follow.tick()
    assert (setup.item.state, setup.item.issue_state) == ("done", "open")
    with setup.store.read() as tx:
        assert rows.problems(tx)[REPOSITORY]
    setup.strict.healed()
    setup.later(timedelta(hours=1))
    setup.follow.tick()
    assert setup.shown() == ("closed", "completed")
    assert (setup.item.state, setup.item.issue_state) == ("done", "completed")
    with setup.store.read() as tx:
        assert not rows.problems(tx)


@pytest.mark.parametrize("call", ["changed", "set_state", "_written", "_release"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_call_loses_and_repeats_nothing(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, call: str, after: bool
) -> None:
    """Another replica goes on once the claim has ended."""

    class KilledError(BaseException):
        pass

    owner: Any = setup.issues if hasattr(setup.issues, call) else setup.follow
    real = getattr(owner, call)

    def killed(*args: Any, **values: Any) -> Any:
        if after:
            real(*args, **values)
        raise KilledError

    before = setup.writes()
    setup.decide(ItemState.DONE)
    with monkeypatch.context() as patched:
        patched.setattr(owner, call, killed)
        with pytest.raises(KilledError):
            setup.follow.tick()
    other = setup.replica()
    if not (call == "_release" and after):
        assert other.tick() == 0  # the claim still holds
    with setup.store.write() as tx:
        tx.execute(followed_repository.update().values(claimed_until=setup.now()))
    other.tick()
    assert setup.shown() == ("closed", "completed")
    assert (setup.item.state, setup.item.issue_state) == ("done", "completed")
    assert setup.writes() == before + 1


def test_of_two_replicas_one_reads_a_repository(setup: Setup) -> None:
    setup.later()
    with setup.store.write() as tx:
        now = setup.store.now(tx)
        until = now + timedelta(seconds=60)
        assert rows.claim(tx, "other", due=setup.now(), now=now, until=until)
    assert setup.follow.tick() == 0


def test_a_replica_that_was_suspended_commits_nothing_that_it_read_before(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.on_github(state="closed")
    setup.later()
    setup.follow.tick()
    setup.on_github(state="open")
    read, other = setup.issues.changed, setup.replica()

    def suspended(*args: Any, **values: Any) -> Any:
        found = read(*args, **values)
        monkeypatch.setattr(setup.issues, "changed", read)
        setup.on_github(state="closed", state_reason="not_planned")
        with setup.store.write() as tx:
            tx.execute(followed_repository.update().values(claimed_until=setup.now()))
        other.tick()
        return found

    monkeypatch.setattr(setup.issues, "changed", suspended)
    setup.later()
    setup.follow.tick()
    assert (setup.item.state, setup.item.issue_state) == ("dropped", "not_planned")
    assert setup.shown() == ("closed", "not_planned")


def test_replicas_at_once_change_an_issue_once(setup: Setup) -> None:
    before = setup.writes()
    setup.decide(ItemState.DONE)
    replicas = [setup.follow, setup.replica(), setup.replica()]
    with ThreadPoolExecutor(len(replicas)) as pool:
        read = [pool.submit(each.tick) for each in replicas]
        assert sum(one.result() for one in read) == 1
    assert setup.writes() == before + 1
    assert setup.item.issue_state == "completed"


def test_a_link_to_a_pull_request_is_followed_and_never_changed(setup: Setup) -> None:
    raw = setup.github.sandbox.get(f"{ISSUES}/{setup.number}")
    merged = {**raw, "state": "closed", "pull_request": {"merged_at": "2026-11-28T00:00:00Z"}}
    found = setup.issues._found(merged, REPOSITORY)
    assert found.state.value == "merged"
    url = setup.item.issue_url
    with setup.store.write() as tx:
        tx.execute(item_table.update().values(issue_url="", link=url, issue_read_at=None))
    before = setup.writes()
    setup.decide(ItemState.DONE)
    setup.later()
    setup.follow.tick()
    assert setup.writes() == before
    setup.on_github(state="closed", state_reason="not_planned")
    setup.later()
    setup.follow.tick()
    assert setup.item.state == "dropped"


def test_a_link_to_anything_else_is_not_followed(setup: Setup) -> None:
    with setup.store.write() as tx:
        values = {"issue_url": "", "link": "https://example.org/x/y/issues/1"}
        tx.execute(item_table.update().values(issue_read_at=None, **values))
    setup.follow._begin(setup.issues)
    with setup.store.read() as tx:
        assert [each.name for each in rows.repositories(tx)] == [REPOSITORY]
        assert not rows.unread(tx)
