"""Reminders of action items: to owners when due, to others after some, once each; and the weekly digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.actions import ActionItem, item_id
from bot.domain.item_policy import ItemPolicy, digest_moment, due_day
from bot.domain.resources import ResourceState
from bot.services.item_nags import ItemNags
from bot.store import incidents as incident_rows
from bot.store import items as rows
from bot.store.report_tables import item_digest
from sandbox.slack import Channel
from tests.support.bot import ANNOUNCE, Scene

POLICY = ItemPolicy(escalate_after=1, escalate_to=ANNOUNCE, digest_channel=ANNOUNCE)


@pytest.fixture
def nags(bot: Bot) -> Iterator[ItemNags]:
    """The reminders of this mayday, with a policy that tells everybody."""
    found = bot.services.item_nags
    usual = found._settings
    found._settings = replace(usual, items=POLICY)
    yield found
    found._settings = usual


def today(scene: Scene, bot: Bot) -> date:
    return due_day(scene.clock(), bot.settings.zone)


def item(
    scene: Scene,
    channel: Channel,
    due_on: date | None,
    owner: str = "",
    title: str = "Add an alert",
) -> str:
    """Store an action item."""
    incident = scene.incident(channel.id)
    made = item_id(incident.id, title)
    with scene.store.write() as tx:
        incident_rows.add_item(
            tx,
            ActionItem(
                id=made,
                incident_id=incident.id,
                position=0,
                group="Technical improvements",
                title=title,
                owner=owner,
                due_on=due_on,
                source=title,
                created_at=scene.clock(),
            ),
        )
    return made


def shown(scene: Scene, channel: str) -> list[dict[str, Any]]:
    """The reminders in a channel."""
    return scene.posts(channel, "item_nag")


def dm(scene: Scene, bot: Bot) -> str:
    return bot.chat.open_dm(scene.ana.id)


def reminded(scene: Scene, channel: str, number: int) -> dict[str, Any]:
    """Wait for that many reminders, and until they are recorded; the last one."""
    scene.until(lambda: len(shown(scene, channel)) >= number, "the reminder")
    (incident,) = scene.incidents()

    def recorded() -> bool:
        rows = scene.resources(incident.channel_id or "").values()
        return all(row.state is ResourceState.DONE for row in rows)

    scene.until(recorded, "the rows")
    assert len(shown(scene, channel)) == number
    return shown(scene, channel)[-1]


def test_the_owner_is_reminded_when_it_is_due_and_can_finish_it_there(
    scene: Scene, bot: Bot, nags: ItemNags
) -> None:
    channel = scene.declare()
    day = today(scene, bot)
    item(scene, channel, day + timedelta(days=1), scene.ana.id, "Not due yet")
    made = item(scene, channel, day, scene.ana.id)
    assert nags._remind() == 1
    assert nags._remind() == 0
    message = reminded(scene, dm(scene, bot), 1)
    assert "Add an alert" in message["text"] and "due on" in message["text"]
    scene.ana.press(dm(scene, bot), message["ts"], "item.done")
    scene.until(lambda: "is done" in shown(scene, dm(scene, bot))[-1]["text"], "the end")
    with scene.store.read() as tx:
        found = rows.get(tx, made)
    assert found is not None and (found.state, found.state_by) == ("done", scene.ana.id)
    scene.later(days=30)
    nags._remind()
    with scene.store.read() as tx:
        found = rows.get(tx, made)
    assert found is not None and found.nags == 1


def test_later_reminders_tell_others_too(scene: Scene, bot: Bot, nags: ItemNags) -> None:
    channel = scene.declare()
    item(scene, channel, today(scene, bot), scene.ana.id)
    nags._remind()
    reminded(scene, dm(scene, bot), 1)
    assert not shown(scene, ANNOUNCE)
    scene.later(days=20)  # what was missed is one reminder
    assert nags._remind() == 1
    message = reminded(scene, dm(scene, bot), 2)
    assert "reminder 2" in message["text"]
    told = reminded(scene, ANNOUNCE, 1)
    assert f"<@{scene.ana.id}> owns it" in told["text"]


def test_an_item_without_an_owner_is_brought_up_with_who_declared(
    scene: Scene, bot: Bot, nags: ItemNags
) -> None:
    channel = scene.declare()
    item(scene, channel, today(scene, bot))
    nags._remind()
    assert "It has no owner" in reminded(scene, dm(scene, bot), 1)["text"]


def test_a_private_incidents_items_stay_in_its_channel(
    scene: Scene, bot: Bot, nags: ItemNags
) -> None:
    channel = scene.declare("A secret", private=["private"])
    item(scene, channel, today(scene, bot), scene.ana.id)
    nags.tick()
    reminded(scene, channel.id, 1)
    scene.later(days=8)
    nags.tick()
    reminded(scene, channel.id, 3)  # the reminder, and that of the escalation
    everywhere = [json.dumps(m) for c in (dm(scene, bot), ANNOUNCE) for m in scene.own(c)]
    assert not any("Add an alert" in text or "A secret" in text for text in everywhere)


def test_what_became_private_is_not_sent_and_what_was_sent_is_withdrawn(
    scene: Scene, bot: Bot, nags: ItemNags
) -> None:
    channel = scene.declare()
    item(scene, channel, today(scene, bot), scene.ana.id)
    nags._remind()
    reminded(scene, dm(scene, bot), 1)
    scene.ana.change_channel(channel.id, "make_private")
    scene.until(lambda: scene.incident(channel.id).private, "that it is private")
    scene.until(
        lambda: "withdrew" in shown(scene, dm(scene, bot))[0]["text"], "that it is withdrawn"
    )
    scene.later(days=8)
    nags._remind()
    reminded(scene, channel.id, 2)
    assert len(shown(scene, dm(scene, bot))) == 1


def test_a_reminder_that_cannot_be_sent_holds_up_none_to_somebody_else(
    scene: Scene, bot: Bot, nags: ItemNags
) -> None:
    channel = scene.declare()
    made = item(scene, channel, today(scene, bot), "U0NOBODY")
    assert nags._remind() == 1
    scene.until(
        lambda: any(r.error for r in scene.resources(channel.id).values()), "that Slack refuses"
    )
    scene.later(days=8)
    assert nags._remind() == 0
    with scene.store.write() as tx:
        incident_rows.change_item(tx, made, owner=scene.ana.id)
    scene.later(days=1)
    assert nags._remind() == 1
    scene.until(lambda: len(shown(scene, dm(scene, bot))) == 1, "the reminder")


def digests(scene: Scene) -> list[dict[str, Any]]:
    return [m for m in scene.own(ANNOUNCE) if "items/digest" in json.dumps(m["metadata"])]


def test_a_week_has_one_digest_whoever_is_killed(
    scene: Scene, bot: Bot, nags: ItemNags, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_args: Any, **_values: Any) -> None:
        raise KilledError

    channel = scene.declare()
    item(scene, channel, None, title="Write it down")
    item(scene, channel, today(scene, bot), scene.ana.id)
    nags._digest()
    assert not digests(scene)  # there was nothing when this week's was due
    scene.later(days=7)
    with monkeypatch.context() as patched:
        patched.setattr("bot.store.items.end_digest", killed)
        with pytest.raises(KilledError):
            nags._digest()
    nags._digest()  # the claim still holds
    with scene.store.write() as tx:
        tx.execute(item_digest.update().values(claimed_until=scene.clock() - timedelta(days=999)))
    nags._digest()
    nags._digest()
    (message,) = digests(scene)
    assert "2 open, 1 overdue, 1 without an owner" in message["text"]
    text = json.dumps(message["blocks"], ensure_ascii=False)
    assert text.index("Add an alert") < text.index("Write it down")
    with scene.store.read() as tx:
        week = digest_moment(scene.clock(), bot.settings.zone, 0).date()
        assert rows.has_digest(tx, week)


def test_nobody_is_told_where_nothing_is_due(scene: Scene, nags: ItemNags) -> None:
    scene.declare()
    before = len(scene.slack.calls)
    scene.later(days=30)
    assert nags.tick() == 0
    assert not digests(scene)
    calls = [c.method for c in scene.slack.calls[before:]]
    assert "chat.postMessage" not in calls or not any("nag" in str(c) for c in calls)


@pytest.mark.parametrize(
    ("local", "day", "week"),
    [
        ("2026-11-30T08:59", date(2026, 11, 29), "2026-11-23T09:00"),
        ("2026-11-30T09:00", date(2026, 11, 30), "2026-11-30T09:00"),
        ("2026-12-06T23:00", date(2026, 12, 6), "2026-11-30T09:00"),
        (
            "2026-11-02T12:00",
            date(2026, 11, 2),
            "2026-11-02T09:00",
        ),  # the day after a change of clocks
    ],
)
def test_a_day_begins_in_the_morning_of_the_teams_zone(
    bot: Bot, local: str, day: date, week: str
) -> None:
    zone = bot.settings.zone
    now = datetime.fromisoformat(local).replace(tzinfo=zone)
    assert due_day(now, zone) == day
    assert digest_moment(now, zone, 0) == datetime.fromisoformat(week).replace(tzinfo=zone)
