"""Invites many people to a channel: Slack takes a hundred a call, and all of them or none.

Slack's refusal names those whom it refuses, so the others are invited without them. Where it names
nobody, the people are divided until it is known whom it refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.adapters.slack_answers import Answer
from bot.errors import ConfigError, UserError

METHOD = "conversations.invite"
MOST_AT_ONCE = 100
MEMBER = "already_in_channel"
PERSONAL = frozenset(
    {
        MEMBER,
        "cant_invite",
        "cant_invite_self",
        "invitee_cant_see_channel",
        "no_external_invite_permission",
        "org_user_not_in_team",
        "ura_max_channels",
        "user_is_restricted",
        "user_is_ultra_restricted",
        "user_not_found",
    }
)
"""Refusals that are about a person. All others are about the channel or the app."""


def invite_all(
    call: Callable[..., Answer], channel_id: str, users: Sequence[str]
) -> Mapping[str, str]:
    """Return why Slack refuses, by the user id of each whom it refuses. Members count as invited.

    Raises:
        UserError, RetryLater: Slack lets mayday invite nobody, or did not answer.
    """
    refused: dict[str, str] = {}
    for first in range(0, len(users), MOST_AT_ONCE):
        refused |= _refused(call, channel_id, users[first : first + MOST_AT_ONCE])
    return refused


def _refused(
    call: Callable[..., Answer], channel_id: str, users: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Invite at most a hundred people; yield those whom Slack refuses, with the reason."""
    if not users:
        return
    try:
        call(METHOD, channel=channel_id, users=",".join(users))
        return
    except ConfigError:
        raise
    except UserError as exc:
        if exc.code not in PERSONAL:
            raise
        named = {user: why for user, why in exc.others.items() if user in users}
        if not named and len(users) == 1:
            named = {users[0]: exc.code}
    yield from ((user, why) for user, why in named.items() if why != MEMBER)
    left = [user for user in users if user not in named]
    if named:
        yield from _refused(call, channel_id, left)
    else:
        middle = len(left) // 2
        yield from _refused(call, channel_id, left[:middle])
        yield from _refused(call, channel_id, left[middle:])
