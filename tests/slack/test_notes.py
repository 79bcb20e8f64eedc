"""Notes and their times: the answer says what was understood, and its buttons edit and undo the note."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timeline import EntryChange, EntryKind
from bot.domain.typed_time import written
from bot.render.answers import ACTION_EDIT, ACTION_UNDO
from bot.services.entries import CHANGED_SINCE, ENTRY_GONE, NOT_YOURS
from bot.store import entry_revisions
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene
from tests.support.desk import ANA, BEN, Answer, Desk

ZONE = ZoneInfo("America/Los_Angeles")


def value(answer: Answer, action: str) -> str:
    """The value of a button of an answer."""
    [found] = [
        element["value"]
        for block in answer.blocks
        for element in block.get("elements", ())
        if element.get("action_id") == action
    ]
    return str(found)


def times(desk: Desk) -> list[str]:
    """The times of the notes in the team's zone."""
    return [written(note.time, ZONE) for note in desk.of_kind(EntryKind.NOTE)]


def timeline(desk: Desk) -> str:
    return str(desk.command("timeline").blocks)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def test_the_answer_says_what_was_understood_and_what_was_typed(desk: Desk) -> None:
    desk.now.at = at("2017-02-24 09:00")
    answer = desk.command("note at yesterday ~16:34 - 19:49 EST many 503s")
    assert answer.text.startswith("📌 Noted at about 2017-02-23 13:34 – 16:49 PST (about <!date^")
    assert "for you), from “yesterday ~16:34 - 19:49 EST”." in answer.text
    [note] = desk.of_kind(EntryKind.NOTE)
    assert (note.typed, note.typed_zone, note.is_about) == (
        *("yesterday ~16:34 - 19:49 EST", "EST", True),
    )
    assert (note.at, note.until) == (at("2017-02-23 13:34"), at("2017-02-23 16:49"))
    assert note.data["text"] == "many 503s"
    assert "about <!date^" in timeline(desk)
    assert "^{time}|00:49 UTC>  many 503s" in timeline(desk)


def test_the_answer_says_that_the_zone_was_on_another_time(desk: Desk) -> None:
    desk.now.at = at("2016-07-06 09:00")
    answer = desk.command("note at Jul 5 14:05 PST it died")
    assert "Noted at 2016-07-05 15:05 PDT" in answer.text
    assert "The team's zone was on PDT then, not on PST." in answer.text
    assert "was on" not in desk.command("note at Jul 5 14:05 PDT it died").text


def test_notes_across_midnight(desk: Desk) -> None:
    desk.now.at = at("2017-02-24 00:20")
    for line in ("at 23:58 before", "at 23:50-00:10 across", "at 00:05 after", "at 00:20 now"):
        assert desk.command(f"note {line}").text.startswith("📌 Noted at ")
    assert times(desk) == [
        *("2017-02-23 23:58", "2017-02-23 23:50 - 2017-02-24 00:10"),
        *("2017-02-24 00:05", "2017-02-24 00:20"),
    ]
    assert "in the future" in desk.command("note at 23:50 - 00:25 not yet").text
    assert len(times(desk)) == 4


@pytest.mark.parametrize(
    ("line", "say"),
    [
        ("at 14:05 CST it died", "“CST” means several time zones"),
        ("at 01/21/2017 12:15 it died", "configure report.date_order"),
        ("at 22:30-07:00 it died", "can be a span or have an offset"),
        ("at Jan 21 12h15 it died", "can't be read as a time of day"),
    ],
)
def test_a_time_that_is_not_clear_is_refused_and_nothing_is_noted(
    desk: Desk, line: str, say: str
) -> None:
    answer = desk.command(f"note {line}")
    assert answer.text.startswith("⚠️")
    assert say in answer.text
    assert times(desk) == []


def test_undo_removes_the_note_by_a_revision(desk: Desk) -> None:
    undo = value(desk.command("note the proxy died"), ACTION_UNDO)
    [note] = desk.of_kind(EntryKind.NOTE)
    [answer] = desk.press(ACTION_UNDO, undo).posts
    assert answer["replace_original"] is True
    assert "removed from the timeline" in str(answer["blocks"])
    assert desk.of_kind(EntryKind.NOTE) == []
    with desk.store.read() as tx:
        [revision] = entry_revisions.of_entries(tx, [note.id])[note.id]
    assert (revision.change, revision.by) == (EntryChange.REMOVED, ANA)
    assert revision.before["text"] == "the proxy died"
    assert ENTRY_GONE.split(".")[0] in desk.press(ACTION_UNDO, undo).text


def test_undo_leaves_a_note_that_changed_since_or_is_somebody_elses(desk: Desk) -> None:
    answer = desk.command("note the proxy died")
    undo = value(answer, ACTION_UNDO)
    assert NOT_YOURS.split(".")[0] in desk.press(ACTION_UNDO, undo, user=BEN).text
    desk.press(ACTION_EDIT, value(answer, ACTION_EDIT), user=BEN)
    desk.submit({"at": "~10:05 - 10:20"}, user=BEN)
    [note] = desk.of_kind(EntryKind.NOTE)
    assert CHANGED_SINCE.split(",")[0] in desk.press(ACTION_UNDO, undo).text
    assert desk.of_kind(EntryKind.NOTE) == [note]


