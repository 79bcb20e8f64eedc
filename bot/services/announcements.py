"""The announcement of a public incident, and its updates, which people outside the channel see.

Slack is asked before each is sent or changed whether the incident's channel is public. Where it became
private, a sentence takes the place of what was announced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from bot.domain.resources import ResourceKind, ResourceState, as_json
from bot.errors import NeedsHuman, UserError
from bot.ports import JSON, Chat
from bot.render import card, posts
from bot.services.channel_guard import LookAt, check_public
from bot.services.incident_snapshot import Snapshot
from bot.services.posts import Destination, Posts
from bot.services.reconciler import UNCHANGEABLE, Resource
from bot.services.settings import Settings

STILL_ANNOUNCED = (
    "Slack doesn't let mayday change the announcement of this incident in <#{channel}>, although the "
    "incident is private now. Delete it there, or ask an admin to, and then try again."
)

KINDS = (ResourceKind.ANNOUNCEMENT, ResourceKind.ANNOUNCED_UPDATE)


class Announcements:
    """Derives them from snapshots."""

    def __init__(self, chat: Chat, settings: Settings, look: LookAt) -> None:
        self._posts = Posts(chat)
        self._chat = chat
        self._settings = settings
        self._look = look

    def of(self, snap: Snapshot) -> Iterator[Resource]:
        """The announcement, then a reply to it for each piece of news; nothing new of a private incident."""
        if snap.incident.private:
            yield from self._withdrawn(snap)
            return
        if not self._settings.announce_channel:
            return
        check = partial(check_public, snap.incident.id, self._look)
        if snap.incident.was_over and not snap.row(ResourceKind.ANNOUNCEMENT):
            return  # nobody needs to be told of an outage that was over before it was declared
        shown = card.announcement_spec(snap.incident, duplicate_of=snap.other_channel)
        yield self._posts.resource(
            snap.incident,
            ResourceKind.ANNOUNCEMENT,
            spec=as_json(shown),
            render=lambda: card.announcement(shown),
            to=Destination(channel=self._channel, check=check),
        )
        parent = snap.ref(ResourceKind.ANNOUNCEMENT)
        if not parent:
            return
        for entry in posts.news(snap.entries):
            spec = posts.announced_update_spec(snap.incident, entry)
            yield self._posts.resource(
                snap.incident,
                ResourceKind.ANNOUNCED_UPDATE,
                str(entry.id),
                spec=as_json(spec, leave_out=() if spec.next_at else ("next_at",)),
                render=partial(posts.announced_update, spec),
                to=Destination(
                    channel=lambda: self._chat.resolve(str(parent["channel"])),
                    thread_ts=str(parent["ts"]),
                    check=check,
                ),
            )

    def _channel(self) -> str:
        return self._chat.resolve(self._settings.announce_channel)

    def _withdrawn(self, snap: Snapshot) -> Iterator[Resource]:
        """What was announced, and what an interrupted attempt may have announced, as one sentence."""
        parent = snap.ref(ResourceKind.ANNOUNCEMENT)
        for row in snap.resources.values():
            if row.kind not in KINDS or not (row.ref or row.state is ResourceState.ATTEMPTING):
                continue
            thread_ts = str(parent.get("ts", "")) if row.kind is not KINDS[0] else ""
            post = self._posts.resource(
                snap.incident,
                row.kind,
                row.subject,
                spec={"withdrawn": True},
                render=posts.withdrawn,
                to=Destination(channel=self._channel, thread_ts=thread_ts),
            )
            yield never_posted(post)


def never_posted(post: Resource) -> Resource:
    """The message that takes the place of one that must not stay; where there is none, none is posted."""
    return replace(post, create=dict, record=None, update=partial(_withdraw, post))


def _withdraw(post: Resource, ref: JSON) -> JSON:
    """Change what was announced. What Slack refuses to change still stands there, so a person deletes it."""
    if post.update is None:
        raise LookupError(post.key)
    try:
        return post.update(ref)
    except UserError as exc:
        if exc.code != UNCHANGEABLE:
            raise
        raise NeedsHuman(STILL_ANNOUNCED.format(channel=ref["channel"])) from exc
