"""Ends incidents without a report: false alarms, cancelled ones, and duplicates of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.command import COMMAND
from bot.domain.incident import CLOSED, Ending, Incident, Transition
from bot.domain.timeline import EntryKind
from bot.errors import UserError

ALREADY_OVER = f"This incident is closed already. To end it otherwise, use {COMMAND} reopen first."
WITH_ITSELF = "An incident can't be merged with itself: name the channel of the other one."
PRIVATE_MERGE = (
    "A private incident can't be merged, because each channel would show the other one. "
    f"End it with {COMMAND} cancel and invite its people to the other channel."
)
DRILL_MERGE = "A drill and an incident can't be merged."
IS_DUPLICATE = (
    "<#{channel}> is itself a duplicate of another incident. Merge with that one instead."
)
OTHER_ENDED = (
    f"<#{{channel}}> was ended without a report. Use {COMMAND} reopen in that channel first."
)
WAITS_FOR_CHANNEL = "mayday is still opening the channel of that incident. Try again in a minute."


def end(
    incident: Incident,
    ending: Ending,
    *,
    at: datetime,
    text: str = "",
    into: Incident | None = None,
) -> Transition:
    """End an incident without a report; ``into`` is the incident that a duplicate is a duplicate of.

    Raises:
        UserError: it is closed already.
    """
    if incident.status == CLOSED:
        raise UserError(ALREADY_OVER)
    after = replace(
        incident,
        status=CLOSED,
        ending=ending,
        closed_at=at,
        resolved_at=incident.resolved_at or at,
        duplicate_of=into.id if into else None,
    )
    data = {"from": incident.status, "ending": ending.value, "text": text}
    if into:
        data |= {"other": into.id, "channel": into.channel_id or ""}
    return Transition(incident=after, kind=EntryKind.CLOSED, data=data)


def merged(duplicate: Incident, into: Incident, *, is_undone: bool = False) -> Transition:
    """What the other incident's timeline says of a duplicate that was merged with it, or reopened since."""
    data: dict[str, Any] = {"other": duplicate.id, "channel": duplicate.channel_id or ""}
    data |= {"is_undone": True} if is_undone else {}
    return Transition(incident=into, kind=EntryKind.MERGED, data=data)


def check_merge(duplicate: Incident, into: Incident) -> None:
    """Return if one incident can be merged with the other.

    Raises:
        UserError: it can't, and why.
    """
    if duplicate.id == into.id:
        raise UserError(WITH_ITSELF)
    if duplicate.private or into.private:
        raise UserError(PRIVATE_MERGE)
    if duplicate.drill != into.drill:
        raise UserError(DRILL_MERGE)
    if into.channel_id is None or duplicate.channel_id is None:
        raise UserError(WAITS_FOR_CHANNEL)
    if into.ending is Ending.DUPLICATE:
        raise UserError(IS_DUPLICATE.format(channel=into.channel_id))
    if into.ending is not Ending.NONE:
        raise UserError(OTHER_ENDED.format(channel=into.channel_id))