def test_edit_shows_what_was_understood_and_typed_and_changes_the_whole_time(desk: Desk) -> None:
    desk.now.at = at("2017-02-24 09:00")
    answer = desk.command("note at 2017-02-23 ~16:34 - 16:49 many 503s")
    desk.press(ACTION_EDIT, value(answer, ACTION_EDIT))
    [field] = [block for block in desk.slack.views[-1]["blocks"] if block["block_id"] == "at"]
    assert field["element"]["initial_value"] == "about 2017-02-23 16:34 - 16:49"
    assert "Typed as “2017-02-23 ~16:34 - 16:49”." in field["hint"]["text"]
    [before] = desk.of_kind(EntryKind.NOTE)
    assert desk.submit({"text": "very many 503s"}).errors == {}
    [note] = desk.of_kind(EntryKind.NOTE)
    assert (note.time, note.data["text"]) == (before.time, "very many 503s")
    wrong = desk.submit({"at": "10:05-10:20x"})
    assert "“x”" in wrong.errors["at"]
    desk.press(ACTION_EDIT, value(answer, ACTION_EDIT))
    assert desk.submit({"at": "2017-02-23 16:40:00"}).errors == {}
    [note] = desk.of_kind(EntryKind.NOTE)
    assert (note.until, note.is_about, note.typed) == (None, False, "2017-02-23 16:40:00")
    assert note.data["precision"] == "second"


def test_a_form_that_was_opened_before_the_end_changed_is_refused(desk: Desk) -> None:
    desk.now.at = at("2017-02-24 09:00")
    answer = desk.command("note at 2017-02-20 21:10 - 21:14 the proxy died")
    desk.press(ACTION_EDIT, value(answer, ACTION_EDIT), user=BEN)
    desk.submit({"at": "2017-02-20 21:10 - 21:34"}, user=BEN, view_id="VBEN")
    assert desk.submit({"text": "another text"}).errors != {}
    assert times(desk) == ["2017-02-20 21:10 - 21:34"]


def test_a_time_without_a_date_moves_an_entry_on_its_own_day(desk: Desk) -> None:
    desk.now.at = at("2017-02-24 09:00")
    for typed, moved in [
        ("21:14", "2017-02-20 21:14"),
        ("16:34-16:49", "2017-02-20 16:34 - 16:49"),
        ("yesterday 21:14", "2017-02-23 21:14"),
    ]:
        answer = desk.command("note at 2017-02-20 21:10 the proxy died")
        desk.press(ACTION_EDIT, value(answer, ACTION_EDIT))
        assert desk.submit({"at": typed}).errors == {}
        assert times(desk)[-1] == moved


@pytest.mark.parametrize(("hours", "days"), [(20, ""), (24, "1 day"), (75, "3 days")])
def test_a_time_far_from_all_other_entries_is_noted_with_a_warning(
    desk: Desk, hours: int, days: str
) -> None:
    desk.command("note now")
    local = (desk.now() - timedelta(hours=hours)).astimezone(ZONE)
    answer = desk.command(f"note at {local:%Y-%m-%d %H:%M:%S} before")
    warning = f"⚠️ That is {days} from the nearest other entry. Check the date."
    assert (warning in answer.text) == bool(days)
    assert ("⚠️" in answer.text) == bool(days)
    answer = desk.command(f"note at {local:%Y-%m-%d %H:%M:%S} beside it")
    assert "⚠️" not in answer.text
    assert len(times(desk)) == 3


def test_a_note_that_begins_with_a_time_says_how_to_use_it(desk: Desk) -> None:
    answer = desk.command("note ~14:05 the proxy died")
    assert "write `/incident note at ~14:05 …`" in answer.text.replace("\u2060", "")
    [note] = desk.of_kind(EntryKind.NOTE)
    assert (note.at, note.data["text"]) == (desk.now(), "~14:05 the proxy died")


def test_a_note_is_echoed_edited_and_undone_in_slack(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()

    def answered(words: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            posts = scene.ana.messages(channel.id)
            return [m for m in posts if m.get("ephemeral") and words in m["text"]]

        slack.wait_for(lambda: bool(found()), what=words)
        return found()[-1]

    scene.ana.command(channel.id, "/incident note at 2017-02-23 ~16:34 - 16:49 many 503s")
    echo = answered("Noted at about 2017-02-23 16:34 – 16:49")
    scene.ana.press(channel.id, echo["ts"], ACTION_EDIT)
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    assert set(scene.ana.submit(view["id"], {"at": "16:34 - 16:49 CST"})) == {"at"}
    assert scene.ana.submit(view["id"], {"at": "2017-02-23 16:16-16:49"}) == {}
    answered("The entry is now at 2017-02-23 16:16 – 16:49")
    assert written(scene.entries(channel.id)[-1].time, ZONE).endswith("16:16 - 16:49")

    scene.ana.command(channel.id, "/incident note at 2017-02-23 16:54:15 - 17:15:31 a mistake")
    echo = answered("16:54:15 – 17:15:31")
    scene.ana.press(channel.id, echo["ts"], ACTION_UNDO)
    slack.wait_for(
        lambda: "a mistake" not in str([e.data for e in scene.entries(channel.id)]), what="removed"
    )
    answered("The note is removed")
