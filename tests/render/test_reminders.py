"""What reminders say, before and after somebody answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.reminders import ReminderKind
from bot.ports import Post
from bot.render.reminders import ACTION_DONE, SNOOZE, post
from tests.support.rows import NOW


def shown(kind: ReminderKind, *, late: int = 0, **values: Any) -> Post:
    spec = {"kind": kind.value, "due_at": NOW.isoformat(), "since": NOW.isoformat(), **values}
    now = NOW + timedelta(minutes=late)
    return post(spec, subject=f"{kind}/1", addressee="UANA", lead="<driver>", hubs=True, now=now)


@pytest.mark.parametrize("kind", ReminderKind)
def test_each_is_addressed_and_has_buttons_to_act_to_snooze_and_to_answer(
    kind: ReminderKind,
) -> None:
    made = shown(kind)
    buttons = made.blocks[-1]["elements"]
    assert "<@UANA>, " in made.text
    assert "<driver>" not in json.dumps(made.blocks[:1])
    assert [button["value"] for button in buttons[-2:]] == [
        f"{kind}/1/{SNOOZE[kind][0]}",
        f"{kind}/1",
    ]
    assert len(buttons) >= 3
    assert all(len(button["text"]["text"]) <= 75 for button in buttons)


@pytest.mark.parametrize("kind", ReminderKind)
def test_a_late_one_says_so_until_somebody_has_answered(kind: ReminderKind) -> None:
    assert "late" not in shown(kind).text
    assert "7 min late" in shown(kind, late=7).text
    done = shown(kind, late=7, state="done", by="UBEN")
    assert "late" not in done.text
    assert "<@UBEN>" in done.text
    assert ACTION_DONE not in json.dumps(done.blocks)
    until = (NOW + timedelta(hours=2)).isoformat()
    snoozed = shown(kind, late=7, state="snoozed", by="UBEN", until=until)
    assert "💤 <@UBEN> snoozed it until" in snoozed.text
    assert ACTION_DONE in json.dumps(snoozed.blocks)


def test_the_request_of_the_version_before_is_one_for_an_update() -> None:
    made = post(
        {"due_at": NOW.isoformat()}, subject="update/1", addressee="", lead="x", hubs=False, now=NOW
    )
    assert made.text == "⏰ Time for a status update."


def test_a_rollback_is_planned_by_its_button_where_a_runbook_is_known() -> None:
    plain = shown(ReminderKind.ROLLBACK)
    offered = shown(ReminderKind.ROLLBACK, runbook="roll-back", hub="datahub")
    assert "reminder.roll_back" not in json.dumps(plain.blocks)
    assert offered.blocks[-1]["elements"][0]["value"] == "datahub"
