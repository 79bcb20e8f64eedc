"""Removes what a run created, also what Slack created without an answer that arrived."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from bot.errors import MaydayError, RetryLater, UserError
from tests.smoke.world import Smoke

T = TypeVar("T")
ATTEMPTS = 5
PAUSE = 2.0
DONE = frozenset({"already_archived", "gone", "message_not_found"})
KEPT = "archived channels keep their names until a person deletes them"


def tidy(smoke: Smoke) -> str:
    """Delete the messages and archive the channels; returns what remains.

    What can't be removed is listed: this is the end, and nothing depends on it.
    """
    channels = {channel.name: channel.id for channel in smoke.channels}
    remains: list[str] = []
    for name in smoke.names:
        if name not in channels:
            _look_for(smoke, name, channels, remains)
    for channel, ts in _messages(smoke, set(channels.values())):
        if why := _removed(smoke, "chat.delete", channel=channel, ts=ts):
            remains.append(f"message {ts} in {channel} ({why})")
    archived = 0
    private = {channel.id for channel in smoke.channels if channel.is_private}
    for name, channel in channels.items():
        why = _archived(smoke, channel)
        if why == "channel_not_found" and channel not in private:
            continue  # a person has deleted it
        archived += not why
        if why:
            remains.append(f"channel #{name} ({why})")
    told = f"{archived} channels mayday-smoke-{smoke.run_id}-… are archived; {KEPT}"
    return f"{told}. Not removed: {'; '.join(remains)}" if remains else told


def _look_for(smoke: Smoke, name: str, channels: dict[str, str], remains: list[str]) -> None:
    """Find a channel whose creation had no answer."""
    try:
        found = _patiently(smoke, lambda: smoke.chat.find_channel(name))
    except MaydayError as exc:
        remains.append(f"perhaps channel #{name} ({exc})")
        return
    if found is not None and found.creator == smoke.me.user_id:
        channels[name] = found.id


def _messages(smoke: Smoke, own: set[str]) -> set[tuple[str, str]]:
    """The messages in channels that stay, with those whose answer was lost."""
    found = {(channel, ts) for channel, ts in smoke.messages if channel not in own}
    for channel, effect in smoke.effects:
        if channel in own:
            continue
        try:
            ts = _patiently(smoke, partial(smoke.chat.find_post, channel, effect, since=None))
        except MaydayError:
            continue  # the bot can't read there
        if ts:
            found.add((channel, ts))
    return found


def _archived(smoke: Smoke, channel: str) -> str:
    """Why a channel could not be archived, empty where it is. A bot that has left it joins first."""
    why = _removed(smoke, "conversations.archive", channel=channel)
    if why == "not_in_channel" and not _removed(smoke, "conversations.join", channel=channel):
        why = _removed(smoke, "conversations.archive", channel=channel)
    return why


def _removed(smoke: Smoke, method: str, **fields: str) -> str:
    """Why a call was refused, empty where what it should do is done."""
    unsure = False
    for attempt in range(ATTEMPTS):
        if attempt:
            smoke.wait(PAUSE)
        try:
            smoke.call(method, **fields)
        except RetryLater as exc:
            why, unsure = str(exc), unsure or exc.maybe_done
        except UserError as exc:
            # A private channel that is archived is hidden from the bot.
            is_done = exc.code in DONE or (unsure and exc.code == "channel_not_found")
            return "" if is_done else exc.code or str(exc)
        else:
            return ""
    return why


def _patiently(smoke: Smoke, look: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS - 1):
        try:
            return look()
        except RetryLater:
            smoke.wait(PAUSE)
    return look()
