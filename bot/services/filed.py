"""Shows with a reaction of mayday's own that a message is filed, and takes it back when it no longer is.

The row says only that a message was filed at some time. Whether it still is, its tags say at the moment at
which Slack is called, so reactions at the same moment end the same in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import structlog

from bot.domain.resources import ResourceKind
from bot.errors import UserError
from bot.ports import JSON, Chat
from bot.services.incident_snapshot import Snapshot
from bot.services.reconciler import Resource

SIGN = "white_check_mark"

HARMLESS = frozenset(
    {
        "missing_scope",
        "message_not_found",
        "not_reactable",
        "thread_locked",
        "too_many_emoji",
        "too_many_reactions",
    }
)
"""Slack's codes where a message can't have the reaction, about which nobody needs to know."""

log = structlog.get_logger()


def confirmations(snap: Snapshot, chat: Chat) -> Iterator[Resource]:
    """The reaction of each message that was filed at some time."""
    for row in snap.resources.values():
        if row.kind is ResourceKind.FILED:
            is_filed = row.subject in snap.filed
            show = partial(_show, chat, snap.channel, row.subject, is_filed)
            yield Resource(
                incident_id=snap.incident.id,
                kind=row.kind,
                subject=row.subject,
                spec={"is_filed": is_filed},
                create=show,
                update=show,
            )


def _show(chat: Chat, channel: str, ts: str, is_filed: bool, _ref: JSON | None = None) -> JSON:
    try:
        if is_filed:
            chat.react(channel, ts, SIGN)
        else:
            chat.unreact(channel, ts, SIGN)
    except UserError as exc:
        if exc.code not in HARMLESS:
            raise
        log.info("filed.not_shown", channel=channel, ts=ts, code=exc.code)
    return {"set": True}
