"""The channel shows who changed a published report; what nobody approved waits, wherever it comes from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.domain.resources import ResourceKind
from bot.render import items as words
from bot.render.review import review_post
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store.engine import Store
from tests.slack.test_edit_publishes import approval, approved, noted, office, section
from tests.support.desk import ANA, BEN, Desk
from tests.support.editing import INCIDENT
from tests.support.events import edited, posted, reaction, take
from tests.support.rows import NOW, message


def shown(desk: Desk) -> list[str]:
    """What the channel shows about the review of the report and about its changes."""
    with desk.store.read() as tx:
        found = resource_rows.of_incident(tx, INCIDENT).values()
    specs: list[Any] = [row.spec for row in found if row.kind is ResourceKind.REVIEW]
    return [review_post(spec).text for spec in specs]


def state_on_github(store: Store, desk: Desk, **values: Any) -> None:
    """Have the item followed its issue."""
    (found,) = desk.context.edits.items(INCIDENT)
    followed = {"state": "done", "state_by": "github", "state_at": NOW, **values}
    with store.write() as tx:
        incident_rows.change_item(tx, found.id, **followed)


def test_the_channel_shows_who_changed_what_in_one_message(rows: Store) -> None:
    desk = office(rows)
    noted(desk, ANA)
    section(desk, ANA)
    (text,) = shown(desk)
    assert f"<@{ANA}> changed the published report: an entry of the timeline, the section “" in text
    assert "practice/incidents" in text and "internal" in text
    desk.now.at += timedelta(hours=1)
    (found,) = desk.context.edits.items(INCIDENT)
    desk.press(words.ACTION_MENU, words.value("done", "all", INCIDENT, found.id))
    assert len(shown(desk)) == 2
    assert "the action item “Add an alert”" in shown(desk)[-1]


def test_the_channel_says_nothing_of_a_change_that_waits(rows: Store) -> None:
    desk = office(rows)
    section(desk, BEN)
    assert shown(desk) == []


def test_a_message_that_is_filed_after_closing_waits_for_a_review(rows: Store) -> None:
    desk = office(rows)
    said = message("1487895900.000100", text="it is slow", author=BEN)
    take(desk.context.record, posted(said))
    before = len(desk.work.keys)
    take(desk.context.record, reaction(said.ts, user=ANA))
    assert "it is slow" in str(desk.composer.composed(INCIDENT).publication)
    assert approval(desk) == ""
    assert any(key.startswith("publish/") for key in desk.work.keys[before:])


def test_what_somebody_rewords_in_slack_after_the_approval_waits_for_a_review(rows: Store) -> None:
    desk = office(rows, approve=False)
    said = message("1487895900.000100", text="it is slow", author=ANA)
    desk.context.record.file_message(said, by=ANA)
    approved(desk)
    before = len(desk.work.keys)
    take(desk.context.record, edited("my grade", 1, before=said, edited_ts="1487895999.000000"))
    assert "my grade" in str(desk.composer.composed(INCIDENT).publication)
    assert approval(desk) == ""
    assert any(key.startswith("publish/") for key in desk.work.keys[before:])
    section(desk, ANA)
    assert approval(desk) == ""


def test_a_state_from_github_is_approved_by_nobody_and_holds_up_no_edit(rows: Store) -> None:
    desk = office(rows)
    before = desk.composer.composed(INCIDENT)
    state_on_github(rows, desk, issue_url="https://github.com/practice/incidents/issues/7")
    assert desk.composer.composed(INCIDENT).digest == before.digest
    assert "[x] Add an alert" in str(desk.composer.composed(INCIDENT).publication)
    section(desk, ANA)
    assert approval(desk) == ANA


def test_the_state_of_an_issue_of_others_waits_for_a_review(rows: Store) -> None:
    desk = office(rows, approve=False)
    state_on_github(
        rows, desk, link="https://github.com/practice/other/issues/7", state="open", state_by=""
    )
    approved(desk)
    state_on_github(rows, desk)
    assert approval(desk) == ""
    section(desk, ANA)
    assert approval(desk) == ""
