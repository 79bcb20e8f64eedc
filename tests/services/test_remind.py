"""Reminders: never lost or repeated, labelled when late, and ended on resolve."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.reminders import Reminder
from bot.store import incidents as rows
from sandbox.slack import (
    Direction,
    Fault,
    FaultHook,
    Passage,
    SlackSandbox,
    answers,
    drop_after,
    drop_before,
)
from tests.support.bot import Child, Moment, Scene, kill_at, wait_and_kill
from tests.support.waiting import wait_until


def pending(scene: Scene, channel: str) -> Reminder | None:
    """The incident's next reminder."""
    with scene.store.read() as tx:
        return rows.reminder_of(tx, scene.incident(channel).id)


def due_in(scene: Scene, channel: str) -> int:
    """Minutes until the next one."""
    found = pending(scene, channel)
    assert found is not None
    return round((found.due_at - scene.clock()) / timedelta(minutes=1))


def reminders(scene: Scene, channel: str) -> list[dict[str, Any]]:
    """The posted reminders."""
    return scene.posts(channel, "remind")


def until_reminded(scene: Scene, channel: str, times: int) -> None:
    """Wait until this many are posted and recorded. Only then is another requested."""

    def known() -> bool:
        asked = [e for key, e in scene.resources(channel).items() if key.startswith("remind/")]
        return len(asked) == times and all(row.ref for row in asked)

    wait_until(known, f"reminder {times}", timeout=20)
    assert len(reminders(scene, channel)) == times


def is_reminder(body: Any) -> bool:
    """Whether a call posts a reminder."""
    return "/remind/" in json.dumps(body.get("metadata") or "")


def at_reminder(fault: Fault, *, times: int) -> FaultHook:
    """Apply the fault to ``times`` posts."""
    left = times

    def hook(passage: Passage) -> Fault | None:
        nonlocal left
        if passage.direction is not Direction.CALL or not is_reminder(passage.body):
            return None
        left -= 1
        return fault if left >= 0 else None

    return hook


def test_a_reminder_comes_when_it_is_due_and_then_the_next(scene: Scene) -> None:
    channel = scene.declare().id
    assert due_in(scene, channel) == 30
    assert reminders(scene, channel) == []
    for number in (1, 2):
        scene.later(minutes=30, seconds=1)
        until_reminded(scene, channel, number)
    assert "late" not in json.dumps(reminders(scene, channel))
    assert due_in(scene, channel) == 30


def test_resolving_ends_them(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    scene.ana.command(channel, "/incident resolve")
    assert pending(scene, channel) is None
    scene.later(hours=2)
    bot.ticks.run_soon("remind")
    scene.ana.command(channel, "/incident action Watch the routes.")
    slack.wait_for(lambda: "Watch the routes" in scene.own(channel)[-1]["text"])
    assert reminders(scene, channel) == []


def test_reopening_starts_them_under_a_new_number(scene: Scene) -> None:
    channel = scene.declare().id
    scene.later(minutes=31)
    until_reminded(scene, channel, 1)
    scene.ana.command(channel, "/incident resolve")
    scene.ana.command(channel, "/incident reopen")
    assert due_in(scene, channel) == 30
    scene.later(minutes=31)
    until_reminded(scene, channel, 2)


def test_snooze_puts_it_off(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    scene.ana.command(channel, "/incident snooze 45")
    assert due_in(scene, channel) == 45
    scene.later(minutes=46)
    slack.wait_for(lambda: len(reminders(scene, channel)) == 1)
    scene.ana.press(channel, reminders(scene, channel)[0]["ts"], "incident.snooze")
    wait_until(lambda: due_in(scene, channel) == 60, "snoozed by the button")


def test_what_fell_due_while_away_is_one_late_reminder(mayday: Child, aftermath: Scene) -> None:
    scene = aftermath
    mayday.start()
    channel = scene.declare().id
    mayday.kill()
    scene.later(hours=3, minutes=10)
    mayday.start()
    until_reminded(scene, channel, 1)
    assert 0 < due_in(scene, channel) <= 30
    scene.later(minutes=due_in(scene, channel) + 1)
    until_reminded(scene, channel, 2)
    said = [m["text"] for m in reminders(scene, channel)]
    assert "160 min late" in said[0]
    assert "late" not in said[1]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_while_it_is_posted_neither_loses_nor_doubles_it(
    mayday: Child, aftermath: Scene, after: bool
) -> None:
    scene, slack = aftermath, aftermath.slack
    mayday.start()
    channel = scene.declare().id
    moment = Moment(method="chat.postMessage", matches=is_reminder, after=after)
    slack.faults = [kill_at(mayday, moment)]
    scene.later(minutes=31)
    wait_and_kill(mayday, slack, moment)
    slack.faults = []
    mayday.start()
    wait_until(
        lambda: scene.resources(channel)["remind/1"].ref, "the reminder is known to be posted"
    )
    assert len(reminders(scene, channel)) == 1


@pytest.mark.parametrize(
    "fault", [drop_after(), drop_before(), answers("internal_error", status=503)]
)
def test_a_lost_answer_does_not_make_two(scene: Scene, slack: SlackSandbox, fault: Fault) -> None:
    channel = scene.declare().id
    slack.faults = [at_reminder(fault, times=2)]
    scene.later(minutes=31)

    def is_posted() -> bool:
        row = scene.resources(channel).get("remind/1")
        if row and row.retry_at and row.retry_at > scene.clock():
            scene.clock.move_to(row.retry_at)
        return bool(row and row.ref)

    wait_until(is_posted, "posted", timeout=30)
    assert len(reminders(scene, channel)) == 1


def test_one_that_is_sent_late_says_so(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    slack.faults = [at_reminder(drop_before(), times=1)]
    scene.later(minutes=31)
    wait_until(
        lambda: (
            "remind/1" in scene.resources(channel) and scene.resources(channel)["remind/1"].error
        ),
        "a try that failed",
    )
    scene.later(minutes=6)
    slack.wait_for(lambda: bool(reminders(scene, channel)), what="the reminder")
    assert "7 min late" in reminders(scene, channel)[0]["text"]
