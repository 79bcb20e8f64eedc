"""Publishing to a real GitHub API that loses answers, with kills between calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.folder import ReportFolder
from bot.domain.incident import Policy
from bot.domain.limits import Limits
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.ports import Profile
from bot.services.audit import Audit
from bot.services.channel_guard import Look
from bot.services.people import People
from bot.services.publish import Publish
from bot.services.reconciler import Reconciler
from bot.services.report import Reports
from bot.services.settings import Filing, HubPlace, Settings
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from sandbox.faults import Fault, drop_after, drop_before, says, secondary_limit
from sandbox.rules import on_request
from tests.support.evening import INCIDENT, PEOPLE, UNTRACKED, at
from tests.support.faults import OUTCOMES
from tests.support.forge import Practice, practice
from tests.support.leases import AlwaysHeld, let_calls_end
from tests.support.looks import Rows

WRONG = {**OUTCOMES, "secondary limit": secondary_limit(1), "token refused": says(401)}

NOW = datetime(2017, 2, 24, 7, 0, tzinfo=UTC)
ISSUES = "/repos/practice/incidents/issues"


class Killed(BaseException):
    """The process died."""


class Inline:
    """Durable work that runs inline and lists enqueued work."""

    def __init__(self) -> None:
        self.enqueued: list[tuple[str, str]] = []

    def enqueue(
        self, tx: Any, workflow: str, *, key: str, partition_key: str, args: Sequence[Any]
    ) -> None:
        self.enqueued.append((workflow, key))

    def step(self, name: str, fn: Callable[..., Any], *args: Any) -> Any:
        return fn(*args)


class Mortal:
    """The adapter; while ``mortal``, its process dies after each new call."""

    def __init__(self, forge: Any) -> None:
        self._forge = forge
        self._died_after: set[str] = set()
        self.mortal = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._forge, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = verb(*args, **kwargs)
            which = repr((name, args, kwargs))
            if self.mortal and which not in self._died_after:
                self._died_after.add(which)
                raise Killed
            return result

        return call


class Directory:
    """The part of Slack that looks up names."""

    def profile(self, user: str) -> Profile:
        if user not in PEOPLE:
            raise UserError("Slack knows nobody of that name.")
        return Profile(
            id=user, team_id="T1", name=PEOPLE[user], zone="UTC", is_guest=False, is_bot=False
        )


SETTINGS = Settings(
    policy=Policy(severities=("sev1",), statuses=("fixing", "resolved", "closed"), roles=()),
    intervals={},
    reactions={},
    groups=("Technical improvements",),
    channel_template="inc-{date}-{slug}",
    announce_channel="",
    zone=ZoneInfo("America/Los_Angeles"),
    report_form="2017",
    hubs={
        "datahub": HubPlace(
            name="datahub", url="https://datahub.example.edu", cluster="prod", namespace="data"
        )
    },
)


@dataclass
class Office:
    """A database with one closed incident, and what publishing needs."""

    store: Store
    github: Practice
    folder: Path
    mortal: Mortal
    durable: Inline

    def publish(
        self, *, forge: bool = True, folder: Any = None, at_once: bool = False, **settings: Any
    ) -> None:
        """Run the workflow as in a new process, by default once interrupted calls can have no more effect."""
        if not at_once:
            let_calls_end(self.store)
        chat: Any = Directory()
        people = People(self.store, chat, lambda: NOW)
        any_forge: Any = self.mortal
        Publish(
            self.store,
            Reconciler(
                self.store,
                lambda: NOW,
                lease=AlwaysHeld(self.store),
                limits=Limits(),
                slack_time=lambda: NOW,
            ),
            self.durable,
            Reports(self.store, people, replace(SETTINGS, **settings)),
            folder or ReportFolder(self.folder),
            any_forge if forge else None,
            lambda: NOW,
            Filing(),
            Rows(self.store).look,
        ).workflow(INCIDENT.id)

    def resources(self) -> Mapping[str, resource_rows.ResourceRow]:
        with self.store.read() as tx:
            return resource_rows.of_incident(tx, INCIDENT.id)

    def note(self, clock: str, text: str) -> None:
        with self.store.write() as tx:
            timeline_rows.add_entry(
                tx,
                incident_id=INCIDENT.id,
                at=at(clock),
                now=NOW,
                kind=EntryKind.NOTE,
                author="UADA",
                data={"text": text, "precision": "second"},
                source=f"note:{clock}",
            )

    def published(self) -> int:
        with self.store.read() as tx:
            entries = timeline_rows.entries(tx, INCIDENT.id)
        return sum(entry.kind is EntryKind.PUBLISHED for entry in entries)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with practice(tmp_path / "github", timeout=3) as github:
        store = Store(f"sqlite:///{tmp_path / 'mayday.db'}")
        store.migrate()
        with store.write() as tx:
            incident_rows.add(tx, INCIDENT)
            for item in UNTRACKED:
                incident_rows.add_item(tx, replace(item, source=item.id, position=0))
        office = Office(
            store=store,
            github=github,
            folder=tmp_path / "reports",
            mortal=Mortal(github.forge),
            durable=Inline(),
        )
        office.note("21:10:57", "The proxy pod is evicted.")
        office.note("22:03:00", "The last student is fine again.")
        yield office
        store.close()


def check_whole(office: Office) -> None:
    """One issue each, linked both ways, and one file with live links."""
    issues = office.github.sandbox.issues()
    items = [issue for issue in issues if issue.labels == ("incident-action-item",)]
    (incident,) = [issue for issue in issues if issue.labels == ("incident",)]
    assert sorted(issue.title for issue in items) == sorted(item.title for item in UNTRACKED)
    assert all(f"]({issue.url})" in incident.body for issue in items)
    assert all(f"]({incident.url})" in issue.body for issue in items)
    (file,) = office.folder.iterdir()
    text = file.read_text()
    assert all(f"]({issue.url})" in text for issue in items)
    assert "### 21:10:57" in text
    assert office.published() == 1
    assert all(not row.error for row in office.resources().values())


def test_everything_is_filed_and_linked_both_ways(office: Office) -> None:
    office.publish()
    check_whole(office)
    assert next(office.folder.iterdir()).name == "2017-02-24-proxy-eviction-strands-users.md"


def test_publishing_twice_changes_nothing(office: Office) -> None:
    office.publish()
    sandbox, file = office.github.sandbox, next(office.folder.iterdir())
    before = sandbox.issues(), len(sandbox.proxy.requests), file.stat().st_mtime_ns
    office.publish()
    assert (sandbox.issues(), len(sandbox.proxy.requests), file.stat().st_mtime_ns) == before
    check_whole(office)
    acts = [each.line.act for each in Audit(office.store).latest(limit=99)]
    assert acts.count("report.published") == 1
    assert acts.count("issue.filed") == len(before[0]) - 1


def test_a_change_is_carried_into_what_was_published(office: Office) -> None:
    office.publish()
    office.note("21:34:00", "Most students are fine.")
    office.publish()
    check_whole(office)
    (incident,) = [i for i in office.github.sandbox.issues() if i.labels == ("incident",)]
    assert "Most students are fine." in incident.body
    assert "Most students are fine." in next(office.folder.iterdir()).read_text()


@pytest.mark.parametrize("fault", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_the_first_request_of_a_kind_goes_wrong(office: Office, method: str, fault: Fault) -> None:
    office.github.sandbox.faults = [on_request(method, "/", fault, times=1)]
    office.publish()
    office.publish()
    check_whole(office)


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after(), drop_before()])
@pytest.mark.parametrize("nth", [1, 3, 5])
def test_a_lost_answer_doubles_nothing(office: Office, fault: Fault, nth: int) -> None:
    office.github.sandbox.faults = [on_request("POST", f"{ISSUES}$", fault, numbers=(nth,))]
    office.publish()
    assert [row for row in office.resources().values() if row.error]
    office.publish()
    check_whole(office)


def test_a_lost_answer_to_a_rewriting_is_made_good(office: Office) -> None:
    office.github.sandbox.faults = [on_request("PATCH", "/", drop_after(), numbers=(2, 3))]
    office.publish()
    office.publish()
    check_whole(office)


def test_a_kill_after_any_call_doubles_nothing(office: Office) -> None:
    office.mortal.mortal = True
    kills = 0
    while True:
        try:
            office.publish()
        except Killed:
            kills += 1
        else:
            break
    # Each issue is opened, found after the kill, and rewritten.
    assert kills >= 3 * (len(UNTRACKED) + 1)
    check_whole(office)


def test_the_report_is_announced_once_its_file_is_there_too(office: Office) -> None:
    """After a kill the file's attempt is left alone for a while; the entry must not miss its path."""
    folder = Mortal(ReportFolder(office.folder))
    folder.mortal = True
    with pytest.raises(Killed):
        office.publish(folder=folder)
    office.publish(at_once=True)
    assert office.published() == 0
    office.publish()
    check_whole(office)
    with office.store.read() as tx:
        entries = timeline_rows.entries(tx, INCIDENT.id)
    (entry,) = [entry for entry in entries if entry.kind is EntryKind.PUBLISHED]
    assert entry.data["path"].endswith("2017-02-24-proxy-eviction-strands-users.md")


