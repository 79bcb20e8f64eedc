"""How an action item and its issue follow each other."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.actions import ActionItem
from bot.domain.item_states import (
    GITHUB,
    MEANS,
    FoundIssue,
    IssueState,
    ItemState,
    followed,
    to_write,
)

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ITEM = ActionItem(
    id="a1",
    incident_id="i1",
    position=1,
    group="Technical improvements",
    title="Add an alert",
    issue_url="https://github.com/a/b/issues/1",
    created_at=NOW,
    issue_state="open",
)


def found(state: IssueState, at: datetime = LATER) -> FoundIssue:
    return FoundIssue(number=1, state=state, changed_at=at)


@pytest.mark.parametrize(
    ("issue", "state"),
    [
        (IssueState.COMPLETED, ItemState.DONE),
        (IssueState.MERGED, ItemState.DONE),
        (IssueState.NOT_PLANNED, ItemState.DROPPED),
        (IssueState.CLOSED, ItemState.OPEN),
        (IssueState.GONE, ItemState.OPEN),
        (IssueState.MOVED, ItemState.OPEN),
    ],
)
def test_an_item_follows_what_its_issue_says_and_nothing_else(
    issue: IssueState, state: ItemState
) -> None:
    after = followed(ITEM, found(issue))
    assert (after.state, after.issue_state) == (state, issue)
    assert after.state_by == (GITHUB if state is not ItemState.OPEN else "")


def test_a_reopened_issue_reopens_its_item() -> None:
    done = followed(ITEM, found(IssueState.COMPLETED))
    assert followed(done, found(IssueState.OPEN)).state == ItemState.OPEN


def test_what_a_person_decided_stays_until_mayday_has_told_github() -> None:
    done = replace(ITEM, state="done", state_at=LATER, state_by="U0ANA")
    assert to_write(done) is ItemState.DONE
    assert followed(done, found(IssueState.OPEN, NOW)) == done  # GitHub says nothing new
    closed = followed(done, found(IssueState.COMPLETED, LATER))
    assert (closed.state, closed.state_by) == ("done", "U0ANA")
    assert to_write(closed) is None


def test_of_two_decisions_the_later_one_counts() -> None:
    done = replace(ITEM, state="done", state_at=LATER, state_by="U0ANA")
    earlier = followed(done, found(IssueState.NOT_PLANNED, NOW))
    assert (earlier.state, to_write(earlier)) == ("done", ItemState.DONE)
    later = followed(done, found(IssueState.NOT_PLANNED, LATER + timedelta(seconds=1)))
    assert (later.state, to_write(later)) == ("dropped", None)


def test_the_issues_of_people_are_never_changed() -> None:
    linked = replace(ITEM, issue_url="", link="https://github.com/a/b/pull/7", state="done")
    assert to_write(linked) is None


@pytest.mark.parametrize("lost", [IssueState.GONE, IssueState.MOVED])
def test_nothing_is_written_to_an_issue_that_is_gone(lost: IssueState) -> None:
    assert to_write(replace(ITEM, issue_state=lost, state="done")) is None


def test_no_sequence_of_readings_makes_a_loop() -> None:
    """After any two readings, one write at most brings both sides to the same state."""
    for state, first, second in itertools.product(ItemState, IssueState, IssueState):
        item = replace(ITEM, state=state.value, state_at=NOW)
        for number, issue in enumerate((first, second)):
            item = followed(item, found(issue, NOW + timedelta(seconds=number)))
        if (write := to_write(item)) is None:
            continue
        wrote = next(each for each in IssueState if MEANS.get(each) is write)
        settled = followed(replace(item, issue_state=wrote), found(wrote, LATER))
        assert to_write(settled) is None
        assert settled.state == write
