"""Events: what happens in channels, as it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from bot.domain.slack_message import message_from
from bot.services.record import Record
from bot.slack.inbox import Inbox

log = structlog.get_logger()


class Events:
    """Events that Slack delivers, by their ids."""

    def __init__(self, inbox: Inbox, record: Record) -> None:
        self._inbox = inbox
        self._record = record

    def keep(self, body: Mapping[str, Any]) -> None:
        """See :meth:`Inbox.keep`."""
        self._inbox.keep(str(body["event_id"]), body)

    def deal_with(self, body: Mapping[str, Any]) -> None:
        """See :meth:`Inbox.deal`."""
        self._inbox.deal(str(body["event_id"]), lambda: self.record(body))

    def record(self, body: Mapping[str, Any]) -> None:
        """Record what happened."""
        team_id, event = str(body.get("team_id") or ""), body.get("event") or {}
        match event.get("type"):
            case "message":
                self._message(team_id, event)
            case "reaction_added" | "reaction_removed" if event["item"]["type"] == "message":
                item = event["item"]
                verb = self._record.tag if event["type"] == "reaction_added" else self._record.untag
                verb(team_id, item["channel"], item["ts"], event["user"], event["reaction"])
            case other:
                log.debug("events.ignored", type=other)

    def _message(self, team_id: str, event: Mapping[str, Any]) -> None:
        channel = str(event["channel"])
        match event.get("subtype"):
            case "message_changed":
                self._was_said(event, team_id, channel)
                said = message_from(event["message"], team_id=team_id, channel_id=channel)
                self._record.record_message(said)
            case "message_deleted":
                self._was_said(event, team_id, channel)
                gone = event.get("deleted_ts") or event["previous_message"]["ts"]
                self._record.deleted(team_id, channel, str(gone))
            case "message_replied":
                return  # says only that a thread has a reply, which comes as a message of its own
            case _:
                self._record.record_message(
                    message_from(event, team_id=team_id, channel_id=channel)
                )

    def _was_said(self, event: Mapping[str, Any], team_id: str, channel: str) -> None:
        """Events overtake each other: a change tells what it changed, in case that is not here yet."""
        if before := event.get("previous_message"):
            self._record.record_message(message_from(before, team_id=team_id, channel_id=channel))
