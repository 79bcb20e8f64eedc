"""Texts that somebody saves between mayday's reading and its writing of an issue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from github.Repository import Repository

from bot.domain.merging import Draft
from bot.services.documents import Documents, Text
from bot.store.documents import DocumentRow, Pending, Seen
from bot.store.documents import save as save_document
from sandbox.faults import Fault, drop_after
from sandbox.rules import on_request
from tests.services.test_publish_edited import edit_note
from tests.support.evening import INCIDENT
from tests.support.forge import Practice, practice
from tests.support.publishing import NOW, TARGETS, Killed, Office, new_repository, office_with
from tests.support.strict_github import StrictGitHub

KEY = f"{INCIDENT.id}/publish/incident"
NOTE = "Most students are fine."
ISSUE = TARGETS[:1]


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A GitHub that shows the versions of texts."""
    with practice(tmp_path_factory.mktemp("github")) as found:
        proxy, emulate = found.sandbox.proxy, found.sandbox._emulate
        assert emulate is not None
        with StrictGitHub(emulate.port, frozenset({found.sandbox.token})) as strict:
            plain, proxy.upstream = proxy.upstream, strict.address
            yield found
            proxy.upstream = plain


@pytest.fixture
def repository(github: Practice) -> Repository:
    """A repository as a person uses it."""
    return new_repository(github)


@pytest.fixture
def office(github: Practice, repository: Repository, tmp_path: Path) -> Iterator[Office]:
    with office_with(github, repository.full_name, tmp_path) as found:
        found.publish()
        yield found


def text_of(repository: Repository) -> str:
    [issue] = repository.get_issues(labels=["incident"])
    return issue.body


def saving(
    office: Office,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Have a person save a change of the incident's issue just before mayday writes it."""
    real = office.github.forge.write_issue
    done: list[bool] = []

    def write(there: Any, draft: Draft, **more: Any) -> str:
        if not done and "incident" in there.draft.parts[-1] and old in there.draft.parts[0]:
            done.append(True)
            issue = repository.get_issue(there.number)
            issue.edit(body=issue.body.replace(old, new))
            etag = real(there, draft, **more)
            then()
            return etag
        return real(there, draft, **more)

    monkeypatch.setattr(office.github.forge, "write_issue", write)


def killed() -> None:
    raise Killed


def test_what_somebody_saves_just_before_is_kept(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving(office, repository, monkeypatch, "The proxy pod is evicted.", "It was evicted.")
    office.note("21:34:00", NOTE)
    office.publish()
    assert "It was evicted." in text_of(repository) and NOTE in text_of(repository)
    office.note("21:35:00", "All are fine.")
    office.publish()
    text = text_of(repository)
    assert "It was evicted." in text and NOTE in text and "All are fine." in text
    assert all(not row.error for row in office.resources().values())


@pytest.mark.parametrize("fault", [None, drop_after()], ids=["killed", "answer lost"])
def test_it_is_kept_too_if_mayday_does_not_learn_that_it_wrote(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch, fault: Fault | None
) -> None:
    then = killed if fault is None else lambda: None
    saving(office, repository, monkeypatch, "The proxy pod is evicted.", "It was evicted.", then)
    office.note("21:34:00", NOTE)
    if fault is None:
        with pytest.raises(Killed):
            office.publish()
    else:
        # The person's change is the first of the two.
        lost = on_request("PATCH", ".*/issues/", fault, numbers=(2,))
        office.github.sandbox.faults = [lost]
        office.publish()
        assert office.resources()[KEY].error
    office.publish()
    assert "It was evicted." in text_of(repository) and NOTE in text_of(repository)
    assert all(not row.error for row in office.resources().values())


def test_a_conflict_with_it_puts_it_back_and_shows_both(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = "The last student is well again."
    saving(office, repository, monkeypatch, "The last student is fine again.", theirs)
    edit_note(office, "The last student is fine again.", "The last student has a server again.")
    office.publish()
    assert theirs in text_of(repository)
    error = office.resources()[KEY].error
    assert "has a server again" in error and "is well again" in error
    office.publish()
    assert theirs in text_of(repository) and office.resources()[KEY].error == error


def test_a_title_that_somebody_saves_just_before_is_kept(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = office.github.forge.write_issue

    def write(there: Any, draft: Draft, **more: Any) -> str:
        repository.get_issue(there.number).edit(title="A better title")
        return real(there, draft, **more)

    monkeypatch.setattr(office.github.forge, "write_issue", write)
    office.note("21:34:00", NOTE)
    office.publish()
    [issue] = repository.get_issues(labels=["incident"])
    assert issue.title == "A better title" and NOTE in issue.body


def test_a_comment_that_somebody_saves_just_before_is_kept(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(10, 60):
        office.note(f"21:{minute:02}:30", f"entry {minute}: " + "words " * 300)
    office.publish(targets=ISSUE)
    [issue] = repository.get_issues(labels=["incident"])
    [comment, *_] = issue.get_comments()
    last = max(n for n in range(10, 60) if f"entry {n}: " in comment.body)
    real = office.github.forge.write_issue
    done: list[bool] = []

    def write(there: Any, draft: Draft, **more: Any) -> str:
        if not done:
            done.append(True)
            now = issue.get_comment(comment.id)
            now.edit(now.body.replace(f"entry {last}: ", f"entry {last} by hand: "))
        return real(there, draft, **more)

    monkeypatch.setattr(office.github.forge, "write_issue", write)
    office.note("21:09:00", "The first.")
    office.note("22:04:00", "The last.")
    office.publish(targets=ISSUE)
    office.publish(targets=ISSUE)
    whole = text_of(repository) + "".join(each.body for each in issue.get_comments())
    assert f"entry {last} by hand: " in whole
    assert "The first." in whole and "The last." in whole
    assert all(not row.error for row in office.resources().values())


def test_a_text_that_was_written_in_part_is_completed(office: Office) -> None:
    """A body was written and its comment wasn't; the comment is not taken for somebody's change."""
    seen = Draft(title="T", parts=("one\ntwo\n", "three\n"))
    sent = Draft(title="T", parts=("one\ntwo\nand more words that make it likely\n", "three\n3½\n"))
    row = DocumentRow(
        key="x", base=seen, pending=Pending(ours=sent, sent=sent), seen=Seen(draft=seen)
    )
    documents = Documents(office.store, lambda: NOW)
    with office.store.write() as tx:
        save_document(tx, INCIDENT.id, row)
    there = Draft(title="T", parts=(sent.parts[0], "three, by hand\n"))
    ours = Draft(title="T", parts=(sent.parts[0], "three\n3½\n"))
    text = Text(incident_id=INCIDENT.id, key="x", draft=ours, place="there")
    merged = documents.next(text, Seen(draft=there))
    assert merged is not None
    assert merged.parts[1].split("\n")[:2] == ["three, by hand", "3½"]
