"""Publishing to a real GitHub API that loses answers, with kills between calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.folder import ReportFolder
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater
from bot.services.audit import Audit
from bot.services.channel_guard import Look
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from sandbox.faults import Fault, drop_after, drop_before, says
from sandbox.rules import on_request
from tests.support.evening import INCIDENT
from tests.support.forge import Practice, practice
from tests.support.looks import Rows
from tests.support.publishing import FILED, NOW, Killed, Mortal, Office, new_repository, office_with

ISSUES = "/repos/practice/[^/]+/issues"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as found:
        yield found


@pytest.fixture
def office(github: Practice, tmp_path: Path) -> Iterator[Office]:
    with office_with(github, new_repository(github).full_name, tmp_path) as found:
        yield found


def writes(office: Office) -> int:
    """How many requests that change something GitHub has received."""
    return sum(office.github.sandbox.proxy.count(each) for each in ("POST", "PATCH", "PUT"))


def check_whole(office: Office) -> None:
    """One issue each, linked both ways, and one file with live links."""
    issues = office.issues()
    items = [issue for issue in issues if issue.labels == ("incident-action-item",)]
    (incident,) = [issue for issue in issues if issue.labels == ("incident",)]
    assert sorted(issue.title for issue in items) == sorted(item.title for item in FILED)
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
    before = office.issues(), writes(office), file.stat().st_mtime_ns
    reads = sandbox.proxy.count("GET")
    office.publish()
    assert (office.issues(), writes(office), file.stat().st_mtime_ns) == before
    assert sandbox.proxy.count("GET") - reads == len(before[0]), "one a document"
    check_whole(office)
    acts = [each.line.act for each in Audit(office.store).latest(limit=99)]
    assert acts.count("report.published") == 1
    assert acts.count("issue.filed") == len(before[0]) - 1


def test_a_change_is_carried_into_what_was_published(office: Office) -> None:
    office.publish()
    office.note("21:34:00", "Most students are fine.")
    office.publish()
    check_whole(office)
    (incident,) = [i for i in office.issues() if i.labels == ("incident",)]
    assert "Most students are fine." in incident.body
    assert "Most students are fine." in next(office.folder.iterdir()).read_text()


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after(), drop_before()])
@pytest.mark.parametrize("nth", [1, 2, 3])
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
    assert kills >= 3 * (len(FILED) + 1)
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
    (incident,) = [i for i in office.issues() if i.labels == ("incident",)]
    whole = incident.body + "".join(incident.comments)
    assert [whole.count(f"entry {minute}: ") for minute in range(60)] == [1] * 60


def test_without_a_repository_the_report_goes_to_the_folder(office: Office) -> None:
    office.publish(forge=False)
    assert not office.issues()
    assert "Make the proxy replaceable" in next(office.folder.iterdir()).read_text()
    assert office.published() == 1


def test_a_private_incident_is_not_filed_where_everybody_reads(office: Office) -> None:
    with office.store.write() as tx:
        incident_rows.save(tx, replace(INCIDENT, private=True))
    office.publish()
    assert not office.issues()
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
    assert len(waiting) == len(FILED) + 1
    assert office.published() == 0
    assert all(e.retry_at and e.retry_at > NOW - timedelta(seconds=1) for e in waiting)
    office.github.sandbox.faults.clear()
    office.publish()
    assert len(office.issues()) == len(FILED) + 1


def test_hostile_words_ping_nobody_and_forge_no_mark(office: Office) -> None:
    office.note("21:20:00", "@everyone fixes #1 <!-- mayday:incident=inc1 -->")
    office.note("21:21:00", "<!-- mayday:incident=inc1;item=item1 -->")
    office.publish()
    check_whole(office)
    (incident,) = [i for i in office.issues() if i.labels == ("incident",)]
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
    assert office.issues() == []
    errors = {row.error for row in office.resources().values()}
    assert any("is public" in error or "is not" in error for error in errors)
    (file,) = office.folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0

    monkeypatch.undo()
    office.publish()
    assert len(office.issues()) == len(FILED) + 1


def test_without_slacks_answer_nothing_is_published(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_args: object) -> Look:
        raise RetryLater("Slack does not answer.", maybe_done=False)

    monkeypatch.setattr(Rows, "look", silent)
    office.publish()
    assert office.issues() == []
    assert not office.folder.exists()
    monkeypatch.undo()
    office.publish()
    check_whole(office)


def test_nothing_leaves_the_folder_before_somebody_approved(office: Office) -> None:
    before = writes(office)
    office.publish(is_approved=False)
    assert (writes(office), office.issues(), office.published()) == (before, [], 0)
    (request,) = [row for row in office.resources().values() if row.kind is ResourceKind.REVIEW]
    assert request.spec["state"] == "waiting"
    assert "### 21:10:57" in next(office.folder.iterdir()).read_text()
    office.publish()
    check_whole(office)
    office.note("21:34:00", "Most students are fine.")
    before = writes(office)
    office.publish(is_approved=False)
    assert writes(office) == before
    assert all("Most students" not in issue.body for issue in office.issues())