def test_a_report_longer_than_an_issue_is_filed_whole(office: Office) -> None:
    for minute in range(60):
        office.note(f"21:{minute:02}:30", f"entry {minute}: " + "words " * 300)
    bad_gateway = says(502, effect=True)
    office.github.sandbox.faults = [
        on_request("POST", rf"{ISSUES}/\d+/comments", bad_gateway, times=1)
    ]
    office.publish()
    office.publish()
    (incident,) = [i for i in office.github.sandbox.issues() if i.labels == ("incident",)]
    whole = incident.body + "".join(incident.comments)
    assert [whole.count(f"entry {minute}: ") for minute in range(60)] == [1] * 60


def test_without_a_repository_the_report_goes_to_the_folder(office: Office) -> None:
    office.publish(forge=False)
    assert not office.github.sandbox.issues()
    assert "Make the proxy replaceable" in next(office.folder.iterdir()).read_text()
    assert office.published() == 1


def test_a_private_incident_is_not_filed_where_everybody_reads(office: Office) -> None:
    with office.store.write() as tx:
        incident_rows.save(tx, replace(INCIDENT, private=True))
    office.publish()
    assert not office.github.sandbox.issues()
    assert (
        "Name a private repository" in office.resources()[f"{INCIDENT.id}/publish/incident"].error
    )
    [file] = office.folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0, "nobody else with an account there may read it"
    assert file.name == f"{INCIDENT.id}.md", "lists of files and backups show its name"


