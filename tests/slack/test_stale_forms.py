"""Forms that show what is no longer so: submitting one changes nothing that its sender did not see."""

from __future__ import annotations

from bot.domain.timeline import EntryKind
from bot.render.listing import ACTION_ENTRY
from bot.slack.interactions import SHORTCUT_TIMELINE
from tests.support.desk import ANA, BEN, Desk
from tests.support.events import edited, take
from tests.support.rows import CHANNEL, TEAM, message

CHANGED = "has changed since you opened the form"


def test_a_form_does_not_take_back_what_somebody_else_wrote_meanwhile(desk: Desk) -> None:
    desk.command("note it fell")
    (note,) = desk.of_kind(EntryKind.NOTE)
    for user in (ANA, BEN):
        desk.press(ACTION_ENTRY, f"edit:{note.id}", user=user)
    opened_by_ana = desk.slack.views[0]
    assert desk.submit({"text": "it was evicted"}, user=BEN).errors == {}
    desk.slack.views.append(opened_by_ana)
    assert CHANGED in str(desk.submit({"at": "9:15"}, user=ANA).errors)
    (now,) = desk.of_kind(EntryKind.NOTE)
    assert (now.data["text"], now.at) == ("it was evicted", note.at)


def test_a_form_does_not_bring_back_what_the_author_of_a_message_took_out(desk: Desk) -> None:
    said = message("1487895900.000100", text="the password is hunter2", author=ANA)
    desk.send(
        {
            "type": "message_action",
            "callback_id": SHORTCUT_TIMELINE,
            "trigger_id": "trigger",
            "user": {"id": ANA, "team_id": TEAM},
            "team": {"id": TEAM},
            "channel": {"id": CHANNEL},
            "message": {"ts": said.ts, "user": ANA, "text": said.text},
        }
    )
    (entry,) = desk.of_kind(EntryKind.MESSAGE)
    desk.press(ACTION_ENTRY, f"edit:{entry.id}", user=BEN)
    take(desk.context.record, edited("I posted a password", 1))
    assert CHANGED in str(desk.submit({"at": "9:15"}, user=BEN).errors)
    (line,) = desk.context.record.lines(desk.incident.id)[-1:]
    assert line.text == "I posted a password"


def test_an_update_leaves_a_status_that_its_form_does_not_change(desk: Desk) -> None:
    desk.command("update")
    desk.command("resolve it is over", user=BEN)
    assert desk.submit({"text": "routes come back"}).errors == {}
    assert desk.incident.status == "resolved"
    (update,) = desk.of_kind(EntryKind.UPDATE)
    assert update.data["status"] == "resolved"
    assert desk.of_kind(EntryKind.STATUS) == []


def test_an_update_changes_the_status_that_its_form_changes(desk: Desk) -> None:
    desk.command("update")
    desk.command("status fixing", user=BEN)
    assert desk.submit({"text": "it is over", "status": "resolved"}).errors == {}
    assert desk.incident.status == "resolved"
