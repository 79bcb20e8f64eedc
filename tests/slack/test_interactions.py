"""Buttons, menus and forms: what a press changes, and the answer to a stale press."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.timeline import Entry, EntryKind
from bot.errors import RetryLater
from bot.render.card import ACTION_COMMAND, ACTION_REOPEN, ACTION_RUN
from bot.render.listing import ACTION_ENTRY
from bot.slack.interactions import SHORTCUT_ACTION, SHORTCUT_TIMELINE
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from sandbox.slack import SlackSandbox
from tests.support.bot import ANNOUNCE, Scene
from tests.support.desk import ANA, BEN, ELSEWHERE, Answer, Desk
from tests.support.rows import CHANNEL, TEAM


def noted(desk: Desk, text: str) -> Entry:
    """Add a note; return it."""
    desk.command(f"note {text}")
    return desk.of_kind(EntryKind.NOTE)[-1]


def shortcut(desk: Desk, name: str, ts: str, text: str, *, channel: str = CHANNEL) -> Answer:
    """Use a message's shortcut."""
    body = {
        "type": "message_action",
        "callback_id": name,
        "trigger_id": f"trigger{ts}",
        "user": {"id": ANA, "team_id": TEAM},
        "team": {"id": TEAM},
        "channel": {"id": channel},
        "message": {"ts": ts, "user": BEN, "text": text},
    }
    return desk.send(body)


def test_an_entry_is_removed_in_the_listing_itself(desk: Desk) -> None:
    note = noted(desk, "a typing error")
    (shown,) = desk.press(ACTION_ENTRY, f"out:{note.id}").posts
    assert desk.of_kind(EntryKind.NOTE) == []
    assert shown["replace_original"] is True
    assert "Removed from the timeline" in str(shown["blocks"])
    assert "a typing error" not in str(shown["blocks"])


@pytest.mark.parametrize("verb", ["edit", "out"])
def test_what_mayday_recorded_is_only_annotated(desk: Desk, verb: str) -> None:
    """Also by a forged choice, or one of a list that an earlier version showed."""
    desk.command("severity sev1")
    (entry,) = desk.of_kind(EntryKind.SEVERITY)
    assert "You can annotate it" in desk.press(ACTION_ENTRY, f"{verb}:{entry.id}").text
    assert desk.slack.views == []
    assert desk.of_kind(EntryKind.SEVERITY) == [entry]
    desk.press(ACTION_ENTRY, f"annotate:{entry.id}", user=BEN)
    assert desk.submit({"text": "by <@U0ANA> & me"}, user=BEN).errors == {}
    shown = str(desk.command("timeline").blocks)
    assert re.search(rf"↳ <@{BEN}>, <!date\^[^>]*>: by <@U0ANA> &amp; me", shown)


def test_an_edited_entry_says_by_whom(desk: Desk) -> None:
    note = noted(desk, "a typing error")
    desk.press(ACTION_ENTRY, f"edit:{note.id}", user=BEN)
    desk.submit({"text": "a typo"}, user=BEN)
    shown = str(desk.command("timeline").blocks)
    assert f"a typo\\n_edited by <@{BEN}>_" in shown
    desk.submit({"text": "a typo"}, user=BEN)
    assert str(desk.command("timeline").blocks) == shown


@pytest.mark.parametrize("verb", ["edit", "out"])
def test_an_entry_that_is_gone_is_neither_edited_nor_removed(desk: Desk, verb: str) -> None:
    note = noted(desk, "a typing error")
    desk.press(ACTION_ENTRY, f"out:{note.id}")
    answer = desk.press(ACTION_ENTRY, f"{verb}:{note.id}")
    assert "no longer in the timeline" in answer.text
    assert desk.slack.views == []


def test_editing_the_words_of_an_entry_leaves_its_time(desk: Desk) -> None:
    """The form omits fractions and which of two equal hours it was."""
    desk.now.at = datetime(2017, 11, 5, 9, 30, 20, 250_000, tzinfo=UTC)
    before = noted(desk, "it works again")
    desk.press(ACTION_ENTRY, f"edit:{before.id}")
    assert "2017-11-05 01:30:" in str(desk.slack.views[-1]), "the second 01:30 of that night"
    assert desk.submit({"text": "It works again."}).acks == [{}]
    (after,) = desk.of_kind(EntryKind.NOTE)
    assert after.data == {**before.data, "text": "It works again."}
    assert after.at == before.at


@pytest.mark.parametrize(("name", "value"), [("at", "25:61"), ("text", " ")])
def test_an_entry_keeps_what_it_has_where_an_input_is_wrong(
    desk: Desk, name: str, value: str
) -> None:
    before = noted(desk, "it works again")
    desk.press(ACTION_ENTRY, f"edit:{before.id}")
    assert set(desk.submit({name: value}).errors) == {name if name == "at" else "text"}
    assert desk.of_kind(EntryKind.NOTE) == [before]


def test_command_is_taken_once(desk: Desk) -> None:
    assert desk.press(ACTION_COMMAND).text == ""
    assert dict(desk.incident.roles) == {"commander": ANA}
    assert "Somebody is already commander" in desk.press(ACTION_COMMAND, user=BEN).text
    assert dict(desk.incident.roles) == {"commander": ANA}


