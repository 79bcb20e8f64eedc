"""Messages as resources: each is posted once, found by its key, and updated when its spec changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind, resource_key
from bot.domain.slack_message import permalink
from bot.domain.timeline import Message, ts_moment
from bot.ports import JSON, Chat, Identity, Post
from bot.services.reconciler import Resource
from bot.store import timeline as timeline_rows
from bot.store.engine import Tx


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a message goes. ``channel`` may ask Slack, so it is called only to send or to find.

    ``check`` is called immediately before the message is sent or changed, and raises where it must not be.
    """

    channel: Callable[[], str]
    thread_ts: str = ""
    check: Callable[[], None] = lambda: None


class Posts:
    """Makes resources of messages."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def resource(
        self,
        incident: Incident | str,
        kind: ResourceKind,
        subject: str = "",
        *,
        spec: JSON,
        render: Callable[[], Post],
        to: Destination,
        fixed: bool = False,
    ) -> Resource:
        """A message that shows ``spec``, which ``render`` words; a ``fixed`` one is never updated.

        It belongs to an incident, or to a run outside of incidents: the run's owner.
        """
        owner = incident if isinstance(incident, str) else incident.id
        key = resource_key(owner, kind, subject)

        def create() -> JSON:
            channel, post = to.channel(), render()
            to.check()
            ts = self._chat.post(channel, post, effect=key, thread_ts=to.thread_ts)
            return {"channel": channel, "ts": ts}

        def find(since: datetime | None) -> JSON | None:
            channel = to.channel()
            ts = self._chat.find_post(channel, key, since=since, thread_ts=to.thread_ts)
            return {"channel": channel, "ts": ts} if ts else None

        def update(ref: JSON) -> JSON:
            post = render()
            to.check()
            self._chat.change(str(ref["channel"]), str(ref["ts"]), post)
            return {}

        return Resource(
            incident_id=owner,
            kind=kind,
            subject=subject,
            spec=spec,
            create=create,
            find=find,
            update=None if fixed else update,
            record=lambda tx, ref: self._record_own(tx, incident, ref, render(), to.thread_ts),
        )

    def _record_own(
        self, tx: Tx, incident: Incident | str, ref: JSON, post: Post, thread_ts: str
    ) -> None:
        if not isinstance(incident, str) and str(ref["channel"]) == incident.channel_id:
            me, ts = self._chat.identity(), str(ref["ts"])
            record_own(tx, me, incident, incident.channel_id, ts, post, thread_ts)


def record_own(
    tx: Tx,
    me: Identity,
    incident: Incident,
    channel: str,
    ts: str,
    post: Post,
    thread_ts: str = "",
) -> None:
    """Store mayday's own message in an incident's channel: Bolt drops its event before anything sees it."""
    timeline_rows.add_message(
        tx,
        Message(
            team_id=incident.team_id,
            channel_id=channel,
            ts=ts,
            author=me.user_id,
            text=post.text,
            posted_at=ts_moment(ts),
            thread_ts=thread_ts,
            permalink=permalink(me.url, channel, ts, thread_ts),
        ),
    )
