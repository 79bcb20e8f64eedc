"""The state of an incident is changed from the card, by forms and by commands; each change is one entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.resources import ResourceKind
from bot.domain.timeline import Entry, EntryKind
from bot.render import card
from bot.render.answers import ACTION_TAKE_BACK
from bot.store import incidents as incident_rows
from bot.store import report_revisions
from bot.store import resources as resource_rows
from tests.support.desk import ANA, BEN, Desk
from tests.support.rows import CHANNEL, TEAM

CLEO = "U0CLEO"


def last(desk: Desk) -> Entry:
    return desk.entries[-1]


def due_in(desk: Desk) -> timedelta:
    """How long it is until the next update is due."""
    with desk.store.read() as tx:
        reminder = incident_rows.reminder_of(tx, desk.incident.id)
    assert reminder is not None
    return reminder.due_at - desk.now()


def invited(desk: Desk) -> set[str]:
    with desk.store.read() as tx:
        rows = resource_rows.of_incident(tx, desk.incident.id).values()
    return {row.subject for row in rows if row.kind is ResourceKind.INVITE}


def undo_of(answer: Any) -> str:
    """The value of the button that takes a change back."""
    actions = [e for b in answer.blocks if b["type"] == "actions" for e in b["elements"]]
    return str(next(e["value"] for e in actions if e["action_id"] == ACTION_TAKE_BACK))


# Updates.


def test_one_form_changes_status_and_severity_with_a_text_as_one_entry(desk: Desk) -> None:
    desk.command("update")
    before = len(desk.entries)
    values = {"text": "Routes are gone", "status": "fixing", "severity": "sev1", "next": "60"}
    assert desk.submit(values).errors == {}
    assert (desk.incident.status, desk.incident.severity) == ("fixing", "sev1")
    assert len(desk.entries) == before + 1
    assert last(desk).kind is EntryKind.STATUS
    assert last(desk).data["severity"] == {"from": "sev2", "to": "sev1"}
    assert last(desk).data["text"] == "Routes are gone"
    assert due_in(desk) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"text": "Routes are gone"}, EntryKind.UPDATE),
        ({"severity": "sev1", "text": "all hubs"}, EntryKind.SEVERITY),
        ({"severity": "sev1"}, EntryKind.SEVERITY),
        ({"status": "monitoring"}, EntryKind.STATUS),
        ({"status": "resolved", "text": "done", "next": "60"}, EntryKind.RESOLVED),
    ],
)
def test_what_the_form_leaves_as_it_was_stays(
    desk: Desk, values: dict[str, str], kind: EntryKind
) -> None:
    desk.command("update")
    desk.submit(values)
    assert last(desk).kind is kind
    assert desk.incident.severity == values.get("severity", "sev2")
    assert desk.incident.status == values.get("status", "investigating")
    assert "next_at" not in last(desk).data


def test_a_form_that_says_nothing_is_refused_and_stays_open(desk: Desk) -> None:
    desk.command("update")
    answer = desk.submit({"next": "60"})
    assert "Write what is known" in answer.errors["text"]


def test_a_form_of_the_version_before_still_posts(desk: Desk) -> None:
    desk.command("update")
    view = desk.slack.views[-1]
    blocks = [block for block in view["blocks"] if block["block_id"] in ("text", "status")]
    desk.slack.views.append(
        {**view, "blocks": blocks, "private_metadata": f"{desk.incident.id}|investigating"}
    )
    desk.submit({"text": "Routes are gone"})
    assert last(desk).kind is EntryKind.UPDATE
    assert desk.incident.severity == "sev2"


def test_a_status_that_somebody_else_changed_meanwhile_stays(desk: Desk) -> None:
    desk.command("update")
    desk.command("status fixing", user=BEN)
    desk.command("severity sev1", user=BEN)
    desk.submit({"text": "Routes are gone"})
    assert (desk.incident.status, desk.incident.severity) == ("fixing", "sev1")


@pytest.mark.parametrize("reason", ["because routes are gone", "routes are gone"])
def test_a_severity_has_a_reason(desk: Desk, reason: str) -> None:
    desk.command(f"severity sev1 {reason}")
    assert last(desk).data == {"from": "sev2", "to": "sev1", "text": "routes are gone"}


# People.


def test_the_lead_is_handed_over_with_a_note(desk: Desk) -> None:
    desk.command("role commander")
    answer = desk.command(f"handover <@{BEN}|ben> the proxy restarts next")
    assert desk.incident.roles["commander"] == BEN
    data = {"role": "commander", "user": BEN, "before": ANA, "text": "the proxy restarts next"}
    assert last(desk).data == data
    assert f"handover <@{ANA}>" in answer.text, "it says how to take it back"


def test_handing_over_may_be_written_in_two_words(desk: Desk) -> None:
    desk.command(f"hand over to <@{BEN}> routes are next")
    assert desk.incident.roles["commander"] == BEN
    assert last(desk).data["text"] == "routes are next"


def test_the_lead_is_handed_over_by_a_form(desk: Desk) -> None:
    desk.choose(card.MORE, card.ACTION_HANDOVER)
    desk.submit({"person": BEN, "note": "the <!channel> knows"})
    assert desk.incident.roles["commander"] == BEN
    assert last(desk).data["text"] == "the &lt;!channel&gt; knows"
    assert any(f"<@{BEN}> leads" in text for _, _, text in desk.slack.shown)


def test_handing_over_names_somebody(desk: Desk) -> None:
    assert "Mention the person" in desk.command("handover ben, please").text
    assert "commander" not in desk.incident.roles


def test_in_a_private_incident_only_its_members_take_over(desk: Desk) -> None:
    with desk.store.write() as tx:
        incident_rows.save(tx, replace(desk.incident, private=True))
    desk.slack.absent = {CHANNEL: {BEN}}
    desk.command(f"handover <@{BEN}> note")
    assert "commander" not in desk.incident.roles


def test_people_are_added_and_added_again_after_they_left(desk: Desk) -> None:
    desk.command(f"invite <@{BEN}> and <@{CLEO}|cleo>")
    assert {BEN, CLEO} <= invited(desk)
    assert last(desk).data == {"people": [BEN, CLEO]}
    key = f"{desk.incident.id}/invite/{BEN}"
    with desk.store.write() as tx:
        resource_rows.change(tx, key, state="done", ref={"user": BEN}, applied_spec={"user": BEN})
    desk.choose(card.MORE, card.ACTION_INVITE)
    desk.submit({"people": [BEN]})
    with desk.store.read() as tx:
        row = resource_rows.get(tx, key)
    assert row is not None
    assert row.state.value == "pending"
    assert not row.ref


def test_nobody_is_added_without_a_name(desk: Desk) -> None:
    assert "Name the people" in desk.command("invite ben").text


# Title, hubs and summary.


def test_title_and_summary_are_changed_and_taken_back(desk: Desk) -> None:
    first = desk.command("title Routes of &lt;all&gt; hubs are gone")
    assert desk.incident.title == "Routes of <all> hubs are gone"
    assert last(desk).kind is EntryKind.EDITED
    assert last(desk).data["after"] == {"title": "Routes of <all> hubs are gone"}
    assert last(desk).data["quiet"], "Slack's message about the topic says it"
    desk.command("summary The proxy was evicted")
    assert desk.incident.summary == "The proxy was evicted"
    assert not last(desk).data["quiet"]
    answer = desk.press(ACTION_TAKE_BACK, undo_of(first))
    assert desk.incident.title == "Proxy was evicted"
    assert "taken back" in answer.text
    assert desk.incident.summary == "The proxy was evicted"


def test_a_change_that_was_changed_again_is_not_taken_back(desk: Desk) -> None:
    first = desk.command("title Routes are gone")
    desk.command("title Hubs are gone", user=BEN)
    assert "changed again" in desk.press(ACTION_TAKE_BACK, undo_of(first)).text
    assert desk.incident.title == "Hubs are gone"


def test_one_form_edits_title_hubs_and_summary_as_one_entry(desk: Desk) -> None:
    desk.choose(card.MORE, card.ACTION_DETAILS)
    before = len(desk.entries)
    desk.submit({"title": "Routes are gone", "hubs": ["datahub"], "summary": "No routes."})
    incident = desk.incident
    assert (incident.title, incident.hubs, incident.summary) == (
        "Routes are gone",
        ("datahub",),
        "No routes.",
    )
    assert len(desk.entries) == before + 1
    with desk.store.read() as tx:
        (revision,) = report_revisions.latest(tx, incident.id, limit=9)
    assert set(revision.after) == {"title", "hubs", "summary"}


def test_two_who_edit_the_same_field_both_see_it(desk: Desk) -> None:
    desk.choose(card.MORE, card.ACTION_DETAILS)
    desk.command("title Hubs are gone", user=BEN)
    answer = desk.submit({"title": "Routes are gone"})
    assert "Somebody changed this" in answer.errors["title"]
    assert desk.incident.title == "Hubs are gone"


def test_an_edit_of_a_closed_incident_is_quiet(desk: Desk) -> None:
    desk.command("resolve")
    desk.command("close")
    desk.submit()
    desk.command("summary The proxy was evicted")
    assert last(desk).kind is EntryKind.EDITED
    assert last(desk).data["quiet"]


def test_a_long_title_is_refused_with_what_to_do(desk: Desk) -> None:
    assert "shorten it to 150" in desk.command("title " + "x" * 151).text
    assert desk.incident.title == "Proxy was evicted"


# The menu More, and requests that arrive twice.


@pytest.mark.parametrize(
    ("choice", "title"),
    [
        (card.ACTION_HANDOVER, "Hand over"),
        (card.ACTION_DETAILS, "Edit the incident"),
        (card.ACTION_INVITE, "Add people"),
        (card.ACTION_UPDATE, "Post an update"),
    ],
)
def test_the_menu_more_opens_forms(desk: Desk, choice: str, title: str) -> None:
    desk.choose(card.MORE, choice)
    assert desk.slack.views[-1]["title"]["text"] == title


def test_a_button_of_an_old_card_still_works(desk: Desk) -> None:
    assert desk.press(card.ACTION_TIMELINE).blocks


def test_a_choice_that_this_version_does_not_know_does_nothing(desk: Desk) -> None:
    assert desk.choose(card.MORE, "incident.of_tomorrow").text == ""


@pytest.mark.parametrize(
    "text",
    [
        "severity sev1 because routes are gone",
        f"handover <@{BEN}> note",
        f"invite <@{BEN}>",
        "title Routes are gone",
        "summary Routes are gone",
    ],
)
def test_a_request_that_is_delivered_twice_is_one_entry(desk: Desk, text: str) -> None:
    body = {
        "command": "/incident",
        "text": text,
        "team_id": TEAM,
        "user_id": ANA,
        "channel_id": CHANNEL,
        "trigger_id": "the same",
    }
    before = len(desk.entries)
    desk.send(body)
    desk.send(body)
    assert len(desk.entries) == before + 1
