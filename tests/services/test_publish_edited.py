"""What people change of a published report is kept, and what GitHub has changed stops it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from github.Issue import Issue
from github.Repository import Repository
from sqlalchemy import delete, update

from bot.domain.resources import ResourceState
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.report_tables import document
from bot.store.tables import entry
from sandbox.faults import Fault, drop_after, drop_before, says
from sandbox.rules import on_request
from tests.support.evening import INCIDENT
from tests.support.forge import Practice, practice
from tests.support.publishing import FOLDER, Office, new_repository, office_with


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as found:
        yield found


@pytest.fixture
def repository(github: Practice) -> Repository:
    """A repository as a person uses it."""
    return new_repository(github)


@pytest.fixture
def office(github: Practice, repository: Repository, tmp_path: Path) -> Iterator[Office]:
    with office_with(github, repository.full_name, tmp_path) as found:
        yield found


def issues(repository: Repository) -> list[Issue]:
    """All issues, without pull requests."""
    return [each for each in repository.get_issues(state="all") if each.pull_request is None]


def incident_issue(repository: Repository) -> Issue:
    """The incident's issue."""
    [found] = repository.get_issues(labels=["incident"])
    return found


def rewrite(repository: Repository, old: str, new: str) -> None:
    """Change the incident's issue by hand."""
    issue = incident_issue(repository)
    assert old in issue.body
    issue.edit(body=issue.body.replace(old, new))


def body(repository: Repository) -> str:
    """The text of the incident's issue."""
    return incident_issue(repository).body


def test_what_people_change_in_an_issue_is_merged(office: Office, repository: Repository) -> None:
    office.publish(report_form="2024")
    before = body(repository)
    box = next(line for line in before.split("\n") if line.startswith("- [ ]"))
    rewrite(repository, "The proxy pod is evicted.", "The proxy pod was evicted.")
    rewrite(repository, box, box.replace("[ ]", "[x]"))
    incident_issue(repository).edit(title="A better title")
    issue = incident_issue(repository)
    issue.edit(body=f"{issue.body}\n\nA note below it all.")
    office.note("21:34:00", "Most students are fine.")
    office.publish(report_form="2024")
    text = body(repository)
    assert "The proxy pod was evicted." in text and "Most students are fine." in text
    assert box.replace("[ ]", "[x]") in text and text.rstrip().endswith("A note below it all.")
    assert incident_issue(repository).title == "A better title"
    assert len(issues(repository)) == 3


def test_a_conflict_shows_both_texts_and_writes_nothing(
    office: Office, repository: Repository
) -> None:
    office.publish()
    rewrite(repository, "The proxy pod is evicted.", "The proxy pod was shot.")
    before = body(repository)
    edit_note(office, "The proxy pod is evicted.", "The proxy pod was evicted twice.")
    office.publish()
    row = office.resources()[f"{INCIDENT.id}/publish/incident"]
    assert "“The proxy pod was evicted twice.”" in row.error
    assert "“The proxy pod was shot.”" in row.error
    assert body(repository) == before
    rewrite(repository, "The proxy pod was shot.", "The proxy pod was evicted twice.")
    with office.store.write() as tx:
        resource_rows.change(tx, row.key, retry_at=None)
    office.note("21:34:00", "Most students are fine.")
    office.publish()
    assert "Most students are fine." in body(repository)
    assert not office.resources()[f"{INCIDENT.id}/publish/incident"].error


def edit_note(office: Office, old: str, new: str) -> None:
    """Change a note of the timeline."""
    with office.store.write() as tx:
        [found] = [
            each for each in timeline_rows.entries(tx, INCIDENT.id) if each.data.get("text") == old
        ]
        data = {**found.data, "text": new}
        tx.execute(update(entry).where(entry.c.id == found.id).values(data=data))


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after(), drop_before()])
@pytest.mark.parametrize("by_hand", [False, True])
def test_after_a_lost_answer_a_further_change_is_no_conflict(
    office: Office, repository: Repository, fault: Fault, by_hand: bool
) -> None:
    office.publish()
    edit_note(office, "The proxy pod is evicted.", "The proxy pod was evicted.")
    office.github.sandbox.faults = [on_request("PATCH", ".*/issues/", fault, times=1)]
    office.publish()
    if by_hand:
        rewrite(repository, "The last student is fine again.", "The last student is well again.")
    edit_note(office, "The proxy pod was evicted.", "The proxy pod was evicted at last.")
    office.publish()
    assert "The proxy pod was evicted at last." in body(repository)
    assert ("well again" in body(repository)) is by_hand
    assert all(not row.error for row in office.resources().values())


def test_what_people_change_in_a_file_is_merged(office: Office, repository: Repository) -> None:
    office.publish(targets=FOLDER)
    [file] = office.folder.iterdir()
    text = file.read_text().replace("The proxy pod is evicted.", "The proxy pod was evicted.")
    file.write_text(f"{text}\nA note below it all.\n")
    office.publish(targets=FOLDER)
    office.note("21:34:00", "Most students are fine.")
    office.publish(targets=FOLDER)
    text = file.read_text()
    assert "The proxy pod was evicted." in text and "Most students are fine." in text
    assert text.endswith("A note below it all.\n")
    edit_note(office, "The proxy pod is evicted.", "The proxy pod fell over.")
    office.publish(targets=FOLDER)
    assert file.read_text() == text
    assert str(file) in office.resources()[f"{INCIDENT.id}/publish/folder"].error


def test_what_an_older_version_published_is_not_written_over(
    office: Office, repository: Repository
) -> None:
    office.publish()
    rewrite(repository, "The proxy pod is evicted.", "The proxy pod was evicted.")
    with office.store.write() as tx:
        tx.execute(delete(document))
    office.note("21:34:00", "Most students are fine.")
    office.publish()
    assert (
        "no record of what it wrote" in office.resources()[f"{INCIDENT.id}/publish/incident"].error
    )
    assert "The proxy pod was evicted." in body(repository)
    incident_issue(repository).edit(body="<!-- mayday:incident=inc1 -->")
    office.note("21:35:00", "All students are fine.")
    office.publish()
    assert "All students are fine." in body(repository)


def test_a_renamed_repository_stops_it_until_a_person_asks(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish()
    before = [each.raw_data for each in issues(repository)]

    def moved(*_args: object, **_more: object) -> None:
        raise UserError("practice/incidents was renamed.", code="moved")

    with monkeypatch.context() as patched:
        patched.setattr(office.github.forge, "read_issue", moved)
        office.note("21:34:00", "Most students are fine.")
        office.publish()
    row = office.resources()[f"{INCIDENT.id}/publish/incident"]
    assert row.state is ResourceState.NEEDS_HUMAN and "renamed" in row.error
    office.publish()
    assert [each.raw_data for each in issues(repository)] == before
    with office.store.write() as tx:
        resource_rows.resume_needing_human(tx, INCIDENT.id)
    office.publish()
    assert "Most students are fine." in body(repository)


def test_who_left_is_named_and_costs_no_issue(office: Office, repository: Repository) -> None:
    office.publish(assignees=("gone",))
    assert len(issues(repository)) == 3
    with office.store.read() as tx:
        entries = timeline_rows.entries(tx, INCIDENT.id)
    [found] = [each for each in entries if each.kind is EntryKind.PUBLISHED]
    assert found.data["unassigned"] == ["gone"]
