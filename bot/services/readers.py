"""What single people are shown of an incident: those who join its channel, and those who subscribed to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind
from bot.domain.timeline import PostedEntry
from bot.errors import ConfigError, RetryLater, UserError
from bot.ports import JSON, Chat, Clock
from bot.render import posts as post_words
from bot.render import subscriptions as words
from bot.render.catch_up import catch_up
from bot.services.catch_up import CatchUps
from bot.services.channel_guard import AWAY, LOOK_AGAIN
from bot.services.incident_snapshot import Snapshot
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.services.settings import Settings
from bot.store.engine import Store

UNREACHABLE = frozenset(
    {"user_disabled", "user_not_found", "user_not_visible", "user_is_bot", "cannot_dm_bot"}
)
"""Slack's codes for people to whom nobody can send a direct message."""

Sees = Callable[[str, Incident], bool]
"""Whether a person may read an incident now; see :meth:`bot.services.authorize.Authorize.sees`."""

log = structlog.get_logger()


def sees_nothing(_user: str, _incident: Incident) -> bool:
    """Let nobody read anything."""
    return False


class Readers:
    """Derives these messages from snapshots."""

    def __init__(
        self, store: Store, chat: Chat, now: Clock, settings: Settings, sees: Sees
    ) -> None:
        self._chat = chat
        self._now = now
        self._settings = settings
        self._sees = sees
        self._posts = Posts(chat)
        self._catch_ups = CatchUps(store, settings)

    def inside(self, snap: Snapshot) -> Iterator[Resource]:
        """The catch-ups for people who joined, which nobody else sees in the channel.

        Slack keeps no such message, so one can't be looked for: after a kill a person may see it twice.
        """
        for row in snap.resources.values():
            if row.kind is ResourceKind.CATCH_UP and not row.ref:
                yield Resource(
                    incident_id=snap.incident.id,
                    kind=row.kind,
                    subject=row.subject,
                    spec=row.spec,
                    create=partial(self._show, snap.incident.id, snap.channel, row.spec["user"]),
                )

    def _show(self, incident_id: str, channel: str, user: str) -> JSON:
        """Show a person the incident's state; nothing to one whom Slack doesn't show it."""
        today = self._now().astimezone(self._settings.zone).date()
        post = catch_up(self._catch_ups.of(incident_id), today=today)
        try:
            self._chat.post_ephemeral(channel, user, post)
        except ConfigError:
            raise
        except UserError as exc:
            if exc.code in AWAY:
                raise
            log.info("joiner.not_shown", incident=incident_id, user=user, error=str(exc))
            return {"not_shown": exc.code}
        return {"shown": True}

    def outside(self, snap: Snapshot) -> Iterator[Resource]:
        """The news for subscribers; what others than members got before, if the incident became private.

        Slack is asked before each is sent whether the person may still read the incident.
        """
        if snap.incident.private:
            yield from self._withdrawn(snap)
            if snap.incident.channel_state:
                return  # nobody can say who is in the channel
        for subscription in snap.subscriptions:
            for entry in subscription.news(snap.entries):
                subject = f"{entry.id}/{subscription.user}"
                row = snap.row(ResourceKind.NEWS, subject)
                if not (row and row.ref):
                    yield self._news(snap.incident, entry, subscription.user, subject)

    def _news(self, incident: Incident, entry: PostedEntry, user: str, subject: str) -> Resource:
        post = self._posts.resource(
            incident,
            ResourceKind.NEWS,
            subject,
            spec={"private": incident.private},
            render=partial(words.news, incident, entry),
            to=Destination(channel=partial(self._chat.open_dm, user)),
            fixed=True,
        )
        return replace(post, record=None, create=partial(self._send, incident, user, post))

    def _send(self, incident: Incident, user: str, post: Resource) -> JSON:
        """Send it to a person who may read the incident now, and can be reached."""
        try:
            may_read = self._sees(user, incident)
        except ConfigError:
            raise
        except UserError as exc:  # whatever waits for Slack's answer was not done
            raise RetryLater(str(exc), after=LOOK_AGAIN, maybe_done=False) from exc
        except RetryLater as exc:
            raise RetryLater(str(exc), after=exc.after, maybe_done=False) from exc
        if not may_read:
            log.info("news.not_sent", incident=incident.id, user=user)
            return {"not_sent": "may not read"}
        try:
            return post.create()
        except UserError as exc:
            if exc.code not in UNREACHABLE:
                raise
            log.info("news.not_sent", incident=incident.id, user=user, error=str(exc))
            return {"not_sent": exc.code}

    def _withdrawn(self, snap: Snapshot) -> Iterator[Resource]:
        for row in snap.resources.values():
            if row.kind is not ResourceKind.NEWS or "ts" not in row.ref or row.spec.get("private"):
                continue
            post = self._posts.resource(
                snap.incident,
                ResourceKind.NEWS,
                row.subject,
                spec={"withdrawn": True},
                render=post_words.withdrawn_news,
                to=Destination(channel=partial(str, row.ref["channel"])),
            )
            # A new one is never sent.
            yield replace(post, record=None, create=lambda: {"not_sent": "withdrawn"})
