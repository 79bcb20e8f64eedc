"""What resources ask about the incident's channel: before they publish, and when Slack refuses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.incident import Incident
from bot.errors import RetryLater, UserError
from bot.ports import JSON
from bot.services.reconciler import Resource


@dataclass(frozen=True, kw_only=True)
class Look:
    """An incident after a look at its channel. ``is_public`` is false where Slack shows no channel, too."""

    incident: Incident
    is_public: bool


LookAt = Callable[[str], Look]
"""Looks at the channel of an incident; see :meth:`ChannelWatch.look`."""

Search = Callable[[datetime | None], JSON | None]
"""Finds what an earlier attempt created; see :attr:`Resource.find`."""

AWAY = frozenset({"not_in_channel", "channel_not_found", "is_archived", "is_inactive"})
"""Slack's codes where mayday can't work in a channel, and where it was mistaken for a moment."""

LOOK_AGAIN = 600.0
"""Seconds until what may not be published is attempted again."""

WAITS = "mayday can't work in the incident's channel, so this waits until it can."
NOW_PRIVATE = "The incident's channel is private now, so this is not published."
NOT_KNOWN = (
    "Slack doesn't show mayday the incident's channel, so nobody knows whether it is private, and this is "
    "not published."
)


def in_channel(resource: Resource, look: LookAt) -> Resource:
    """The resource; where Slack refuses it, the channel is looked at, and it waits or is tried again.

    Before it is searched for, the channel is looked at, too: outside of it, what is there seems to be absent.
    """

    def guarded(call: Callable[..., JSON]) -> Callable[..., JSON]:
        def attempt(*args: JSON) -> JSON:
            try:
                return call(*args)
            except UserError as exc:
                if exc.code not in AWAY:
                    raise
                refused = exc
            try:
                found = look(resource.incident_id).incident
            except (UserError, RetryLater):
                raise refused from None
            if found.channel_state:
                raise RetryLater(WAITS, after=LOOK_AGAIN, maybe_done=False) from refused
            return call(*args)

        return attempt

    def searched(search: Search) -> Search:
        def attempt(since: datetime | None) -> JSON | None:
            if look(resource.incident_id).incident.channel_state:
                raise RetryLater(WAITS, after=LOOK_AGAIN)
            return search(since)

        return attempt

    update, find = resource.update, resource.find
    return replace(
        resource,
        create=guarded(resource.create),
        update=guarded(update) if update else None,
        find=searched(find) if find else None,
    )


def check_public(incident_id: str, look: LookAt) -> None:
    """Return if Slack shows now that the channel is public.

    Raises:
        RetryLater: it does not, or did not say.
    """
    found = look(incident_id)
    if not found.is_public:
        why = NOW_PRIVATE if found.incident.private else NOT_KNOWN
        raise RetryLater(why, after=LOOK_AGAIN, maybe_done=False)