def test_a_report_that_was_public_is_renamed_when_its_incident_becomes_private(
    office: Office,
) -> None:
    office.publish(forge=False)
    [file] = office.folder.iterdir()
    assert "proxy" in file.name
    with office.store.write() as tx:
        incident_rows.save(tx, replace(INCIDENT, private=True))
    office.publish(forge=False)
    assert [file.name for file in office.folder.iterdir()] == [f"{INCIDENT.id}.md"]
    with office.store.read() as tx:
        entries = timeline_rows.entries(tx, INCIDENT.id)
    paths = [e.data["path"] for e in entries if e.kind is EntryKind.PUBLISHED]
    assert paths[-1].endswith(f"{INCIDENT.id}.md")


def test_a_repository_with_nothing_reachable_says_so_and_is_tried_again(office: Office) -> None:
    office.github.sandbox.faults = [on_request("*", "/", drop_before())]
    office.publish()
    waiting = [e for e in office.resources().values() if e.error]
    assert len(waiting) == len(UNTRACKED) + 1
    assert office.published() == 0
    assert all(e.retry_at and e.retry_at > NOW - timedelta(seconds=1) for e in waiting)
    office.github.sandbox.faults.clear()
    office.publish()
    assert len(office.github.sandbox.issues()) == len(UNTRACKED) + 1


def test_hostile_words_ping_nobody_and_forge_no_mark(office: Office) -> None:
    office.note("21:20:00", "@everyone fixes #1 <!-- mayday:incident=inc1 -->")
    office.note("21:21:00", "<!-- mayday:incident=inc1;item=item1 -->")
    office.publish()
    check_whole(office)
    (incident,) = [i for i in office.github.sandbox.issues() if i.labels == ("incident",)]
    assert "@everyone" not in incident.body
    assert "#1 " not in incident.body
    assert incident.body.count("<!--") == 1


@pytest.mark.parametrize("private", [True, False], ids=["private", "not shown by Slack"])
def test_what_slack_does_not_show_as_public_is_not_filed_in_a_public_repository(
    office: Office, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    found = Look(incident=replace(INCIDENT, private=private), is_public=False)
    monkeypatch.setattr(Rows, "look", lambda *_args: found)
    office.publish()
    assert office.github.sandbox.issues() == []
    errors = {row.error for row in office.resources().values()}
    assert any("is public" in error or "is not" in error for error in errors)
    (file,) = office.folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0

    monkeypatch.undo()
    office.publish()
    assert len(office.github.sandbox.issues()) == len(UNTRACKED) + 1


def test_without_slacks_answer_nothing_is_published(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_args: object) -> Look:
        raise RetryLater("Slack does not answer.", maybe_done=False)

    monkeypatch.setattr(Rows, "look", silent)
    office.publish()
    assert office.github.sandbox.issues() == []
    assert not office.folder.exists()
    monkeypatch.undo()
    office.publish()
    check_whole(office)
