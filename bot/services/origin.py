"""The reply in the thread of the message that an incident was declared from.

It names the incident's channel, so it is for public incidents and for messages in public channels only.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.domain.resources import ResourceKind, ResourceState, as_json
from bot.render import origin as words
from bot.render import posts
from bot.services.announcements import never_posted
from bot.services.channel_guard import LookAt, check_public
from bot.services.incident_snapshot import Snapshot
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource


def origin_reply(snap: Snapshot, messages: Posts, look: LookAt) -> Iterator[Resource]:
    """The reply, in step with the incident's title and status; what it said of one that became private is
    replaced by a sentence."""
    incident, row = snap.incident, snap.row(ResourceKind.ORIGIN_REPLY)
    origin = incident.origin_message
    if origin is None or not origin.can_reply:
        return
    is_there = row is not None and bool(row.ref or row.state is ResourceState.ATTEMPTING)
    if incident.private and not is_there:
        return
    thread = Destination(
        channel=lambda: origin.channel,
        thread_ts=origin.thread_ts or origin.ts,
        check=(lambda: None) if incident.private else partial(check_public, incident.id, look),
    )
    spec = words.origin_spec(incident)
    reply = messages.resource(
        incident,
        ResourceKind.ORIGIN_REPLY,
        spec={"withdrawn": True} if incident.private else as_json(spec),
        render=posts.withdrawn if incident.private else partial(words.origin_post, spec),
        to=thread,
    )
    yield never_posted(reply) if incident.private else reply
