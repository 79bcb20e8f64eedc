"""Incident statuses, and the entry that each change records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.incident import (
    Answers,
    Incident,
    assign_role,
    change_severity,
    change_status,
    clean_title,
    close,
    reopen,
    retitle,
)
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from tests.support.rows import NOW, POLICY, incident

LATER = NOW + timedelta(hours=2)


def resolved(**values: Any) -> Incident:
    """A resolved one."""
    return incident(status="resolved", resolved_at=NOW, **values)


def closed() -> Incident:
    """A closed incident."""
    return incident(status="closed", resolved_at=NOW, closed_at=NOW)


def test_open_statuses_leave_out_the_ends() -> None:
    assert POLICY.open_statuses == ("investigating", "fixing", "monitoring")


@pytest.mark.parametrize("before", ["investigating", "monitoring"])
def test_any_open_status_can_follow_another(before: str) -> None:
    change = change_status(incident(status=before), "fixing", policy=POLICY, at=LATER, text="now")
    assert change.incident.status == "fixing"
    assert change.incident.resolved_at is None
    assert change.kind is EntryKind.STATUS
    assert change.data == {"from": before, "to": "fixing", "text": "now"}


def test_resolving_keeps_its_time() -> None:
    change = change_status(incident(), "resolved", policy=POLICY, at=LATER)
    assert change.kind is EntryKind.RESOLVED
    assert change.incident.resolved_at == LATER
    assert not change.incident.is_open


def test_going_back_from_resolved_takes_its_time_away() -> None:
    change = change_status(resolved(), "monitoring", policy=POLICY, at=LATER)
    assert change.incident.is_open
    assert change.incident.resolved_at is None


@pytest.mark.parametrize(
    ("before", "to", "say"),
    [
        (incident(), "broken", "There is no status “broken”: use one of investigating"),
        (incident(), "investigating", "is already investigating"),
        (incident(), "closed", "Close an incident with"),
        (closed(), "fixing", "reopen it first"),
    ],
)
def test_statuses_that_cannot_be(before: Incident, to: str, say: str) -> None:
    with pytest.raises(UserError, match=say):
        change_status(before, to, policy=POLICY, at=LATER)


def test_severity() -> None:
    change = change_severity(incident(), "sev1", policy=POLICY)
    assert (change.incident.severity, change.data) == ("sev1", {"from": "sev2", "to": "sev1"})
    for before, to in ((incident(), "sev9"), (incident(), "sev2"), (closed(), "sev1")):
        with pytest.raises(UserError):
            change_severity(before, to, policy=POLICY)


def test_a_role_goes_from_one_person_to_another() -> None:
    first = assign_role(incident(), "scribe", "U0ANA", policy=POLICY)
    second = assign_role(first.incident, "scribe", "U0BEN", policy=POLICY)
    assert dict(second.incident.roles) == {"scribe": "U0BEN"}
    assert second.data == {"role": "scribe", "user": "U0BEN", "before": "U0ANA"}
    for before, role, user in (
        (first.incident, "scribe", "U0ANA"),
        (incident(), "king", "U0ANA"),
        (closed(), "scribe", "U0ANA"),
    ):
        with pytest.raises(UserError):
            assign_role(before, role, user, policy=POLICY)


@pytest.mark.parametrize("before", [resolved(), closed()])
def test_reopening_starts_at_the_first_status(before: Incident) -> None:
    after = reopen(before, policy=POLICY).incident
    assert (after.status, after.resolved_at, after.closed_at) == ("investigating", None, None)


def test_an_open_incident_cannot_be_reopened() -> None:
    with pytest.raises(UserError, match="already open"):
        reopen(incident(), policy=POLICY)


def test_closing_takes_the_answers_along() -> None:
    answers = Answers(texts={"impact": "Nobody could log in."}, report_date=NOW.date())
    change = close(resolved(), answers, summary="Evicted.", at=LATER)
    after = change.incident
    assert (after.status, after.closed_at, after.answers) == ("closed", LATER, answers)
    assert (after.summary, after.resolved_at) == ("Evicted.", NOW)


@pytest.mark.parametrize(
    ("before", "say"), [(incident(), "Resolve the incident first"), (closed(), "already closed")]
)
def test_closings_that_cannot_be(before: Incident, say: str) -> None:
    with pytest.raises(UserError, match=say):
        close(before, Answers(), summary="", at=LATER)


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("  Proxy \n evicted\t", "Proxy evicted"),
        ("🔥", "🔥"),
        ("<!channel> `x`", "<!channel> `x`"),
        ("x" * 150, "x" * 150),
    ],
)
def test_titles_are_one_line(raw: str, title: str) -> None:
    assert clean_title(raw) == title
    assert retitle(incident(), raw).title == title


@pytest.mark.parametrize(("raw", "say"), [(" \n", "Give the incident a title"), ("x" * 300, "300")])
def test_titles_that_cannot_be(raw: str, say: str) -> None:
    with pytest.raises(UserError, match=say) as told:
        clean_title(raw)
    assert told.value.field == "title"


def test_closing_keeps_the_texts_that_the_form_does_not_ask_for() -> None:
    before = resolved(answers=Answers(texts={"lucky": "We were awake.", "impact": "Old."}))
    after = close(before, Answers(texts={"impact": "New."}), summary="", at=LATER).incident
    assert after.answers.texts == {"lucky": "We were awake.", "impact": "New."}
