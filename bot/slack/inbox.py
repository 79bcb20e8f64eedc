"""Events: committed before they are acknowledged, dealt with after, and again if that failed.

A delivery that cannot be dealt with now (the database is busy, the process is killed) stays in the inbox
and is taken up by the clock; what has been dealt with is skipped when Slack delivers it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog

from bot.domain.slack_message import message_from
from bot.ports import Clock
from bot.services.record import Record
from bot.store import inbox as rows
from bot.store.engine import Store

GRACE = timedelta(seconds=15)
"""How long the listener that follows a delivery has, before the clock takes the delivery up."""

log = structlog.get_logger()


class Inbox:
    """What Slack delivered."""

    def __init__(self, store: Store, record: Record, now: Clock) -> None:
        self._store = store
        self._record = record
        self._now = now

    def keep(self, body: Mapping[str, Any]) -> None:
        """Commit a delivery; raises when it cannot, so that Slack is not told that we have it."""
        with self._store.write() as tx:
            rows.keep(tx, str(body["event_id"]), body, now=self._now())

    def deal_with(self, body: Mapping[str, Any]) -> None:
        """Do what the event asks for, and mark the delivery as done; a repeated one is skipped.

        Doing it again would undo what came since: a reaction that was taken back would return.
        """
        key = str(body["event_id"])
        with self._store.read() as tx:
            if rows.is_done(tx, key):
                return
        try:
            self._event(str(body.get("team_id") or ""), body.get("event") or {})
        except Exception as exc:
            log.exception("inbox.failed", event_id=key)
            with self._store.write() as tx:
                rows.failed(tx, key, f"{type(exc).__name__}: {exc}")
            return
        with self._store.write() as tx:
            rows.done(tx, key, now=self._now())

    def take_up(self) -> None:
        """Deal with what was left: deliveries from before a kill, and ones that failed."""
        with self._store.read() as tx:
            waiting = rows.waiting(tx, older_than=self._now() - GRACE)
        for _, payload in waiting:
            self.deal_with(payload)
        with self._store.write() as tx:
            rows.forget(tx, now=self._now())

    def _event(self, team_id: str, event: Mapping[str, Any]) -> None:
        match event.get("type"):
            case "message":
                self._message(team_id, event)
            case "reaction_added" | "reaction_removed" if event["item"]["type"] == "message":
                item = event["item"]
                verb = (
                    self._record.marked
                    if event["type"] == "reaction_added"
                    else self._record.unmarked
                )
                verb(team_id, item["channel"], item["ts"], event["user"], event["reaction"])
            case other:
                log.debug("inbox.ignored", type=other)

    def _message(self, team_id: str, event: Mapping[str, Any]) -> None:
        channel = str(event["channel"])
        match event.get("subtype"):
            case "message_changed":
                self._was_said(event, team_id, channel)
                said = message_from(event["message"], team_id=team_id, channel_id=channel)
                self._record.said(said)
            case "message_deleted":
                self._was_said(event, team_id, channel)
                gone = event.get("deleted_ts") or event["previous_message"]["ts"]
                self._record.deleted(team_id, channel, str(gone))
            case "message_replied":
                return  # says only that a thread has a reply, which comes as a message of its own
            case _:
                self._record.said(message_from(event, team_id=team_id, channel_id=channel))

    def _was_said(self, event: Mapping[str, Any], team_id: str, channel: str) -> None:
        """Events overtake each other: a change tells what it changed, in case that is not here yet."""
        if before := event.get("previous_message"):
            self._record.said(message_from(before, team_id=team_id, channel_id=channel))
