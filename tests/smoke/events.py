"""Rows about the socket, and the events that the bot's own calls cause."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.bootstrap.outside import secret
from bot.domain.events import DeletedEvent, Event, MessageEvent
from bot.ports import Channel, Post
from bot.slack.installation import is_foreign
from bot.slack.request import Kind
from tests.smoke.channels import PRIVATE, PUBLIC
from tests.smoke.listener import Arrival, Listener
from tests.smoke.result import NotTried, Row, differs, expect
from tests.smoke.world import Smoke

SOCKET = "the socket opens"
NO_APP_TOKEN = (
    "Set SLACK_APP_TOKEN to an app-level token, xapp-…, with the scope connections:write."
)
OTHER_PROCESS = (
    "Another process uses this app token and would lose deliveries to this test: stop it, or use "
    "another app."
)
NOT_SUBSCRIBED = (
    "Compare the app's event subscriptions with bot/slack/manifest.yaml, reinstall the app, and stop "
    "any other process that uses its app token."
)
UNREADABLE = "mayday can't read it ({error}): report this with the row's JSON line."


def socket(smoke: Smoke) -> str:
    token = secret(smoke.config.slack.app_token)
    if not token:
        raise NotTried(NO_APP_TOKEN)
    listener = Listener(smoke, token)
    try:
        listener.start()
    except BaseException:
        listener.stop()
        raise
    found, _ = smoke.eventually(lambda: listener.socket.count)
    count = found.others + 1 if found else 0
    if count > 1:
        # A mayday in use would lose what is delivered here.
        listener.stop()
        differs(f"the app has {count} connections", OTHER_PROCESS)
    smoke.listener = smoke.made[SOCKET] = listener
    expect(count, "Slack's hello has no num_connections", "mayday counts processes by it: report.")
    return "1 connection"


def posted(smoke: Smoke, *, name: str) -> str:
    channel: Channel = smoke.need(name)
    listener: Listener = smoke.need(SOCKET)
    ts = smoke.post(channel.id, "mayday's smoke test: an event")
    return _seen(smoke, listener, lambda e: isinstance(e, MessageEvent) and e.message.ts == ts)


def changed(smoke: Smoke) -> str:
    channel, listener = smoke.need(PUBLIC), smoke.need(SOCKET)
    ts = smoke.post(channel.id, "mayday's smoke test: before")
    smoke.chat.change(channel.id, ts, Post(text="mayday's smoke test: after"))

    def matches(event: Event) -> bool:
        return isinstance(event, MessageEvent) and event.is_edit and event.message.ts == ts

    return _seen(smoke, listener, matches)


def deleted(smoke: Smoke) -> str:
    channel, listener = smoke.need(PUBLIC), smoke.need(SOCKET)
    ts = smoke.post(channel.id, "mayday's smoke test: to be deleted")
    smoke.call("chat.delete", channel=channel.id, ts=ts)
    smoke.messages.remove((channel.id, ts))
    return _seen(smoke, listener, lambda e: isinstance(e, DeletedEvent) and e.ts == ts)


def _seen(smoke: Smoke, listener: Listener, matches: Callable[[Event], bool]) -> str:
    """How long the event took, once its fields are checked."""

    def found() -> Arrival | None:
        return listener.first(lambda a: a.kind is Kind.EVENT and not a.error and matches(a.parsed))

    arrival, took = listener.wait(found, smoke.lag)
    unread = listener.first(lambda a: a.kind is Kind.EVENT and bool(a.error))
    if arrival is None and unread is not None:
        differs(f"unreadable: {unread.error}", UNREADABLE.format(error=unread.error))
    expect(arrival, f"no such event within {took:.0f} s", NOT_SUBSCRIBED)
    check_event(smoke, arrival)
    return f"after {took:.1f} s"


def check_event(smoke: Smoke, arrival: Arrival) -> None:
    """Compare the fields around an event with what mayday reads.

    Raises:
        Differs: one is missing or another's.
    """
    body = arrival.body
    check_app(smoke, arrival)
    expect(
        body.get("event_id"), "there is no event_id", "mayday tells repetitions by it: report this."
    )
    expect(
        body.get("team_id") == smoke.me.team_id,
        f"team_id is {body.get('team_id')!r}, the bot's is {smoke.me.team_id!r}",
        "mayday finds the incident by its team: report this, with whether the channel is shared.",
    )
    expect(
        arrival.parsed.event_ts, "there is no event_ts", "mayday orders edits by it: report this."
    )


def check_app(smoke: Smoke, arrival: Arrival) -> None:
    """Compare the app and the workspaces of any delivery with the bot's.

    Raises:
        Differs: mayday would refuse the delivery.
    """
    told = {name: arrival.body.get(name) for name in ("api_app_id", "team_id", "team")}
    expect(
        not is_foreign(arrival.body, smoke.me),
        f"it is for {told}, the bot's are {smoke.me.app_id!r} and {smoke.me.team_id!r}",
        "mayday refuses what is sent for another app or workspace: report this.",
    )


ROWS = (
    Row(what=SOCKET, run=socket),
    Row(
        what="event: a message in a channel",
        run=partial(posted, name=PUBLIC),
        covers=("message.channels",),
    ),
    Row(
        what="event: a message in a private channel",
        run=partial(posted, name=PRIVATE),
        covers=("message.groups",),
    ),
    Row(what="event: a changed message", run=changed, covers=("message.channels",)),
    Row(what="event: a deleted message", run=deleted, covers=("message.channels",)),
)
