"""Rows about the events of channels: joined, left, renamed, archived, unarchived and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bot.errors import UserError
from bot.ports import Channel
from bot.slack.request import Kind
from tests.smoke import events
from tests.smoke.by_hand import Step
from tests.smoke.channels import PRIVATE, PUBLIC
from tests.smoke.listener import Arrival, Listener
from tests.smoke.result import Row, expect
from tests.smoke.world import Smoke

ADMINS = "Perhaps you may not do this, or Slack doesn't tell an app that isn't in the channel."
BY_HAND = (
    ("channel_rename", PUBLIC, "Rename #{channel}, for example to #{channel}-new.", False),
    ("channel_deleted", PUBLIC, "If you are an admin, delete #{channel}.", True),
    ("group_rename", PRIVATE, "Rename #{channel}, for example to #{channel}-new.", False),
    ("group_left", PRIVATE, "In #{channel}, type /remove @mayday, then /invite @mayday.", False),
    ("group_archive", PRIVATE, "Archive #{channel}.", False),
    ("group_unarchive", PRIVATE, "Unarchive #{channel}, then type /invite @mayday there.", True),
    ("group_deleted", PRIVATE, "If you are an admin, delete #{channel}.", True),
    (
        "channel_unarchive",
        "",
        "Unarchive the public channel mayday-smoke-{run}-… of your choice.",
        True,
    ),
)
"""The event, the row that made its channel, what a person does, and whether not everybody can."""


def archived(smoke: Smoke) -> str:
    channel = smoke.create(private=False)
    smoke.call("conversations.archive", channel=channel.id)
    return _seen(smoke, "channel_archive", channel)


def left(smoke: Smoke) -> str:
    channel = smoke.create(private=False)
    smoke.call("conversations.leave", channel=channel.id)
    try:
        return _seen(smoke, "channel_left", channel)
    finally:
        smoke.call("conversations.join", channel=channel.id)


def joined(smoke: Smoke) -> str:
    channel = smoke.create(private=False)
    smoke.call("conversations.leave", channel=channel.id)
    smoke.call("conversations.join", channel=channel.id)
    return _seen(smoke, "member_joined_channel", channel)


def _seen(smoke: Smoke, name: str, channel: Channel) -> str:
    listener: Listener = smoke.need(events.SOCKET)
    found, took = listener.wait(
        lambda: listener.first(lambda each: _is(each, name, channel.id)), smoke.lag
    )
    expect(found, f"no such event within {took:.0f} s", events.NOT_SUBSCRIBED)
    return check(smoke, found) + f", after {took:.1f} s"


def _is(arrival: Arrival, name: str, channel: str) -> bool:
    """Whether a delivery is this event about this channel, or about any one if ``channel`` is empty."""
    event: Mapping[str, Any] = arrival.body.get("event") or {}
    about = event.get("channel")
    about = about.get("id") if isinstance(about, Mapping) else about
    return arrival.kind is Kind.EVENT and event.get("type") == name and channel in ("", about)


def check(smoke: Smoke, arrival: Arrival) -> str:
    """Compare an event with what mayday reads of it."""
    body = arrival.body
    events.check_app(smoke, arrival)
    expect(
        body.get("event_id"), "there is no event_id", "mayday tells repetitions by it: report this."
    )
    team, channel = arrival.parsed.channel
    expect(team == smoke.me.team_id, f"team_id is {team!r}", "Report this.")
    return f"{body['event']['type']} in {channel}"


def _step(name: str, made: str, ask: str, optional: bool) -> Row:
    def matches(smoke: Smoke, arrival: Arrival) -> bool:
        channel = smoke.need(made).id if made else ""
        return _is(arrival, name, channel)

    def invited(smoke: Smoke) -> dict[str, str]:
        if not made:
            return {"run": smoke.run_id}
        channel: Channel = smoke.need(made)
        with suppress(UserError):  # the bot isn't in it any more
            smoke.chat.invite(channel.id, smoke.person())
        return {"channel": channel.name}

    return Step(
        what=f"event: {name}",
        ask=ask,
        names=invited,
        matches=matches,
        check=check,
        covers=(name,),
        unless=ADMINS if optional else "",
    ).row


ROWS = (
    Row(what="event: channel_left", run=left, covers=("channel_left",)),
    Row(what="event: member_joined_channel", run=joined, covers=("member_joined_channel",)),
    Row(what="event: channel_archive", run=archived, covers=("channel_archive",)),
)
WITH_A_PERSON = tuple(_step(*each) for each in BY_HAND)
