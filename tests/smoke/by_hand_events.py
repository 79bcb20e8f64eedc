"""Rows about the events of a person: messages, replies, reactions, edits and deletions."""

from __future__ import annotations

from functools import partial

from bot.domain.events import DeletedEvent, HomeEvent, MessageEvent, ReactionEvent
from tests.smoke import events
from tests.smoke.by_hand import Step
from tests.smoke.listener import Arrival
from tests.smoke.result import Row, expect
from tests.smoke.world import TEST_CHANNEL, Smoke


def _by_the_person(smoke: Smoke, arrival: Arrival) -> MessageEvent | None:
    event = arrival.parsed
    if not isinstance(event, MessageEvent) or not smoke.user:
        return None
    is_here = event.channel == (smoke.me.team_id, smoke.need(TEST_CHANNEL).id)
    is_theirs = event.message.author == smoke.user and not event.message.subtype
    return event if is_here and is_theirs else None


def said(smoke: Smoke, arrival: Arrival) -> bool:
    event = _by_the_person(smoke, arrival)
    return bool(event and not event.is_edit and not event.message.thread_ts and event.message.text)


def replied(smoke: Smoke, arrival: Arrival) -> bool:
    event = _by_the_person(smoke, arrival)
    return bool(event and not event.is_edit and event.message.thread_ts)


def edited(smoke: Smoke, arrival: Arrival) -> bool:
    event = _by_the_person(smoke, arrival)
    return bool(
        event and event.is_edit and event.before and event.message.text != event.before.text
    )


def deleted(smoke: Smoke, arrival: Arrival) -> bool:
    event = arrival.parsed
    where = (smoke.me.team_id, smoke.need(TEST_CHANNEL).id)
    return isinstance(event, DeletedEvent) and event.channel == where


def reacted(smoke: Smoke, arrival: Arrival, *, added: bool) -> bool:
    event = arrival.parsed
    where = (smoke.me.team_id, smoke.need(TEST_CHANNEL).id)
    return isinstance(event, ReactionEvent) and event.channel == where and event.added is added


def opened(smoke: Smoke, arrival: Arrival) -> bool:
    return isinstance(arrival.parsed, HomeEvent) and arrival.parsed.user == smoke.user


def check_opened(smoke: Smoke, arrival: Arrival) -> str:
    events.check_app(smoke, arrival)
    return f"opened by {arrival.parsed.user}"


def check_message(smoke: Smoke, arrival: Arrival) -> str:
    events.check_event(smoke, arrival)
    message = arrival.parsed.message
    told = f", edited.ts {message.edited_ts or 'missing'}" if arrival.parsed.is_edit else ""
    return f"ts {message.ts}, by {message.author}{told}"


def check_deleted(smoke: Smoke, arrival: Arrival) -> str:
    events.check_event(smoke, arrival)
    before = "with" if arrival.parsed.before else "without"
    return f"ts {arrival.parsed.ts}, {before} what it was"


def check_reaction(smoke: Smoke, arrival: Arrival) -> str:
    events.check_event(smoke, arrival)
    name = arrival.parsed.name
    expect(
        name in smoke.config.incident.reactions,
        f"the reaction is called {name!r}",
        "Use 📌. If you did, report its name: mayday would not file the message.",
    )
    return f":{name}: by {arrival.parsed.user}"


def _reaction(what: str, ask: str, name: str, *, added: bool) -> Row:
    matches = partial(reacted, added=added)
    return Step(what=what, ask=ask, matches=matches, check=check_reaction, covers=(name,)).row


SAYS = (
    Step(
        what="event: a person opens the Home",
        ask="Open the app's Home: click its name below Apps, then Home.",
        matches=opened,
        check=check_opened,
        covers=("app_home_opened",),
    ).row,
    Step(
        what="event: a person's message",
        ask="Write a message in #{channel}.",
        matches=said,
        check=check_message,
        covers=("message.channels",),
    ).row,
    _reaction(
        "event: a reaction",
        "React to your message with 📌 (:pushpin:).",
        "reaction_added",
        added=True,
    ),
    _reaction(
        "event: a reaction is removed", "Remove the 📌 again.", "reaction_removed", added=False
    ),
    Step(
        what="event: a person's reply",
        ask="Reply to your message in its thread.",
        matches=replied,
        check=check_message,
        covers=("message.channels",),
    ).row,
)

CHANGES = (
    Step(
        what="event: a person's edit",
        ask="Edit your message.",
        matches=edited,
        check=check_message,
        covers=("message.channels",),
    ).row,
    Step(
        what="event: a person deletes a message",
        ask="Delete your reply.",
        matches=deleted,
        check=check_deleted,
        covers=("message.channels",),
    ).row,
)