def test_a_refusal_mentions_people_and_notifies_nobody_else(desk: Desk) -> None:
    desk.command(f"role scribe <@{BEN}|ben>")
    assert desk.command(f"role scribe <@{BEN}|ben>").text == f"⚠️ <@{BEN}> is already scribe."
    assert "<!channel>" not in desk.command("severity <!channel>").text


def test_a_card_offers_command_no_more_once_it_is_taken(scene: Scene) -> None:
    channel = scene.declare()
    [card] = scene.posts(channel.id, "card")
    scene.ana.press(channel.id, card["ts"], ACTION_COMMAND)
    scene.slack.wait_for(
        lambda: ACTION_COMMAND not in str(scene.posts(channel.id, "card")), what="the new card"
    )
    assert scene.incident(channel.id).roles["commander"] == scene.ana.id


def close(desk: Desk, **values: Any) -> dict[str, Any]:
    """Resolve and close; return the shown form."""
    desk.command("resolve")
    desk.command("close")
    assert desk.submit(values).acks == [{}]
    assert desk.incident.status == "closed"
    return desk.slack.views[-1]


AFTER_ACTION = {"report_form": "2024"}


def test_closing_asks_for_the_hubs_that_nobody_named(rows: Store) -> None:
    desk = Desk(rows, **AFTER_ACTION)
    assert "Which hubs were affected?" in str(close(desk, hubs=["datahub"]))
    assert desk.incident.hubs == ("datahub",)


def test_closing_leaves_the_hubs_that_it_does_not_ask_for(rows: Store) -> None:
    with rows.write() as tx:
        incident = incident_rows.get(tx, "abc123abc123")
        incident_rows.save(tx, incident.__class__(**{**vars(incident), "hubs": ("datahub",)}))
    desk = Desk(rows)
    assert "hubs" not in [block.get("block_id") for block in close(desk)["blocks"]]
    assert desk.incident.hubs == ("datahub",)


def test_hubs_can_be_named_where_mayday_knows_none(rows: Store) -> None:
    desk = Desk(rows, hubs=(), **AFTER_ACTION)
    close(desk, hubs="datahub, stat20,")
    assert desk.incident.hubs == ("datahub", "stat20")


def test_a_date_that_is_none_is_refused_at_its_input(desk: Desk) -> None:
    desk.command("resolve")
    desk.command("close")
    assert set(desk.submit({"report_date": "2017-02-30"}).errors) == {"report_date"}
    assert desk.incident.status == "resolved"


def test_a_closed_incident_publishes_again_when_it_is_asked_to(desk: Desk) -> None:
    close(desk)
    desk.work.keys.clear()
    assert "published again" in desk.command("publish").text
    assert any(key.startswith("publish/") for key in desk.work.keys)
    assert desk.press(ACTION_REOPEN).text == ""
    assert desk.incident.is_open


def test_a_message_is_filed_once_however_often_the_shortcut_is_used(desk: Desk) -> None:
    for _ in range(2):
        answer = shortcut(desk, SHORTCUT_TIMELINE, "1487895900.000100", "routes are gone")
        assert "Added to the timeline" in answer.text
    (entry,) = desk.of_kind(EntryKind.MESSAGE)
    assert entry.author == BEN
    for _ in range(2):
        shortcut(desk, SHORTCUT_ACTION, "1487895900.000100", "add &lt;alerts&gt; &amp; more")
        assert "add <alerts> & more" in json.dumps(desk.slack.views[-1])
        assert desk.submit().acks == [{}]
    with desk.store.read() as tx:
        assert [i.title for i in incident_rows.items(tx, desk.incident.id)] == [
            "add <alerts> & more"
        ]
        assert len(timeline_rows.messages(tx, TEAM, CHANNEL)) == 1


def test_a_shortcut_outside_an_incident_says_where_to_go(desk: Desk) -> None:
    answer = shortcut(desk, SHORTCUT_TIMELINE, "1.000001", "hello", channel=ELSEWHERE)
    assert "This is not an incident channel" in answer.text


def test_a_button_that_only_carries_a_link_is_acknowledged(desk: Desk) -> None:
    answer = desk.press("a link of some version")
    assert (answer.acks, answer.posts) == ([{}], [])


def test_a_form_of_another_version_keeps_what_was_typed(desk: Desk) -> None:
    desk.press(ACTION_RUN)
    desk.slack.views.append({**desk.slack.views[-1], "callback_id": "gone"})
    (error,) = desk.submit().errors.values()
    assert "Close it and open it again" in error


def test_a_form_that_slack_does_not_open_is_answered(desk: Desk) -> None:
    desk.slack.failing["open_view"] = RetryLater("Slack is silent.")
    assert "try again" in desk.press(ACTION_RUN).text


def test_a_status_with_words_reaches_those_outside(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident status fixing Routes are being written")
    slack.wait_for(
        lambda: any("Routes are being written" in m["text"] for m in scene.own(ANNOUNCE)),
        what="the news in the announcement's thread",
    )
    [announced] = scene.announcements(channel.id)
    [news] = [m for m in scene.own(ANNOUNCE) if "Routes are being written" in m["text"]]
    assert news["thread_ts"] == announced["ts"]
